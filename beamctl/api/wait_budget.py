"""How long a run may wait because the API limits requests: one budget for all threads and workspaces of the run."""

from __future__ import annotations

import threading
from collections.abc import Callable

MOST = 60.0
"""Seconds of waiting in a run, unless it says otherwise."""

_SHORT = 2.0
"""Seconds of a pause that is not counted if requests go on after it: the usual pace of a rate per second."""
_SILENT = 3.0
"""Seconds of a wait that needs no notice."""


class WaitBudget:
    """Grants waits as long as the run has not waited too long in total.

    What counts is wall-clock time in which the run made no progress, not the sum over its threads: a pause begins when
    a wait is granted, and ends with the next request that is taken.
    """

    def __init__(self, most: float = MOST, notice: Callable[[str], None] | None = None) -> None:
        """A new budget.

        Args:
            most: Seconds of waiting.
            notice: Called with one line before the first long wait, and not again.
        """
        self._most = most
        self._notice = notice
        self._lock = threading.Lock()
        self._spent = 0.0
        self._began: float | None = None
        self._until = 0.0

    def left(self, now: float) -> float:
        """Seconds of the longest wait that would be granted; may be negative."""
        with self._lock:
            return self._left(now)

    def grant(self, wait: float, now: float, *, limited: bool = True) -> bool:
        """Whether a request may be made again after so many seconds; then they are taken from the budget.

        Args:
            wait: How long.
            now: The moment, in seconds of a clock that only grows.
            limited: Whether there were too many requests; else the API asks for the wait for another reason.
        """
        with self._lock:
            if wait > self._left(now):
                return False
            self._began = now if self._began is None else self._began
            self._until = max(self._until, now + wait)
            notice = self._notice if wait >= _SILENT else None
            if notice is not None:
                self._notice = None
        if notice is not None:
            notice(f"Waiting {wait:.0f} s: the API {'limits requests' if limited else 'asks for it'}.")
        return True

    def progress(self, now: float) -> None:
        """A request was taken: the pause is over, but for those who still wait."""
        with self._lock:
            if self._began is None:
                return
            lasted = min(now, self._until) - self._began
            if lasted > _SHORT:
                self._spent += lasted
            self._began = now if self._until > now else None

    def _left(self, now: float) -> float:
        began = now if self._began is None else self._began
        return self._most - self._spent - (now - began)
