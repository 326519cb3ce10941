"""The total time that a run may wait for rate limits, across all threads and workspaces."""

from __future__ import annotations

import threading
from collections.abc import Callable

MOST = 60.0
"""The default budget of a run, in seconds."""

_SHORT = 2.0
"""Pauses up to this length, in seconds, do not count if requests continue after them."""
_SILENT = 3.0
"""Waits shorter than this, in seconds, are not announced."""


class WaitBudget:
    """Grants waits until the budget is used up.

    Only wall-clock time without progress counts, not the sum over all threads. A pause starts when a wait is granted
    and ends with the next accepted request.
    """

    def __init__(self, most: float = MOST, notice: Callable[[str], None] | None = None) -> None:
        """Create a budget.

        Args:
            most: Seconds of waiting.
            notice: Called once, with one line, before the first long wait.
        """
        self._most = most
        self._notice = notice
        self._lock = threading.Lock()
        self._spent = 0.0
        self._began: float | None = None
        self._until = 0.0

    def left(self, now: float) -> float:
        """The longest wait that would be granted, in seconds; may be negative."""
        with self._lock:
            return self._left(now)

    def grant(self, wait: float, now: float, *, limited: bool = True) -> bool:
        """Whether a retry may wait this long. If so, the wait is taken from the budget.

        Args:
            wait: Seconds to wait.
            now: The current time, in monotonic seconds.
            limited: Whether the reason is a rate limit.
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
            notice(f"Waiting {wait:.0f} s: the API {'limits requests' if limited else 'asked for a pause'}.")
        return True

    def progress(self, now: float) -> None:
        """Record an accepted request, which ends the pause except for threads that still wait."""
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
