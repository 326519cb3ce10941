"""Faults, the requests that they hit, and the script that decides which faults hit each request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from threading import Lock
from typing import Any, Self
from urllib.parse import unquote

from beamctl.emulator.clock import seconds_text


class Argument(Enum):
    """What may follow the colon of a fault.

    Attributes:
        shown: The placeholder in the documentation.
        example: The example in errors; empty if no value is allowed.
    """

    NOTHING = ("", "")
    DURATION = (":DURATION", "300ms")
    WAIT = ("[:SECONDS]", "2")
    STATUS = ("[:STATUS]", "504")
    COUNT = ("[:COUNT]", "1")

    def __init__(self, shown: str, example: str) -> None:
        self.shown = shown
        self.example = example


class FaultKind(StrEnum):
    """A kind of fault.

    Attributes:
        argument: Its argument.
        meaning: What the client sees, in one line.
    """

    argument: Argument
    meaning: str

    def __new__(cls, value: str, argument: Argument, meaning: str) -> Self:
        """Create a kind from its name, argument and meaning."""
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.argument = argument
        kind.meaning = meaning
        return kind

    @property
    def example(self) -> str:
        """An example of a fault of this kind."""
        return f"{self.value}:{self.argument.example}" if self.argument.example else self.value

    LATENCY = ("latency", Argument.DURATION, "the response is delayed by that time")
    THROTTLED = ("429", Argument.WAIT, "429, with `Retry-After` if seconds are given; the request is not executed")
    INTERNAL_ERROR = ("500", Argument.NOTHING, "that error; the request is not executed")
    BAD_GATEWAY = ("502", Argument.NOTHING, "that error; the request is not executed")
    UNAVAILABLE = ("503", Argument.NOTHING, "that error; the request is not executed")
    INTERNAL_ERROR_AFTER = ("500-after", Argument.NOTHING, "that error, but the request is executed")
    BAD_GATEWAY_AFTER = ("502-after", Argument.NOTHING, "that error, but the request is executed")
    UNAVAILABLE_AFTER = ("503-after", Argument.NOTHING, "that error, but the request is executed")
    RESET = ("reset", Argument.NOTHING, "the connection is reset; the request is not executed")
    RESET_AFTER = ("reset-after", Argument.NOTHING, "the connection is reset, but the request is executed")
    CUT_OFF = ("cut-off", Argument.NOTHING, "executed; the connection ends after half of the response body")
    GARBAGE = ("garbage", Argument.NOTHING, "executed; the response body is not JSON")
    WRONG_TYPE = ("wrong-type", Argument.NOTHING, "executed; the response body is JSON, but only a string")
    HTML = (
        "html",
        Argument.STATUS,
        "an HTML page as from a proxy, with 502 or the given status; the request is not executed",
    )
    HTML_AFTER = ("html-after", Argument.STATUS, "the same page, but the request is executed")
    DRIP = ("drip", Argument.DURATION, "executed; the response body arrives slowly, over that time")
    DUPLICATE = ("duplicate", Argument.NOTHING, "the request is executed twice; the second response is sent")
    EMPTY_LIST = ("empty-list", Argument.NOTHING, "listings are empty; other responses are unchanged")
    SHORT_LIST = ("short-list", Argument.COUNT, "listings end after the first half, or after that many items")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault.

    Attributes:
        kind: Its kind.
        value: Its argument: seconds, a status or a number of items; None for the default.
    """

    kind: FaultKind
    value: float | None = None


@dataclass(frozen=True, slots=True)
class When:
    """The requests that a fault hits: from the first to the last of those with this method and path.

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

    def matches(self, method: str, path: str) -> bool:
        """Whether a request matches and is counted."""
        return self.method in ("", method) and (not self.path or _matches(self.path, path))

    def includes(self, number: int) -> bool:
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


@dataclass(frozen=True, slots=True)
class RequestFaults:
    """A request that has arrived.

    Attributes:
        number: Its number since the start, from 1.
        faults: Any number of latencies, and at most one other fault.
    """

    number: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class RuleState:
    """The state of a rule.

    Attributes:
        rule: The rule.
        counted: How many matching requests have arrived.
        hits: How many of them it hit.
    """

    rule: Rule
    counted: int
    hits: int


class FaultScript:
    """The planned faults. Thread-safe."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._lock = Lock()
        self._number = 0
        self._states = [RuleState(rule, 0, 0) for rule in rules]

    def set(self, rules: Iterable[Rule]) -> None:
        """Replace the rules. Requests are counted from 1 again."""
        with self._lock:
            self._states = [RuleState(rule, 0, 0) for rule in rules]

    def next(self, method: str, path: str) -> RequestFaults:
        """Count a request and return its faults.

        Args:
            method: Its method.
            path: Its path below `/v0`, decoded.
        """
        with self._lock:
            self._number += 1
            faults: list[Fault] = []
            for index, state in enumerate(self._states):
                self._states[index], hit = _advance(state, method, path, faults)
                faults.extend(hit)
            return RequestFaults(self._number, tuple(faults))

    def states(self) -> list[RuleState]:
        """The state of every rule."""
        with self._lock:
            return list(self._states)


def _advance(state: RuleState, method: str, path: str, others: Sequence[Fault]) -> tuple[RuleState, tuple[Fault, ...]]:
    """The rule's state after one more request, and its fault, if it hits the request and no earlier fault does."""
    rule = state.rule
    if not rule.when.matches(method, path):
        return state, ()
    counted = state.counted + 1
    taken = rule.fault.kind is not FaultKind.LATENCY and any(fault.kind is not FaultKind.LATENCY for fault in others)
    if taken or not rule.when.includes(counted):
        return RuleState(rule, counted, state.hits), ()
    return RuleState(rule, counted, state.hits + 1), (rule.fault,)
