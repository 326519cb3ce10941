"""Slow reads are reported."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from beamctl.errors import MissingError
from beamctl.workflow.slow_reads import NotifyingReader


@dataclass
class SlowApi:
    """An API that takes a given time for each path, with its own clock and timers."""

    takes: dict[str, float]
    now: float = 0.0
    timers: list["FakeTimer"] = field(default_factory=list)

    def get(self, path: str) -> Any:
        end = self.now + self.takes[path]
        for timer in self.timers:
            if timer.is_running and timer.due <= end:
                self.now = timer.due
                timer.is_running = False
                timer.call()
        self.now = end
        if path == "/missing":
            raise MissingError("no such path", status=404)
        return path

    def timer(self, seconds: float, call: Callable[[], None]) -> "FakeTimer":
        self.timers.append(FakeTimer(self.now + seconds, call))
        return self.timers[-1]

    def clock(self) -> float:
        return self.now


@dataclass
class FakeTimer:
    due: float
    call: Callable[[], None]
    is_running: bool = False

    def start(self) -> None:
        self.is_running = True

    def cancel(self) -> None:
        self.is_running = False


def notices(*reads: tuple[str, float]) -> list[str]:
    api = SlowApi(dict(reads))
    found: list[str] = []
    reader = NotifyingReader(api, "acme", found.append, timer=api.timer, clock=api.clock)
    for path, _ in reads:
        if path == "/missing":
            with pytest.raises(MissingError):
                reader.get(path)
        else:
            assert reader.get(path) == path
    assert not any(timer.is_running for timer in api.timers)
    return found


def test_fast_reads_are_not_reported() -> None:
    assert notices(("/users", 0.5), ("/policies?limit=200", 1.0)) == []


def test_one_slow_read() -> None:
    assert notices(("/users", 3.0), ("/policies", 0.9)) == ["Reading /users (acme) …"]


def test_many_reads_that_are_slow_in_total() -> None:
    assert notices(*((f"/keys/{n}", 0.9) for n in range(6))) == [
        "Reading /keys/2 (acme) …",
        "Reading /keys/4 (acme) …",
    ]


def test_the_query_is_not_shown() -> None:
    assert notices(("/policies?cursor=opaque", 9.0)) == ["Reading /policies (acme) …"]


def test_a_failed_read_stops_the_timer() -> None:
    assert notices(("/missing", 1.0), ("/users", 1.5)) == ["Reading /users (acme) …"]
