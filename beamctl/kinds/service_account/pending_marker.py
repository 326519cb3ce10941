"""The markers in a service account's description that say that a secret was created but not yet handed over. They
survive if beamctl is stopped in between."""

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
    """An API key is being created and was not handed over yet.

    Attributes:
        key: Its name.
        before: The ids of keys with this name that were handed over earlier. Any other id is the new key.
        run: The run that set it. Each run removes only its own.
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
    """A description and beamctl's markers in it.

    Attributes:
        text: Without the markers.
        unfinished: Whether the client secret was not handed over.
        marks: Markers of API keys.
    """

    text: str = ""
    unfinished: bool = False
    marks: tuple[PendingMarker, ...] = ()

    def __str__(self) -> str:
        parts = [self.text, *([CLIENT_SECRET] if self.unfinished else []), *map(str, self.marks)]
        return " ".join(filter(None, parts))

    def of(self, key: str) -> tuple[PendingMarker, ...]:
        """The markers of API keys with that name: one for each run that creates it or was stopped."""
        return tuple(mark for mark in self.marks if mark.key == key)


def description(text: str) -> Description:
    """Parse a description as the API shows it."""
    marks = tuple(PendingMarker(found[1], _ids(found[2]), found[3] or "") for found in _KEY.finditer(text))
    unfinished = CLIENT_SECRET in text
    if not marks and not unfinished:
        return Description(text)
    return Description(_KEY.sub("", text).replace(CLIENT_SECRET, "").strip(), unfinished, marks)


def handed_over(marks: Iterable[PendingMarker], key: str, identifier: str) -> tuple[PendingMarker, ...]:
    """The markers, with the key of that id added to those that were handed over."""
    return tuple(replace(each, before=(*each.before, identifier)) if each.key == key else each for each in marks)


def _ids(listed: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (listed or "").split(", ")))
