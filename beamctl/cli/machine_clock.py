"""The clock of this machine, read in one place. A clock that cannot be right is an error: what has expired, what is
renewed, and in which order runs were made, all depend on it."""

from __future__ import annotations

from datetime import UTC, datetime

from beamctl.errors import UsageError

_EARLIEST, _LATEST = 2000, 9000
"""The years that are believed; in the last ones of the calendar, no end of anything could be counted."""


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
        raise _wrong(f"{now.replace(tzinfo=None).isoformat(' ', 'minutes')} UTC")
    return now


def _wrong(shown: str) -> UsageError:
    return UsageError(f"the clock of this machine cannot be right: it shows {shown}", "Set it, and try again.")
