"""Moments: the real clock, one that can be moved, and how the control plane writes a moment. Everything else is given
a moment and must not read the time. A stamp has a fixed width and is in UTC, so that stamps compare as text, in SQL
too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

from beamctl.emulator.errors import EmulatorError

_EPOCH = 1970
LAST_YEAR = 9900
"""What lives ten years from a moment must still end in a year that Python knows."""


def utc_now() -> datetime:
    """The present moment, in UTC.

    Raises:
        EmulatorError: The machine's clock is beyond the years that a clock here can show.
    """
    return _shown(datetime.now(tz=UTC))


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


class MovableClock:
    """A clock that goes on from wherever it is put; it never touches the real one. Safe to use from several threads."""

    def __init__(self, ahead: timedelta = timedelta(), real: Callable[[], datetime] = utc_now) -> None:
        """Begins that far ahead of the real clock.

        Raises:
            EmulatorError: That is beyond the years that it can show.
        """
        self._real = real
        self._lock = Lock()
        self._ahead = timedelta()
        self.forward(ahead)

    def __call__(self) -> datetime:
        """The moment that it shows, in UTC."""
        return self._real() + self._ahead

    def set(self, moment: datetime) -> None:
        """Puts it to a moment.

        Raises:
            EmulatorError: That is beyond the years that it can show.
        """
        with self._lock:
            self._ahead = _shown(moment) - self._real()

    def forward(self, by: timedelta) -> None:
        """Moves it on.

        Raises:
            EmulatorError: As for `set`.
        """
        with self._lock:
            try:
                moment = self() + by
            except OverflowError:
                raise EmulatorError(_BEYOND) from None
            self._ahead = _shown(moment) - self._real()


_BEYOND = f"the clock shows the years {_EPOCH} to {LAST_YEAR} only"


def _shown(moment: datetime) -> datetime:
    if not _EPOCH <= moment.year <= LAST_YEAR:
        raise EmulatorError(_BEYOND)
    return moment
