"""The marks in a service account's description: that a secret was made and has not been handed over yet. They are what
survives when beamctl is stopped in between. It must not know how a description is read or written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

CLIENT_SECRET = "(beamctl: client secret not handed over yet)"  # noqa: S105 - a mark
_KEY = re.compile(
    r"\(beamctl: API key ([^()]+?) not handed over yet(?:; before it: ([^();]*))?(?:; run ([0-9a-f]+))?\)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class PendingMarker:
    """An API key is being made, and was not handed over yet.

    Attributes:
        key: Its name.
        before: The ids of the keys of that name that were handed over before it: any other one is it.
        run: Whose mark it is: each run takes its own off, and no other one.
    """

    key: str
    before: tuple[str, ...] = ()
    run: str = ""

    def __str__(self) -> str:
        before = f"; before it: {', '.join(self.before)}" if self.before else ""
        run = f"; run {self.run}" if self.run else ""
        return f"(beamctl: API key {self.key} not handed over yet{before}{run})"


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
    marks: tuple[PendingMarker, ...] = ()

    def __str__(self) -> str:
        said = [self.text, *([CLIENT_SECRET] if self.unfinished else []), *map(str, self.marks)]
        return " ".join(filter(None, said))

    def of(self, key: str) -> tuple[PendingMarker, ...]:
        """The marks of the API key of that name: one for each run that makes it, or that was stopped."""
        return tuple(mark for mark in self.marks if mark.key == key)


def description(told: str) -> Description:
    """What a description says, as the API shows it."""
    marks = tuple(PendingMarker(found[1], _ids(found[2]), found[3] or "") for found in _KEY.finditer(told))
    unfinished = CLIENT_SECRET in told
    if not marks and not unfinished:
        return Description(told)
    return Description(_KEY.sub("", told).replace(CLIENT_SECRET, "").strip(), unfinished, marks)


def handed_over(marks: Iterable[PendingMarker], key: str, identifier: str) -> tuple[PendingMarker, ...]:
    """The marks, where those of that key are not about the one of that id."""
    return tuple(replace(each, before=(*each.before, identifier)) if each.key == key else each for each in marks)


def _ids(listed: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (listed or "").split(", ")))
