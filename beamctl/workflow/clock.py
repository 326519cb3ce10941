"""The time that plans compare dates with: this machine's, or the API's if the two clocks differ clearly."""

from __future__ import annotations

from datetime import datetime, timedelta

from beamctl.api.clock_skew import ClockSkew
from beamctl.errors import ApiError
from beamctl.model.code import Code
from beamctl.model.fact import Fact
from beamctl.plan.plan_file import CLOCKS_APART
from beamctl.system.clock import current_time, shown_time

_TOO_FAR = timedelta(days=1)


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
            f"this machine's clock shows {shown_time(skew.machine)} and the API's clock {shown_time(skew.api)}: "
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
    return Fact(code, {"minutes": minutes, "here": shown_time(skew.machine), "there": shown_time(skew.api)})
