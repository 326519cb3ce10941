"""Which request is repeated, and after how long: pure decisions. Chance and time are arguments.
It must not know how to send anything, nor how to wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from beamctl.api.messages import OK, CallResult, Failure, FailureKind, Reply
from beamctl.api.rate_limit import asked_wait

MOST_ATTEMPTS = 6
MOST_UNSENT = 4
"""Attempts where nothing was ever reached: a mistyped host must not look like a hang."""
MOST_REFUSALS = 20
"""Attempts of a request that was only ever told "not now": it takes its turn among many."""
LONGEST_EFFORT = 120.0
"""Seconds from the first attempt to the beginning of the last, unless the API asks for a longer wait (`patience`)."""

_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 16.0
_PASSING = frozenset({408, 425, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Effort:
    """What was put into a request so far.

    Attributes:
        attempts: How often it was sent, or tried to be.
        elapsed: Seconds since the first attempt began.
    """

    attempts: int
    elapsed: float


def wait_before_repeat(outcome: CallResult, effort: Effort, *, once: bool, chance: float, wall: float) -> float | None:
    """Seconds to wait before the request is made again; None where it is not. A wait that the API asks for may have any
    length: see `is_asked`.

    Args:
        outcome: What became of the last attempt.
        effort: What was put in so far.
        once: Whether the request must not be made twice: then it is repeated only where it certainly did nothing.
        chance: A random number from 0 to 1, so that many clients do not come back at the same moment.
        wall: The time of day, in seconds since 1970.
    """
    if effort.attempts >= _most(outcome) or not repeatable(outcome, once=once):
        return None
    backoff = chance * min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** (effort.attempts - 1))
    if isinstance(outcome, Reply) and is_asked(outcome, wall):
        return asked_wait(outcome.status, outcome.headers, wall) or backoff  # "after 0 s" would be a hammer
    return backoff if effort.elapsed + backoff <= LONGEST_EFFORT else None


def is_asked(reply: Reply, wall: float) -> bool:
    """Whether the API asks for a wait, be it of a length that it does not say: the run has a budget for these."""
    return reply.limited or asked_wait(reply.status, reply.headers, wall) is not None


def _most(outcome: CallResult) -> int:
    match outcome:
        case Reply(limited=True):
            return MOST_REFUSALS
        case Failure(fault=FailureKind.NOT_SENT):
            return MOST_UNSENT
        case _:
            return MOST_ATTEMPTS


def repeatable(outcome: CallResult, *, once: bool) -> bool:
    """Whether another attempt could help and does no harm. The server's own word counts, but never against `once`."""
    match outcome:
        case Failure(fault=FailureKind.HOPELESS | FailureKind.GARBLED):
            return False
        case Failure(fault=FailureKind.NOT_SENT):
            return True
        case Failure():
            return not once
        case Reply(status=status, headers=headers, limited=limited):
            told = headers.get("x-should-retry", "").strip().lower()
            helps = told == "true" or (told != "false" and (limited or status in _PASSING))
            return status not in OK and helps and (not once or limited)
        case _:
            assert_never(outcome)
