"""The clock of this machine. A clock that cannot be right is an error, because expirations, renewals and the order of
runs depend on it.

A module of its own: it needs nothing of files, git or programs."""

from __future__ import annotations

from datetime import UTC, datetime

from beamctl.errors import UsageError

_EARLIEST, _LATEST = 2000, 9000
"""The years that are accepted. Dates near the end of the calendar would overflow when durations are added."""


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
        raise _wrong(shown_time(now))
    return now


def shown_time(when: datetime) -> str:
    """A time as shown in messages, such as `2026-11-24 12:00 UTC`."""
    return f"{when.replace(tzinfo=None).isoformat(' ', 'minutes')} UTC"


def _wrong(shown: str) -> UsageError:
    return UsageError(f"the clock of this machine cannot be right: it shows {shown}", "Correct it and try again.")
