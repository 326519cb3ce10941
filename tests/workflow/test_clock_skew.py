"""A machine whose clock differs from the API's: dates follow the API's clock, and the difference is noted."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from beamctl.emulator import create_app
from tests.cli.loopback import serving
from tests.cli.world import AS_IS, CANARY, CHANGED, Cli, People, Write

Serve = Callable[[timedelta], Any]


@dataclass
class Skewed:
    ahead: timedelta


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, database: Path) -> Serve:
    """Serve the emulator on a socket, with a `Date` that is ahead by this much."""

    @contextmanager
    def served(ahead: timedelta) -> Iterator[Skewed]:
        app, clock = create_app(database), Skewed(ahead)

        def dated(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
                date = formatdate(time.time() + clock.ahead.total_seconds(), usegmt=True)
                return start_response(status, [*headers, ("Date", date)], *more)

            found: Iterable[bytes] = app(environ, start)
            return found

        with serving(dated) as api:
            monkeypatch.setenv("BEAMCTL_API_URL", api.url)
            monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
            yield clock

    return served


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(), ""),
        (timedelta(minutes=4), ""),
        (-timedelta(minutes=4), ""),
        (timedelta(minutes=10), "10 minutes behind the API's"),
        (-timedelta(hours=20), "20 hours ahead of the API's"),
    ],
    ids=str,
)
def test_clock_difference_is_noted(cli: Cli, write: Write, serve: Serve, ahead: timedelta, said: str) -> None:
    write("beamctl.yaml", AS_IS)
    with serve(ahead):
        for command in (("plan",), ("drift",), ("apply", "--auto-approve")):
            ran = cli(*command)
            assert ran.code == 0
            assert ("clock is" in ran.out + ran.err) is bool(said)
            assert said in ran.out + ran.err


def test_saved_plan_is_not_stale_despite_a_clock_difference(
    cli: Cli, write: Write, serve: Serve, people: People
) -> None:
    write("beamctl.yaml", CHANGED)
    with serve(timedelta(hours=3)):
        assert cli("plan", "--out", "p.json").code == 0
        ran = cli("apply", "p.json", "--auto-approve")
    assert ran.code == 0
    assert "3 hours behind the API's" in ran.out
    assert people()["kim@example.com"] == "viewer"


@pytest.mark.parametrize("ahead", [timedelta(days=2), -timedelta(days=400)], ids=str)
def test_large_clock_difference_is_an_error(
    cli: Cli, write: Write, serve: Serve, people: People, ahead: timedelta
) -> None:
    write("beamctl.yaml", CHANGED)
    before = people()
    with serve(timedelta()) as clock:
        assert cli("plan", "--out", "p.json").code == 0
        clock.ahead = ahead
        for command in (("plan",), ("drift",), ("apply", "--auto-approve"), ("apply", "--auto-approve", "p.json")):
            ran = cli(*command)
            assert (ran.code, ran.out) == (1, "")
            assert re.match(
                r"Error: this machine's clock shows \d{4}-.* UTC and the API's clock \d{4}-.* UTC: "
                r"they differ by more than a day",
                ran.err,
            )
        assert cli("show").code == 0
    assert people() == before


def test_dates_follow_the_apis_clock(cli: Cli, write: Write, serve: Serve) -> None:
    ahead = timedelta(hours=23)
    tomorrow = (datetime.now(UTC) + ahead).date()
    write(
        "beamctl.yaml",
        AS_IS.replace("eve@example.com: member", f"eve@example.com: {{role: member, until: {tomorrow}}}"),
    )
    with serve(ahead):
        ran = cli("plan", "-o", "json")
    assert [each["change"]["actions"] for each in ran.json["resource_changes"]] == [["delete"]]


def test_saved_plan_expires_by_the_apis_clock(cli: Cli, write: Write, serve: Serve, people: People) -> None:
    write("beamctl.yaml", CHANGED)
    with serve(timedelta()) as clock:
        assert cli("plan", "--out", "p.json", "--expires", "2h").code == 0
        clock.ahead = timedelta(hours=3)
        ran = cli("apply", "p.json", "--auto-approve")
    assert ran.code == 6
    assert "kim@example.com" not in people()
