"""The clock of this machine. A clock that cannot be right is an error, because expirations, renewals and the order of
runs depend on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from beamctl.api.clock_skew import ClockSkew
from beamctl.errors import ApiError, UsageError
from beamctl.model.code import Code
from beamctl.model.fact import Fact
from beamctl.plan.plan_file import CLOCKS_APART

_EARLIEST, _LATEST = 2000, 9000
"""The years that are accepted. Dates near the end of the calendar would overflow when durations are added."""
_TOO_FAR = timedelta(days=1)


def current_time() -> datetime:
    """The current time, in UTC.

    Raises:
        UsageError: The clock cannot be right.
    """
    try:
        now = datetime.now(UTC)
    except (ValueError, OverflowError, OSError):
        raise _wrong("an invalid date") from None
    if not _EARLIEST <= now.year <= _LATEST:
        raise _wrong(_shown(now))
    return now


def api_time(skew: ClockSkew | None) -> datetime:
    """The time that dates are compared with: the API's, if the two clocks differ clearly.

    Raises:
        UsageError: The clock of this machine cannot be right.
        ApiError: The clocks are so far apart that the date is uncertain.
    """
    now = current_time()
    if skew is None or abs(skew.ahead) <= CLOCKS_APART:
        return now
    if abs(skew.ahead) > _TOO_FAR:
        raise ApiError(
            f"this machine's clock shows {_shown(skew.machine)} and the API's clock {_shown(skew.api)}: "
            "they differ by more than a day, so nothing was planned",
            "Correct this machine's clock. If it is right, check whether a proxy sends an old `Date` header.",
        )
    return now + skew.ahead


def skew_note(skew: ClockSkew | None) -> Fact | None:
    """The note of a plan about differing clocks; None if they agree."""
    if skew is None or abs(skew.ahead) <= CLOCKS_APART:
        return None
    code = Code.CLOCK_BEHIND if skew.ahead > timedelta() else Code.CLOCK_AHEAD
    minutes = round(abs(skew.ahead).total_seconds() / 60)
    return Fact(code, {"minutes": minutes, "here": _shown(skew.machine), "there": _shown(skew.api)})


def _shown(when: datetime) -> str:
    return f"{when.replace(tzinfo=None).isoformat(' ', 'minutes')} UTC"


def _wrong(shown: str) -> UsageError:
    return UsageError(f"the clock of this machine cannot be right: it shows {shown}", "Correct it and try again.")
