"""Moments: the real clock, and how the control plane writes a moment. Everything else is given a moment and must not
read the time. A stamp has a fixed width and is in UTC, so that stamps compare as text, in SQL too."""

from __future__ import annotations

from datetime import UTC, datetime

_EPOCH = 1970


def utc_now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(tz=UTC)


def stamp(moment: datetime) -> str:
    """The moment as the API writes it, such as `2026-01-31T09:30:00.000Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def read_moment(value: object) -> datetime | None:
    """The moment that a text or a datetime stands for; None for what is none, or is before 1970.

    Without an offset it is in UTC.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        moment = aware.astimezone(UTC)
    except OverflowError:
        return None
    return moment if moment.year >= _EPOCH else None
