"""Limits concurrent requests for all worker threads, and decides whether and when one is repeated. The throttle learns
from both kinds of 429: a rate limit (all threads pause) and a cap on requests in flight (fewer at a time)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from beamctl.api.clock import Clock
from beamctl.api.messages import OK, CallResult, Failure, FailureKind, Reply, requested_wait
from beamctl.errors import InterruptedRunError

MOST_ATTEMPTS = 6
_MOST_UNSENT = 4
"""Attempts if no connection could be made: a mistyped host must not look like a hang."""
MOST_REFUSALS = 20
"""Attempts of a request that is rate limited."""
LONGEST_EFFORT = 120.0
"""Maximum seconds between the start of the first and the last attempt, unless the API asks for a longer wait."""

_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 16.0
_PASSING = frozenset({408, 425, 500, 502, 503, 504})


def wait_before_repeat(
    outcome: CallResult, attempts: int, elapsed: float, *, once: bool, chance: float, wall: float
) -> float | None:
    """Seconds to wait before the next attempt; None if there is none. A wait that the API asks for is not limited here.

    Args:
        outcome: The result of the last attempt.
        attempts: The number of attempts so far.
        elapsed: Seconds since the first attempt began.
        once: Whether the request must not take effect twice: it is retried only if it certainly had no effect.
        chance: A random number from 0 to 1, so that many clients do not retry at the same moment.
        wall: The current time, in seconds since 1970.
    """
    if attempts >= _most(outcome) or not repeatable(outcome, once=once):
        return None
    backoff = chance * min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** (attempts - 1))
    if isinstance(outcome, Reply) and asks_for_wait(outcome, wall):
        return (
            requested_wait(outcome.status, outcome.headers, wall) or backoff
        )  # "after 0 s" would cause a burst of requests
    return backoff if elapsed + backoff <= LONGEST_EFFORT else None


def asks_for_wait(reply: Reply, wall: float) -> bool:
    """Whether the API asks for a wait, even of an unknown length. The run has a budget for such waits."""
    return reply.limited or requested_wait(reply.status, reply.headers, wall) is not None


def _most(outcome: CallResult) -> int:
    match outcome:
        case Reply(limited=True):
            return MOST_REFUSALS
        case Failure(fault=FailureKind.NOT_SENT):
            return _MOST_UNSENT
        case _:
            return MOST_ATTEMPTS


def repeatable(outcome: CallResult, *, once: bool) -> bool:
    """Whether a retry could help and is safe. The server's `x-should-retry` counts, but never overrides `once`."""
    match outcome:
        case Failure(fault=FailureKind.HOPELESS | FailureKind.GARBLED):
            return False
        case Failure(fault=FailureKind.NOT_SENT):
            return True
        case Failure():
            return not once
        case Reply(status=status, headers=headers, limited=limited):
            advice = headers.get("x-should-retry", "").strip().lower()
            helps = advice == "true" or (advice != "false" and (limited or status in _PASSING))
            return status not in OK and helps and (not once or limited)
        case _:
            assert_never(outcome)


MOST_IN_FLIGHT = 64
"""The most requests in flight that a run may have."""
_SLICE = 0.1
"""Seconds between checks for an interrupt."""
_CALM_PER_STEP = 16
"""Successes per slot of the window before it grows by one slot."""


class Signal(Enum):
    """What a finished request says about the load."""

    TAKEN = auto()
    """The server accepted it."""
    NOTHING = auto()
    """No information: a server error or a broken connection."""
    REFUSED = auto()
    """429: too many requests, or too fast."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request in flight.

    Attributes:
        rank: How many were in flight when it started, including itself.
        epoch: How often the window had been reduced by then.
    """

    rank: int
    epoch: int


@dataclass(slots=True)
class ThrottleState:
    """The state machine of the throttle, without threads or a clock.

    A 429 reduces the window to one less than the number of requests in flight. Another 429 soon after, or a 429 for a
    single request in flight, cannot be about concurrency, so it is a rate limit, and everything pauses. A single
    request in flight says nothing about the window.

    Attributes:
        window: How many requests may be in flight.
        in_flight: How many are in flight.
        resume_at: When requests may start again, in the seconds of the clock.
        epoch: How often the window was reduced. Results of requests that started before are ignored.
        calm: Accepted requests of this epoch.
    """

    window: int = MOST_IN_FLIGHT
    in_flight: int = 0
    resume_at: float = 0.0
    epoch: int = 0
    calm: int = 0

    def begin(self, now: float) -> Ticket | float:
        """A ticket; or the seconds to wait before asking again, 0 to wait until another request ends."""
        if now < self.resume_at:
            return self.resume_at - now
        if self.in_flight >= self.window:
            return 0.0
        self.in_flight += 1
        return Ticket(self.in_flight, self.epoch)

    def end(self, ticket: Ticket, signal: Signal, now: float, wait: float = 0.0) -> None:
        """Record the end of a request. A refused one is retried in `wait` seconds."""
        self.in_flight -= 1
        if ticket.epoch != self.epoch:
            return
        if signal is Signal.TAKEN:
            self.calm += 1
            if self.calm % (_CALM_PER_STEP * self.window) == 0:
                self.window = min(MOST_IN_FLIGHT, self.window + 1)
        elif signal is Signal.REFUSED:
            again = self.epoch > 0 and self.calm <= self.window
            if again or ticket.rank == 1:
                self.resume_at = max(self.resume_at, now + wait)
            if ticket.rank > 1:
                self.window = max(1, min(self.window, ticket.rank) - 1)
            self.epoch += 1
            self.calm = 0


class Slot:
    """A request in flight.

    Attributes:
        signal: The result, set before the request ends.
        wait: Seconds until it is retried, if it was refused.
    """

    def __init__(self) -> None:
        self.signal = Signal.NOTHING
        self.wait = 0.0


class InFlight:
    """Bounds the requests in flight of a whole run, over all of its throttles.

    Attributes:
        most: How many requests may be in flight.
        count: How many are.
        changed: Guards the count and the states of the throttles, and notifies when a request ends.
    """

    def __init__(self, most: int = MOST_IN_FLIGHT) -> None:
        self.most = most
        self.count = 0
        self.changed = threading.Condition()


class Throttle:
    """Admits the requests of all threads at the rate that the server accepts."""

    def __init__(self, clock: Clock, in_flight: InFlight | None = None) -> None:
        self._clock = clock
        self._state = ThrottleState()
        self._in_flight = in_flight or InFlight()

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """Wait for a slot, and hold it for the duration of the block. A thread must not wait for a second one.

        Raises:
            InterruptedRunError: The run was interrupted during the wait.
        """
        ticket = self._begin()
        slot = Slot()
        try:
            yield slot
        finally:
            with self._in_flight.changed:
                self._in_flight.count -= 1
                self._state.end(ticket, slot.signal, self._clock.now(), slot.wait)
                self._in_flight.changed.notify_all()

    def _begin(self) -> Ticket:
        run = self._in_flight
        while True:
            with run.changed:
                turn = self._state.begin(self._clock.now()) if run.count < run.most else 0.0
                if isinstance(turn, Ticket):
                    run.count += 1
                    return turn
                if turn == 0 and not self._clock.stopped():
                    run.changed.wait(_SLICE)
                    continue
            if not self._clock.sleep(turn):
                raise InterruptedRunError("interrupted while the API asked for a pause")
