"""The difference between this machine's clock and the API's, from the `Date` header of a reply."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from beamctl.api.rate_limit import http_date

_AGE = re.compile(r"\s*([0-9]{1,9})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClockSkew:
    """What two clocks showed at the same time.

    Attributes:
        api: The API's clock.
        machine: This machine's clock.
    """

    api: datetime
    machine: datetime

    @property
    def ahead(self) -> timedelta:
        """How far the API's clock is ahead of this machine's; negative if it is behind."""
        return self.api - self.machine


def measured(headers: Mapping[str, str], began: float, ended: float) -> ClockSkew | None:
    """Measure the skew from a reply; None if it has no valid `Date`.

    Args:
        headers: The headers, by lower-case name. `Age` is the time that a cache kept the reply.
        began: When the request was sent, in seconds since 1970 by this machine.
        ended: When the reply was complete.
    """
    date = http_date(headers.get("date", ""))
    age = _AGE.fullmatch(headers.get("age", ""))
    try:
        if date is None:
            return None
        shown = datetime.fromtimestamp(date, UTC) + timedelta(seconds=int(age[1]) if age else 0)
        return ClockSkew(shown, datetime.fromtimestamp((began + ended) / 2, UTC))
    except (ValueError, OverflowError, OSError):
        return None
