"""The emulator's clock, which can be set and moved."""

from datetime import UTC, datetime, timedelta

import pytest

from beamctl.emulator.clock import MovableClock, read_duration, seconds_text
from beamctl.emulator.errors import EmulatorError
from tests.emulator.world import NOON, Clock


def test_a_clock_continues_from_where_it_was_set() -> None:
    real = Clock()
    clock = MovableClock(timedelta(days=8), real)
    assert clock() == NOON + timedelta(days=8)
    clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    real.forward(hours=1)
    assert clock() == datetime(2030, 1, 1, 1, tzinfo=UTC)
    clock.forward(timedelta(minutes=30))
    assert clock() == datetime(2030, 1, 1, 1, 30, tzinfo=UTC)
    assert real() == NOON + timedelta(hours=1), "the system clock is not changed"


@pytest.mark.parametrize("by", [timedelta(days=3_000_000), timedelta(weeks=100_000_000), timedelta(days=-30_000)])
def test_a_clock_cannot_pass_the_last_date(by: timedelta) -> None:
    clock = MovableClock(real=Clock())
    with pytest.raises(EmulatorError, match="the years 1970 to 9900 only"):
        clock.forward(by)
    assert clock() == NOON


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("300ms", 0.3), ("2s", 2), ("1.5m", 90), ("36h", 129_600), ("8d", 691_200), ("1w", 604_800), ("0s", 0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert read_duration(text) == timedelta(seconds=seconds)
    assert read_duration(seconds_text(seconds)) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "8", "d", "-8d", "8 d", "8days", "8.d", "1e3s", "٣s", "8d8d", "999999999w"])
def test_an_invalid_duration_is_an_error(text: str) -> None:
    assert read_duration(text) is None
