"""How far the clock of this machine is from the API's, as the `Date` of a reply tells. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from beamctl.api.rate_limit import http_date

_AGE = re.compile(r"\s*([0-9]{1,9})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClockSkew:
    """What two clocks showed at one moment.

    Attributes:
        api: The API's.
        machine: This machine's.
    """

    api: datetime
    machine: datetime

    @property
    def ahead(self) -> timedelta:
        """How far the API's clock is ahead of this machine's; negative if it is behind."""
        return self.api - self.machine


def measured(headers: Mapping[str, str], began: float, ended: float) -> ClockSkew | None:
    """What a reply tells; None if it has no `Date` that can be read.

    Args:
        headers: Its headers, by name in lower case. What a cache kept for a while says so in `Age`.
        began: When its request was sent, in seconds since 1970 by this machine.
        ended: When it was complete.
    """
    told = http_date(headers.get("date", ""))
    age = _AGE.fullmatch(headers.get("age", ""))
    try:
        if told is None:
            return None
        shown = datetime.fromtimestamp(told, UTC) + timedelta(seconds=int(age[1]) if age else 0)
        return ClockSkew(shown, datetime.fromtimestamp((began + ended) / 2, UTC))
    except (ValueError, OverflowError, OSError):
        return None
