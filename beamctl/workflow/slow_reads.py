"""Says what is being read if reading takes long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Protocol

PATIENCE = 2.0
"""Seconds of reading before the first notice, and between notices about single requests."""
_REDRAW = 0.2
"""Seconds between updates on a terminal."""
_IN_A_LOG = 60.0
"""Seconds between lines of a log."""


class Notices(Protocol):
    """Where notices are shown."""

    @property
    def is_terminal(self) -> bool:
        """Whether a line can be replaced."""

    def line(self, text: str) -> None:
        """Show a line."""

    def status(self, text: str) -> None:
        """Show a line that replaces the last one shown in this way; an empty text removes it."""


class ReadProgress:
    """The progress of reading workspaces.

    For a single workspace, there is a notice about each request that takes long. For several there are only counts: on
    a terminal in one line, which is removed at the end, otherwise as a line a minute.
    """

    def __init__(self, total: int, notices: Notices | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._notices = notices
        self._clock = clock
        self._shown: set[tuple[str, str]] = set()
        in_a_log = total > 1 and notices is not None and not notices.is_terminal
        self._next = clock() + (_IN_A_LOG if in_a_log else PATIENCE)
        self._has_status = False

    def wait(self) -> float | None:
        """Seconds until the next notice is due; None if there are no notices."""
        return None if self._notices is None else max(0.0, self._next - self._clock())

    def show(self, done: int, waiting: Iterable[tuple[str, str]]) -> None:
        """Show a notice if one is due.

        Args:
            done: How many workspaces were read.
            waiting: The workspace and the path of each request without a response, oldest first.
        """
        notices = self._notices
        if notices is None or (now := self._clock()) < self._next:
            return
        if self._total == 1:
            self._next = now + PATIENCE
            oldest = next((each for each in waiting if each not in self._shown), None)
            if oldest:
                self._shown.add(oldest)
                notices.line(f"Reading {_request(*oldest)} …")
            return
        text = f"Read {done} of {self._total} workspaces …"
        if done == self._total - 1:
            text += "".join(f" waiting for {_request(*each)}" for each in list(waiting)[:1])
        if notices.is_terminal:
            self._next = now + _REDRAW
            self._has_status = True
            notices.status(text)
        else:
            self._next = now + _IN_A_LOG
            notices.line(text)

    def end(self) -> None:
        """Remove the line from the terminal."""
        if self._notices is not None and self._has_status:
            self._notices.status("")


def _request(workspace: str, path: str) -> str:
    return f"{path.partition('?')[0]} ({workspace})"
