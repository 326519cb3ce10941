"""Time: the client's clock, its difference from the API's clock, and how long a run may wait for rate limits."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

_AGE = re.compile(r"\s*([0-9]{1,9})\s*", re.ASCII)
MOST_WAITING = 60.0
"""The default budget of a run, in seconds."""

_SHORT = 2.0
"""Pauses up to this length, in seconds, do not count if requests continue after them."""
_SILENT = 3.0
"""Waits shorter than this, in seconds, are not announced."""


class Clock(Protocol):
    """A source of time."""

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def wall(self) -> float:
        """Seconds since 1970."""
        ...

    def sleep(self, seconds: float) -> bool:
        """Wait. Returns False if an interrupt cut the wait short."""
        ...

    def stopped(self) -> bool:
        """Whether the run was interrupted."""
        ...


class SystemClock:
    """The clock of this machine. Its waits end early when `stop` is set."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    def now(self) -> float:
        """See `Clock`."""
        return time.monotonic()

    def wall(self) -> float:
        """See `Clock`."""
        return time.time()

    def sleep(self, seconds: float) -> bool:
        """See `Clock`."""
        return not self._stop.wait(seconds)

    def stopped(self) -> bool:
        """See `Clock`."""
        return self._stop.is_set()


@dataclass(frozen=True, slots=True)
class ClockSkew:
    """What two clocks showed at the same time.

    Attributes:
        api: The API's clock.
        machine: This machine's clock.
    """

    api: datetime
    machine: datetime

    @property
    def ahead(self) -> timedelta:
        """How far the API's clock is ahead of this machine's; negative if it is behind."""
        return self.api - self.machine


def measured(headers: Mapping[str, str], began: float, ended: float) -> ClockSkew | None:
    """Measure the skew from a reply; None if it has no valid `Date`.

    Args:
        headers: The headers, by lower-case name. `Age` is the time that a cache kept the reply.
        began: When the request was sent, in seconds since 1970 by this machine.
        ended: When the reply was complete.
    """
    date = http_date(headers.get("date", ""))
    age = _AGE.fullmatch(headers.get("age", ""))
    try:
        if date is None:
            return None
        shown = datetime.fromtimestamp(date, UTC) + timedelta(seconds=int(age[1]) if age else 0)
        return ClockSkew(shown, datetime.fromtimestamp((began + ended) / 2, UTC))
    except (ValueError, OverflowError, OSError):
        return None


class WaitBudget:
    """Grants waits until the budget is used up.

    Only wall-clock time without progress counts, not the sum over all threads. A pause starts when a wait is granted
    and ends with the next accepted request.
    """

    def __init__(self, most: float = MOST_WAITING, notice: Callable[[str], None] | None = None) -> None:
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


def http_date(text: str) -> float | None:
    """An HTTP date in seconds since 1970; None if it is invalid."""
    from email.utils import parsedate_to_datetime  # takes 8 ms to import

    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
