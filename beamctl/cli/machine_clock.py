"""The clock of this machine, read in one place. A clock that cannot be right is an error: what has expired, what is
renewed, and in which order runs were made, all depend on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from beamctl.api.clock_skew import ClockSkew
from beamctl.errors import ApiError, UsageError
from beamctl.plan.plan_file import CLOCKS_APART

_EARLIEST, _LATEST = 2000, 9000
"""The years that are believed; in the last ones of the calendar, no end of anything could be counted."""
_TOO_FAR = timedelta(days=1)
_TWO_HOURS = 120


def moment() -> datetime:
    """The present moment, in UTC.

    Raises:
        UsageError: The clock cannot be right.
    """
    try:
        now = datetime.now(UTC)
    except (ValueError, OverflowError, OSError):
        raise _wrong("no date of the calendar") from None
    if not _EARLIEST <= now.year <= _LATEST:
        raise _wrong(_shown(now))
    return now


def judged(skew: ClockSkew | None) -> datetime:
    """The moment by which days are judged: the API's, if the two clocks are clearly apart.

    Raises:
        UsageError: The clock of this machine cannot be right.
        ApiError: The clocks are so far apart that the day is not known.
    """
    now = moment()
    if skew is None or abs(skew.ahead) <= CLOCKS_APART:
        return now
    if abs(skew.ahead) > _TOO_FAR:
        raise ApiError(
            f"this machine's clock shows {_shown(skew.machine)}, and the API's {_shown(skew.api)}: "
            "more than a day apart, so nothing is planned",
            "Correct this machine's clock. If it is right, check whether a proxy sends an old `Date` header.",
        )
    return now + skew.ahead


def skew_note(skew: ClockSkew | None) -> str:
    """What a plan says of the clocks; empty if they agree."""
    if skew is None or abs(skew.ahead) <= CLOCKS_APART:
        return ""
    minutes = round(abs(skew.ahead).total_seconds() / 60)
    apart = f"{minutes} minutes" if minutes < _TWO_HOURS else f"{round(minutes / 60)} hours"
    return (
        f"this machine's clock is {apart} {'behind' if skew.ahead > timedelta() else 'ahead of'} the API's "
        f"({_shown(skew.machine)} here, {_shown(skew.api)} there): dates such as `until` are judged by the API's clock"
    )


def _shown(when: datetime) -> str:
    return f"{when.replace(tzinfo=None).isoformat(' ', 'minutes')} UTC"


def _wrong(shown: str) -> UsageError:
    return UsageError(f"the clock of this machine cannot be right: it shows {shown}", "Set it, and try again.")
