"""The clock that the client uses, as an interface that tests can replace."""

from __future__ import annotations

import threading
import time
from typing import Protocol


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
