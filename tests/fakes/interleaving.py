"""Concurrent runs on one workspace, interleaved request by request in an order that the test chooses."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from beamctl.apply.record import Ended, Event, NotAttempted, Unconfirmed
from beamctl.document.desired import Desired
from beamctl.model.api_call import ApiCall, NoResponse, Reader, Response, Sender
from beamctl.model.secret import SecretStore
from beamctl.plan.comparison import Situation
from beamctl.plan.hazard import Risk
from beamctl.plan.kind import Outcome, Status
from beamctl.plan.plan import Plan
from tests.fakes.journal import Journal
from tests.fakes.one_workspace import plan
from tests.fakes.runs import API, NOW, TODAY, apply

LONGEST = 30
T = TypeVar("T")


class Interleaving:
    """Lets one request through at a time, once every active run is waiting with one. The order says whose is next.

    Attributes:
        taken: The run of each request.
    """

    def __init__(self, order: Iterable[int], runs: int) -> None:
        self.taken: list[int] = []
        self._order: Iterator[int] = iter(order)
        self._going_on = set(range(runs))
        self._waiting: set[int] = set()
        self._turn: int | None = None
        self._changed = threading.Condition()

    def take(self, run: int, request: Callable[[], T]) -> T:
        """Make a request when it is this run's turn."""
        with self._changed:
            self._waiting.add(run)
            self._choose()
            assert self._changed.wait_for(lambda: self._turn == run, LONGEST), "nobody's turn came"
            self._waiting.remove(run)
            self._turn = None
            self.taken.append(run)
            return request()

    def end(self, run: int) -> None:
        """The run makes no further requests."""
        with self._changed:
            self._going_on.remove(run)
            self._choose()

    def _choose(self) -> None:
        if self._turn is None and self._waiting and self._waiting == self._going_on:
            wished = next(self._order, min(self._waiting))
            self._turn = wished if wished in self._waiting else min(self._waiting)
            self._changed.notify_all()


@dataclass(frozen=True)
class TurnTaker:
    """Implements `Reader` and `Sender` for one of the runs."""

    run: int
    turns: Interleaving
    reader: Reader
    sender: Sender

    def get(self, path: str) -> Any:
        return self.turns.take(self.run, lambda: self.reader.get(path))

    def send(self, call: ApiCall) -> Response | NoResponse:
        return self.turns.take(self.run, lambda: self.sender.send(call))


@dataclass(frozen=True)
class Run:
    """The plan of a run and the events of its apply."""

    plan: Plan
    events: Sequence[Event]

    @property
    def outcomes(self) -> dict[str, Outcome]:
        return {event.change.key: event.outcome for event in self.events if isinstance(event, Ended)}

    @property
    def undone(self) -> set[str]:
        """The keys of changes that failed, were not attempted or were not confirmed; if there are any, the exit code is
        7."""
        failed = {key for key, outcome in self.outcomes.items() if outcome.status is Status.FAILED}
        return failed | {event.change.key for event in self.events if isinstance(event, NotAttempted | Unconfirmed)}


def plan_and_apply(
    want: Desired, reader: Reader, sender: Sender, vault: SecretStore | None = None, journal: Journal | None = None
) -> Run:
    """Plan and apply with one request at a time. Plans with a hazard that no flag allows are not applied."""
    journal = journal or Journal()
    found = plan(want, reader, Situation(TODAY, API, interrupted=journal.interrupted()))
    if any(hazard.risk in (Risk.LAST_ADMIN, Risk.LIVE_EMPTY) for hazard in found.hazards):
        return Run(found, [])
    number = journal.begin(found, NOW)
    witness = journal.listener(number, found)
    made = apply(found, reader, sender, parallelism=1, stop=threading.Event(), vault=vault, on_event=witness)
    events = list(made)
    journal.end(number)
    return Run(found, events)


def run_at_once(
    want: Desired,
    order: Iterable[int],
    ports: Sequence[tuple[Reader, Sender]],
    vault: SecretStore | None = None,
    journal: Journal | None = None,
) -> list[Run]:
    """Run once for each pair of ports, all on the same workspace and in the given order of requests."""
    turns = Interleaving(order, len(ports))

    def go(number: int) -> Run:
        port = TurnTaker(number, turns, *ports[number])
        try:
            return plan_and_apply(want, port, port, vault, journal)
        finally:
            turns.end(number)

    with ThreadPoolExecutor(len(ports)) as pool:
        return list(pool.map(go, range(len(ports))))
