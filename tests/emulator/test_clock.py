"""The emulator's clock, which can be set and moved."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beamctl.emulator import as_person, ask, clock_of, create_app, load_seed
from beamctl.emulator.clock import MovableClock, read_duration, seconds_text
from beamctl.emulator.errors import EmulatorError
from tests.emulator.world import NOON, SEED, Clock


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


def test_every_process_uses_the_clock_of_the_database(tmp_path: Path) -> None:
    db = tmp_path / "plane.db"
    clock = clock_of(create_app(db))
    assert clock.ahead == timedelta()
    clock.forward(timedelta(days=8))
    clock.forward(timedelta(hours=1))
    load_seed(db, {**SEED, "invitations": SEED["invitations"][:2]})
    other = create_app(db)
    assert clock_of(other).ahead == timedelta(days=8, hours=1)

    def expired() -> int:
        return ask(as_person(other, "ada@example.com"), "GET", "/users", workspace="acme")[1].count('"expired":true')

    assert expired() == 0
    clock.forward(timedelta(days=7))
    assert expired() == 2, "those that the seed invited by the same clock"
    clock_of(other).set_ahead(timedelta())
    assert clock.ahead == timedelta()


def test_a_clock_that_the_caller_gives_is_its_own(tmp_path: Path) -> None:
    clock_of(create_app(tmp_path / "plane.db")).forward(timedelta(days=1))
    given = MovableClock()
    assert clock_of(create_app(tmp_path / "plane.db", now=given)) is given
    assert given.ahead == timedelta()
    with pytest.raises(EmulatorError, match="cannot be moved"):
        clock_of(create_app(tmp_path / "plane.db", now=Clock()))
