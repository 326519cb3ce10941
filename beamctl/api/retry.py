"""Which request is repeated, and after how long: pure decisions. Chance and time are arguments.
It must not know how to send anything, nor how to wait."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import assert_never

from beamctl.api.exchange import OK, THROTTLED, Failure, Fault, Outcome, Reply

MOST_ATTEMPTS = 6
MOST_UNSENT = 4
"""Attempts where nothing was ever reached: a mistyped host must not look like a hang."""
MOST_REFUSALS = 20
"""Attempts of a request that was only ever told "not now": it takes its turn among many."""
LONGEST_WAIT = 60.0
"""Seconds between two attempts."""
LONGEST_EFFORT = 120.0
"""Seconds from the first attempt to the beginning of the last."""

_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 16.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Effort:
    """What was put into a request so far.

    Attributes:
        attempts: How often it was sent, or tried to be.
        elapsed: Seconds since the first attempt began.
    """

    attempts: int
    elapsed: float


def wait_before_repeat(outcome: Outcome, effort: Effort, *, once: bool, chance: float, wall: float) -> float | None:
    """Seconds to wait before the request is made again; None where it is not.

    Args:
        outcome: What became of the last attempt.
        effort: What was put in so far.
        once: Whether the request must not be made twice: then it is repeated only where it certainly did nothing.
        chance: A random number from 0 to 1, so that many clients do not come back at the same moment.
        wall: The time of day, in seconds since 1970.
    """
    if effort.attempts >= _most(outcome) or not repeatable(outcome, once=once):
        return None
    asked = _asked_wait(outcome.headers, wall) if isinstance(outcome, Reply) else None
    backoff = chance * min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** (effort.attempts - 1))
    wait = min(LONGEST_WAIT, asked or backoff)  # "after 0 s" would be a hammer
    return wait if effort.elapsed + wait <= LONGEST_EFFORT else None


def _most(outcome: Outcome) -> int:
    match outcome:
        case Reply(status=status) if status == THROTTLED:
            return MOST_REFUSALS
        case Failure(fault=Fault.NOT_SENT):
            return MOST_UNSENT
        case _:
            return MOST_ATTEMPTS


def repeatable(outcome: Outcome, *, once: bool) -> bool:
    """Whether another attempt could help and does no harm. The server's own word counts, but never against `once`."""
    match outcome:
        case Failure(fault=Fault.HOPELESS | Fault.GARBLED):
            return False
        case Failure(fault=Fault.NOT_SENT):
            return True
        case Failure():
            return not once
        case Reply(status=status, headers=headers):
            told = headers.get("x-should-retry", "").strip().lower()
            helps = told == "true" or (told != "false" and status in _PASSING)
            return status not in OK and helps and (not once or status == THROTTLED)
        case _:
            assert_never(outcome)


def _asked_wait(headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds that the server asks us to wait; None where it does not say, or not in a way that can be read."""
    if (milliseconds := _number(headers.get("retry-after-ms", ""))) is not None:
        return milliseconds / 1000
    text = headers.get("retry-after", "")
    if (seconds := _number(text)) is not None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - wall)
    except (ValueError, TypeError, OverflowError):
        return None


def _number(text: str) -> float | None:
    found = float(text) if re.fullmatch(r"\s*[0-9]+(\.[0-9]*)?\s*", text) else math.nan
    return None if math.isnan(found) else found
