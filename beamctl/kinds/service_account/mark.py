"""The marks in a service account's description: that a secret was made and has not been handed over yet. They are what
survives when beamctl is stopped in between. It must not know how a description is read or written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

CLIENT_SECRET = "(beamctl: client secret not handed over yet)"  # noqa: S105 - a mark
_KEY = re.compile(r"\(beamctl: API key ([^()]+?) not handed over yet(?:; before it: ([^()]*))?\)")


@dataclass(frozen=True, slots=True)
class Mark:
    """An API key is being made, and was not handed over yet.

    Attributes:
        key: Its name.
        before: The ids of the keys of that name that were there before it: any other one is it.
    """

    key: str
    before: tuple[str, ...] = ()

    def __str__(self) -> str:
        before = f"; before it: {', '.join(self.before)}" if self.before else ""
        return f"(beamctl: API key {self.key} not handed over yet{before})"


@dataclass(frozen=True, slots=True)
class Description:
    """A description, and what beamctl noted in it.

    Attributes:
        text: Without the marks.
        unfinished: Whether the client secret was not handed over.
        marks: Of API keys.
    """

    text: str = ""
    unfinished: bool = False
    marks: tuple[Mark, ...] = ()

    def __str__(self) -> str:
        said = [self.text, *([CLIENT_SECRET] if self.unfinished else []), *map(str, self.marks)]
        return " ".join(filter(None, said))

    def mark(self, key: str) -> Mark | None:
        """The mark of the API key of that name."""
        return next((mark for mark in self.marks if mark.key == key), None)


def description(told: str) -> Description:
    """What a description says, as the API shows it."""
    marks = tuple(Mark(found[1], _ids(found[2])) for found in _KEY.finditer(told))
    unfinished = CLIENT_SECRET in told
    if not marks and not unfinished:
        return Description(told)
    return Description(_KEY.sub("", told).replace(CLIENT_SECRET, "").strip(), unfinished, marks)


def with_mark(before: Iterable[Mark], mark: Mark) -> tuple[Mark, ...]:
    """The marks with this one, instead of any other one of that key."""
    return (*without_mark(before, mark.key), mark)


def without_mark(before: Iterable[Mark], key: str) -> tuple[Mark, ...]:
    """The marks without the one of that key."""
    return tuple(each for each in before if each.key != key)


def _ids(listed: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (listed or "").split(", ")))
