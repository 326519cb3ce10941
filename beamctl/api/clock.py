"""Time, as something that is handed in, so that tests need none."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """What this room needs of time."""

    def now(self) -> float:
        """Seconds that only ever grow, from an unknown beginning."""
        ...

    def wall(self) -> float:
        """Seconds since 1970, as the calendar has it."""
        ...

    def sleep(self, seconds: float) -> bool:
        """Wait; False where the wait was cut short because beamctl was asked to stop."""
        ...

    def stopped(self) -> bool:
        """Whether beamctl was asked to stop."""
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
