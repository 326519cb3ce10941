"""The clock, the API's timestamps, and durations.

Timestamps have a fixed width and are in UTC, so they compare as text, in SQL too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Protocol

from beamctl.emulator.errors import EmulatorError

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_TEXT = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|[smhdw])", re.ASCII)
LONGEST_LIFETIME = timedelta(days=3650)
"""Documented: ten years."""

_LIFETIME = re.compile(r"\d{1,9}[hdw]", re.ASCII)
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)
_EPOCH = 1970
LAST_YEAR = 9900
"""Ten years later must still be a year that Python supports."""

_OUT_OF_RANGE = f"the clock supports the years {_EPOCH} to {LAST_YEAR} only"


def read_duration(text: str) -> timedelta | None:
    """Parse a duration; None if it is invalid."""
    found = _TEXT.fullmatch(text.strip())
    try:
        return float(found[1]) * _UNITS[found[2]] if found else None
    except OverflowError:  # millions of years
        return None


def seconds_text(seconds: float) -> str:
    """Format seconds so that `read_duration` can read them."""
    return f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1000:g}ms"


def read_lifetime(value: object, *, seconds: bool) -> timedelta | None:
    """Parse the lifetime of an API key such as `30d`, `24h` or `1w`; None if it is invalid, zero or too long.

    Args:
        value: The text.
        seconds: Whether a bare number means seconds, as in the Beamlit era.
    """
    if not isinstance(value, str):
        return None
    if seconds and _SECONDS.fullmatch(value):
        value += "s"
    elif not _LIFETIME.fullmatch(value):
        return None
    duration = read_duration(value)
    return duration if duration and duration <= LONGEST_LIFETIME else None


def utc_now() -> datetime:
    """The current time, in UTC.

    Raises:
        EmulatorError: The machine's clock is outside the supported years.
    """
    return _in_range(datetime.now(tz=UTC))


def stamp(moment: datetime) -> str:
    """The time in the API's format, such as `2026-01-31T09:30:00.000Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def read_moment(value: object) -> datetime | None:
    """Parse a string or datetime; None if it is not a date and time, or before 1970. Without an offset it is in UTC."""
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


class Offset(Protocol):
    """Keeps how far a clock is ahead of the real one."""

    def read(self) -> timedelta:
        """The current offset."""
        ...

    def change(self, to: Callable[[timedelta], timedelta]) -> None:
        """Replace the offset by `to(offset)`, as one step."""
        ...


class _OwnOffset:
    """An offset in memory. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ahead = timedelta()

    def read(self) -> timedelta:
        return self._ahead

    def change(self, to: Callable[[timedelta], timedelta]) -> None:
        with self._lock:
            self._ahead = to(self._ahead)


class MovableClock:
    """A clock that can be set and keeps running. Thread-safe."""

    def __init__(
        self,
        ahead: timedelta = timedelta(),
        real: Callable[[], datetime] = utc_now,
        offset: Offset | None = None,
    ) -> None:
        """Create a clock over the real one.

        Args:
            ahead: How far to move it forward at once.
            real: The real clock.
            offset: Stores how far the clock is ahead; None to store it in this object.

        Raises:
            EmulatorError: The time is outside the supported years.
        """
        self._real = real
        self._offset = offset or _OwnOffset()
        if ahead:
            self.forward(ahead)

    def __call__(self) -> datetime:
        """The current time of this clock, in UTC."""
        return self._real() + self._offset.read()

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of the real clock."""
        return self._offset.read()

    def set(self, moment: datetime) -> None:
        """Set the clock.

        Raises:
            EmulatorError: The time is outside the supported years.
        """
        ahead = _in_range(moment) - self._real()
        self._offset.change(lambda _: ahead)

    def set_ahead(self, by: timedelta) -> None:
        """Set the clock to that long after the real one.

        Raises:
            EmulatorError: The time is outside the supported years.
        """
        self._offset.change(lambda _: self._moved(timedelta(), by))

    def forward(self, by: timedelta) -> None:
        """Move the clock forward.

        Raises:
            EmulatorError: The time is outside the supported years.
        """
        self._offset.change(lambda ahead: self._moved(ahead, by))

    def _moved(self, ahead: timedelta, by: timedelta) -> timedelta:
        try:
            _in_range(self._real() + ahead + by)
        except OverflowError:
            raise EmulatorError(_OUT_OF_RANGE) from None
        return ahead + by


def _in_range(moment: datetime) -> datetime:
    if not _EPOCH <= moment.year <= LAST_YEAR:
        raise EmulatorError(_OUT_OF_RANGE)
    return moment
