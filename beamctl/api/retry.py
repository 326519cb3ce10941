"""Decides whether and when a request is retried."""

from __future__ import annotations

from typing import assert_never

from beamctl.api.messages import OK, CallResult, Failure, FailureKind, Reply, requested_wait

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
