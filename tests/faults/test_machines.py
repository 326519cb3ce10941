"""The making of service accounts and API keys, stopped or disturbed at every point: whatever happens, the next applies
end as the document says, every secret that is needed is where it should be and good, and no orphan is left."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from beamctl.api.credential import ApiKey
from beamctl.api.settings import LOCAL_URL, Connection
from beamctl.api.workspace import open_workspace
from beamctl.document.document import Desired
from beamctl.errors import BeamctlError
from beamctl.usecases.questions import plan
from tests.fakes.machines import RUNNER, Machines, Moment, account
from tests.fakes.runs import all_done, apply_through, document

KEY = {"expiresIn": "90d", "rotateBefore": "14d", "keepOld": "3d"}
NEW = {
    "role": "member",
    "description": "CI",
    "secretTo": {"file": "ci.json"},
    "apiKeys": {
        "hub": {**KEY, "secretTo": {"file": "hub"}},
        "lab": {"secretTo": {"command": ["keep"]}},
    },
}
KEPT = {"role": "admin"}
DISTURBANCES = ("reset-after", "500", "garbage")
UNREAD = "reset"
ENDS = ("dies before", "dies after")


class KilledError(BaseException):
    """The process is no more."""


@dataclass(frozen=True)
class Scenario:
    """Attributes:
    accounts: Of the seed.
    wanted: The section of the document, beside the account that beamctl runs as.
    passed: Days that pass, each time after what the document says was applied.
    """

    accounts: tuple[Mapping[str, Any], ...] = ()
    wanted: Mapping[str, Any] = field(default_factory=lambda: {"ci": NEW})
    passed: tuple[int, ...] = ()

    def begin(self, machines: Machines) -> Moment:
        for days in self.passed:
            assert all_done(machines.apply(machines.plan(want(self.wanted))))
            machines.clock.forward(timedelta(days=days))
        return machines.snapshot()


def want(section: Mapping[str, Any]) -> Desired:
    return document(serviceAccounts={"runner": KEPT, **section}, guards={"maxRemovals": 99})


SCENARIOS = {
    "new": Scenario(),
    "rotation": Scenario(passed=(80,)),
    "changed": Scenario(
        accounts=(account("ci", "admin"), account("old")),
        wanted={"ci": {"role": "viewer", "description": "CI", "apiKeys": {}}},
    ),
    "old goes": Scenario(passed=(80, 4)),
}


@dataclass
class Wire(httpx.BaseTransport):
    """Carries requests, and may be where the process ends; after each that may change something, it looks.

    Attributes:
        machines: Whose requests.
        dies: Where in a request the process ends.
        at: In which one, from 1; 0 for none.
        asked: The method of each.
        useless: Places that held, at any moment, what let nobody in.
    """

    machines: Machines
    dies: str = ""
    at: int = 0
    asked: list[str] = field(default_factory=list)
    useless: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._inner = self.machines.faulty.transport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.method)
        dying = self.at and len(self.asked) >= self.at
        if dying and (self.dies == ENDS[0] or len(self.asked) > self.at):
            raise KilledError
        try:
            response = self._inner.handle_request(request)
        finally:
            if request.method != "GET":
                self.useless |= useless(self.machines)
        if dying:
            raise KilledError
        return response

    def close(self) -> None:
        """It is used again."""


def run(machines: Machines, wanted: Desired, wire: Wire) -> bool:
    """Plan and apply; whether there was nothing to do."""
    connection = Connection(LOCAL_URL, credential=ApiKey(RUNNER), credential_from="the seed")
    nothing = False
    options = replace(machines.options(), transports=lambda: wire)
    with open_workspace(connection, "acme", options) as api, suppress(BeamctlError, KilledError):
        made = plan(wanted, api.reader(), machines.situation())
        apply_through(made, api.reader(), api.sender(), parallelism=1, vault=machines.vault)
        nothing = not made.changes
    assert wire.useless == set()
    return nothing


def useless(machines: Machines) -> set[str]:
    """The places that hold what lets nobody in."""
    return {place for place, secret in machines.vault.holds.items() if not machines.lets_in(secret)}


def check_end(machines: Machines, wanted: Mapping[str, Any]) -> None:
    for name, entry in wanted.items():
        (there,) = machines.live(name)
        assert (there["role"], there.get("description", "")) == (entry["role"], "CI")
        names = [key["name"] for key in machines.keys(name)]
        assert set(names) == set(entry["apiKeys"])
        assert all(names.count(each) <= 2 for each in names)
        assert set(machines.vault.holds) >= ({"the file hub", "the command keep"} if entry["apiKeys"] else set())
    assert useless(machines) == set()


def settle(machines: Machines, scenario: Scenario) -> None:
    """Applies without a fault, until there is nothing to do."""
    machines.faulty.plan()
    for _ in range(4):
        if run(machines, want(scenario.wanted), Wire(machines)):
            return check_end(machines, scenario.wanted)
    pytest.fail("it does not come to an end")


def disturbed(machines: Machines, scenario: Scenario, start: Moment, what: str, at: int) -> int:
    """One apply with a fault at a request, or the end of the process there; how many requests it made."""
    machines.restore(start)
    machines.faulty.plan(*([f"{what}@{at}"] if what not in ENDS else []))
    wire = Wire(machines, what, at if what in ENDS else 0)
    run(machines, want(scenario.wanted), wire)
    settle(machines, scenario)
    return len(wire.asked)


def cases(methods: list[str]) -> Iterator[tuple[str, int]]:
    """What may happen at each request; before a request is after the one before it, and reading changes nothing."""
    for number, method in enumerate(methods, 1):
        yield from ((what, number) for what in ((UNREAD,) if method == "GET" else (*DISTURBANCES, ENDS[1])))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_disturbance_at_every_request(name: str, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    machines = Machines(tmp_path, scenario.accounts)
    start = scenario.begin(machines)
    wire = Wire(machines)
    run(machines, want(scenario.wanted), wire)
    settle(machines, scenario)
    for what, at in cases(wire.asked):
        try:
            disturbed(machines, scenario, start, what, at)
        except AssertionError as error:
            error.add_note(f"with {what}@{at} of {len(wire.asked)}")
            raise


@pytest.mark.parametrize("name", ["new", "rotation"])
@pytest.mark.parametrize("how", ["fails", *ENDS])
def test_every_hand_over(name: str, how: str, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    machines = Machines(tmp_path, scenario.accounts)
    start = scenario.begin(machines)
    for number in (1, 2, 3) if name == "new" else (1,):

        def end(now: int, number: int = number) -> str:
            if now == number and how != "fails":
                raise KilledError
            return "the place is full" if now == number else ""

        machines.restore(start)
        machines.vault.after = end if how == ENDS[1] else lambda _: None
        machines.vault.before = end if how != ENDS[1] else lambda _: ""
        run(machines, want(scenario.wanted), Wire(machines))
        machines.vault.before, machines.vault.after = lambda _: "", lambda _: None
        settle(machines, scenario)


def test_a_place_that_never_takes_it_leaves_nothing_behind(tmp_path: Path) -> None:
    machines = Machines(tmp_path)
    machines.vault.before = lambda _: "no"
    for _ in range(5):
        events = machines.apply(machines.plan(want({"ci": NEW})))
        assert not all_done(events)
        assert machines.live("ci") == []
    machines.vault.before = lambda number: "no" if number % 2 == 0 else ""  # the account goes well, its keys do not
    for _ in range(5):
        machines.apply(machines.plan(want({"ci": NEW})))
        assert len(machines.keys("ci")) <= 2
