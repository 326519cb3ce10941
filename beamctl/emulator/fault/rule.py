"""A fault, the requests that it hits, and the text form of both."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from beamctl.emulator.duration import seconds_text
from beamctl.emulator.fault.kind import Argument, Fault


@dataclass(frozen=True, slots=True)
class When:
    """Which requests: the first to the last of those with this method and path.

    Attributes:
        method: The method; empty for any.
        path: The path below `/v0`, with `*` as a wildcard; empty for any.
        first: The number of the first request, from 1.
        last: The number of the last one; None for no end.
    """

    method: str = ""
    path: str = ""
    first: int = 1
    last: int | None = None

    def concerns(self, method: str, path: str) -> bool:
        """Whether a request matches and is counted."""
        return self.method in ("", method) and (not self.path or _matches(self.path, path))

    def reaches(self, number: int) -> bool:
        """Whether the fault hits the matching request with this number."""
        return self.first <= number and (self.last is None or number <= self.last)

    @property
    def text(self) -> str:
        """The text after the `@`; empty for every request."""
        of = ":".join(filter(None, (self.method, self.path)))
        if self.first == 1 and self.last is None:
            return of
        end = "-" if self.last is None else f"-{self.last}" if self.last != self.first else ""
        numbers = f"{self.first}{end}"
        return f"{of}#{numbers}" if of else numbers


ALWAYS = When()


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault and the requests that it hits.

    Attributes:
        fault: What goes wrong.
        when: For which requests.
    """

    fault: Fault
    when: When = field(default=ALWAYS)

    @property
    def text(self) -> str:
        """The text for `--fault`."""
        shown, when = fault_text(self.fault), self.when.text
        return f"{shown}@{when}" if when else shown

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON form, without default values."""
        when = self.when
        given: dict[str, Any] = {"fault": self.fault.kind.value}
        if self.fault.value is not None:
            given["value"] = _value_text(self.fault)
        given |= {key: part for key, part in (("method", when.method), ("path", when.path)) if part}
        return given | {"first": when.first} | ({} if when.last is None else {"last": when.last})


def fault_text(fault: Fault) -> str:
    """The text of a fault without its requests."""
    return fault.kind.value if fault.value is None else f"{fault.kind.value}:{_value_text(fault)}"


def _value_text(fault: Fault) -> str:
    value = fault.value or 0
    return seconds_text(value) if fault.kind.argument is Argument.DURATION else f"{value:g}"


def _matches(pattern: str, path: str) -> bool:
    parts = (re.escape(part) for part in unquote(pattern).split("*"))
    return re.fullmatch(".*".join(parts), path, re.DOTALL) is not None
