"""How many requests may be under way, and when: one gate for all worker threads. It learns from both sorts of 429,
a rate (everybody pauses) and a cap on requests in flight (fewer at a time). It must not know what a request is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from beamctl.api.clock import Clock
from beamctl.errors import InterruptedRunError

_WIDEST = 64
_SLICE = 0.1
"""Seconds between two looks at whether an interrupt ends a wait."""
_CALM_PER_STEP = 16
"""Successes for each place of the window before it is widened by one place."""


class Signal(Enum):
    """What a request that ended tells about the pace."""

    TAKEN = auto()
    """The server took it."""
    NOTHING = auto()
    """It tells nothing: a server in trouble, a broken connection."""
    REFUSED = auto()
    """429: too many, or too fast."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request under way.

    Attributes:
        rank: How many were under way when it began, itself among them.
        epoch: How often the pace had been lowered by then.
    """

    rank: int
    epoch: int


@dataclass(slots=True)
class ThrottleState:
    """What was learnt so far; a state machine without threads and without a clock.

    A refusal makes the window one smaller than the crowd that was too large. A refusal that comes again soon after
    cannot be about the crowd, so it is about the rate: then everything pauses. So it is for a request that was alone.

    Attributes:
        window: How many requests may be under way.
        under_way: How many are.
        resume_at: When requests may begin again, in the seconds of the clock.
        epoch: How often the pace was lowered. What began before that tells nothing new.
        calm: Requests of this epoch that were taken.
    """

    window: int = _WIDEST
    under_way: int = 0
    resume_at: float = 0.0
    epoch: int = 0
    calm: int = 0

    def begin(self, now: float) -> Ticket | float:
        """A ticket; or the seconds until it is worth asking again, 0 where that is when another request ends."""
        if now < self.resume_at:
            return self.resume_at - now
        if self.under_way >= self.window:
            return 0.0
        self.under_way += 1
        return Ticket(self.under_way, self.epoch)

    def end(self, ticket: Ticket, verdict: Signal, now: float, wait: float = 0.0) -> None:
        """A request ended; a refused one will be made again in `wait` seconds."""
        self.under_way -= 1
        if ticket.epoch != self.epoch:
            return
        if verdict is Signal.TAKEN:
            self.calm += 1
            if self.calm % (_CALM_PER_STEP * self.window) == 0:
                self.window = min(_WIDEST, self.window + 1)
        elif verdict is Signal.REFUSED:
            again = self.epoch > 0 and self.calm <= self.window
            if again or ticket.rank == 1:
                self.resume_at = max(self.resume_at, now + wait)
            self.window = max(1, min(self.window, ticket.rank) - 1)
            self.epoch += 1
            self.calm = 0


class Slot:
    """A request under way, for which the verdict is still to come.

    Attributes:
        verdict: Set before the request ends.
        wait: Seconds until it is made again, where it was refused.
    """

    def __init__(self) -> None:
        self.verdict = Signal.NOTHING
        self.wait = 0.0


class Throttle:
    """Lets the requests of all threads through at the pace that the server takes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pace = ThrottleState()
        self._changed = threading.Condition()

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """Wait for a turn, and hold it while the block runs.

        Raises:
            InterruptedRunError: beamctl was asked to stop while it waited.
        """
        ticket = self._begin()
        slot = Slot()
        try:
            yield slot
        finally:
            with self._changed:
                self._pace.end(ticket, slot.verdict, self._clock.now(), slot.wait)
                self._changed.notify_all()

    def _begin(self) -> Ticket:
        while True:
            with self._changed:
                turn = self._pace.begin(self._clock.now())
                if isinstance(turn, Ticket):
                    return turn
                if turn == 0 and not self._clock.stopped():
                    self._changed.wait(_SLICE)
                    continue
            if not self._clock.sleep(turn):
                raise InterruptedRunError("interrupted while the API asked for a pause")
