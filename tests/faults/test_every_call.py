"""A fault at every request of an apply, for every kind, or a lost response followed by incomplete lists; then an apply
without faults. Everything that the first one reports is true, the second one ends in the declared state, no one is
invited twice, there is always an admin, and no destination ever holds an invalid secret."""

import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from beamctl.api.config import LOCAL_URL, Connection
from beamctl.api.credential import ApiKeyCredential
from beamctl.api.errors import Timeouts
from beamctl.api.workspace import Options, WorkspaceApi, open_workspace
from beamctl.apply.record import Confirmed, Ended, Event, NotAttempted, Started, Unconfirmed
from beamctl.apply.runner import Listener
from beamctl.document.desired import Desired
from beamctl.emulator import FaultKind
from beamctl.errors import BeamctlError
from beamctl.model.code import Code
from beamctl.plan.change import Change
from beamctl.plan.comparison import Situation
from beamctl.plan.hazard import Risk
from beamctl.plan.kind import Status
from beamctl.plan.plan import Plan
from beamctl.secrets.redaction import Redactor
from tests.api.fakes import FakeClock
from tests.fakes.emulator import EmulatedWorkspace, State
from tests.fakes.faulty_emulator import EVERY_FAULT, FaultyEmulator
from tests.fakes.one_workspace import plan
from tests.fakes.runs import all_done, apply
from tests.fakes.wording import codes
from tests.faults.scenarios import KEY, SCENARIOS, Scenario

LIES = (FaultKind.EMPTY_LIST.example, FaultKind.SHORT_LIST.example)
LASTING = (FaultKind.RESET.example, FaultKind.RESET_AFTER.example)
"""Faults that are also tried at every request from one on."""
REFUSALS = ("html:403", "html:404", "html:409")
READ_FAILS = (*LIES, FaultKind.GARBAGE.example)
"""The single faults of a read that are not simply retried, one of each effect."""
FEW_CALLS = 10
ONE_OF_EACH_EFFECT = (*READ_FAILS, "429:2", "500", "500-after", "reset", "reset-after", "html:504", "duplicate")
"""In longer scenarios: the client treats every other fault like one of these, which the short scenarios test.
Incomplete lists of the result are alternately empty and short there, and changes of people are refused by turns."""
KILLS = ("before", "after")
IN_THE_VAULT = "in the vault"
ALLOWED = (Risk.REMOVES_ADMIN, Risk.UNMAPS_GROUP, Risk.DELETES_SERVICE_ACCOUNT, Risk.EMPTY_SECTION, Risk.SHARES_OUTSIDE)
"""Hazards that the scenarios contain on purpose."""
UNKNOWN = {
    Code.RESULT_UNKNOWN,
    Code.DESTINATION_UNKNOWN,
    Code.SECRET_LOCATION_UNKNOWN,
    Code.EXISTS_SECRET_UNKNOWN,
    Code.RESULT_UNREADABLE,
    Code.ACCOUNTS_UNREADABLE,
    Code.KEYS_UNREADABLE,
    Code.KEYS_OF_UNREADABLE,
    Code.ITS_KEYS_UNREADABLE,
    Code.USAGES_UNREADABLE,
    Code.ROLE_NOT_SHOWN,
    Code.ROLE_NOT_SHOWN_YET,
    Code.ITS_ROLE_NOT_SHOWN,
    Code.NOT_SHOWN,
    Code.NO_LONGER_SHOWN,
    Code.PREVIOUS_KEY_GONE,
    Code.MARKER_MAY_REMAIN,
}
NOT_SEEN = {
    Code.LISTING_UNREADABLE,
    Code.MEMBERS_MISSING,
    Code.ACCOUNTS_MISSING,
    Code.RESOURCES_MISSING,
    Code.ADMINS_MISSING,
    Code.NOT_YET_ADMINS,
}
REVOKED = {Code.REVOKED, Code.NOT_REVOKED, Code.REVOKED_NOT_SENT, Code.INVITED_ANEW}
ATTEMPTS = 6
"""How often an idempotent request is sent."""


class KilledError(BaseException):
    """The process was killed."""


@dataclass
class Wire(httpx.BaseTransport):
    """Carries and counts requests, checks the workspace after each change, and can kill the process.

    Attributes:
        dies_at: The number of the request, from 1; 0 for none.
        dies: Whether the process is killed `before` or `after` that request; or the fault.
        asked: The method of each request.
        fewest: The lowest number of admins at any time.
        invalid: Destinations that held an invalid secret at any time.
    """

    faulty: FaultyEmulator
    emulated: EmulatedWorkspace
    dies_at: int = 0
    dies: str = ""
    asked: list[str] = field(default_factory=list)
    fewest: int = 99
    invalid: set[str] = field(default_factory=set)

    def __call__(self) -> httpx.BaseTransport:
        return _Carrier(self, self.faulty.transport())


class _Carrier(httpx.BaseTransport):
    def __init__(self, wire: Wire, inner: httpx.BaseTransport) -> None:
        self._wire = wire
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        wire = self._wire
        wire.asked.append(request.method)
        number = len(wire.asked)
        dying = wire.dies_at and number >= wire.dies_at
        if dying and (wire.dies == "before" or number > wire.dies_at):
            raise KilledError
        try:
            response = self._inner.handle_request(request)
        finally:
            if request.method != "GET":
                wire.fewest = min(wire.fewest, wire.emulated.admins())
                wire.invalid |= wire.emulated.invalid_secrets()
        if dying:
            raise KilledError
        return response


@dataclass
class Run:
    """One apply, possibly incomplete.

    Attributes:
        plan: None if the workspace could not be read.
        events: The events of the apply.
        killed: Whether it was killed.
        left: The changes of a plan made afterwards.
        calls: The method of each request until then.
    """

    plan: Plan | None = None
    events: list[Event] = field(default_factory=list)
    killed: bool = False
    left: Sequence[Change] | None = None
    calls: Sequence[str] = ()

    def go(self, want: Desired, wire: Wire, *, plans_again: bool = True) -> "Run":
        """Plan, apply unless there is a hazard, and plan again if requested."""
        connection = Connection(LOCAL_URL, credential=ApiKeyCredential(KEY), credential_from="the seed")
        options = Options(
            Timeouts(read=0.1), clock=FakeClock(), chance=lambda: 1.0, transports=wire, redactor=Redactor()
        )
        now, journal = wire.emulated.clock.now, wire.emulated.journal
        situation = Situation(now.date(), LOCAL_URL, now=now, interrupted=journal.interrupted())
        with ExitStack() as stack, open_workspace(connection, "acme", options) as api:
            try:
                self.plan = plan(want, api.reader(), situation)
                if all(hazard.risk in ALLOWED for hazard in self.plan.hazards):
                    number = journal.begin(self.plan, now)
                    stack.callback(journal.end, number)
                    self.events.extend(self._made(api, wire, journal.listener(number, self.plan)))
                    self.calls = tuple(wire.asked)
                    self.left = plan(want, api.reader(), situation).changes if plans_again else None
            except BeamctlError:
                assert self.plan is None or len(self.events) >= len(self.plan.changes)
            except KilledError:
                self.killed = True
        return self

    def _made(self, api: WorkspaceApi, wire: Wire, witness: Listener) -> Iterator[Event]:
        assert self.plan is not None
        ports, stop = (api.reader(), api.sender()), threading.Event()
        return apply(self.plan, *ports, parallelism=1, stop=stop, vault=wire.emulated.vault, on_event=witness)

    @property
    def all_done(self) -> bool:
        ended = [event.change for event in self.events if isinstance(event, Ended)]
        return self.plan is not None and len(ended) == len(self.plan.changes) and all_done(self.events)

    def check(self, before: State, after: State) -> None:
        """Every event is true."""
        silent = list(self.plan.changes) if self.plan else []
        doubted = [event.change for event in self.events if isinstance(event, Unconfirmed)]
        for event in self.events:
            silent = [change for change in silent if change is not event.change]
            match event:
                case Ended(change=change, outcome=outcome) if outcome.status is Status.DONE:
                    assert after.matches(change) or change in doubted, event
                case Confirmed(change=change):
                    assert after.matches(change), event
                case Ended(change=change, outcome=outcome):
                    assert outcome.status is Status.FAILED
                    known = not codes(outcome.remark) & UNKNOWN
                    assert not known or not after.matches(change) or before.matches(change), event
                    assert Code.NOT_CHANGED not in codes(outcome.remark) or before.part_of(change) == after.part_of(
                        change
                    ), event
                case NotAttempted(change=change):
                    assert before.part_of(change) == after.part_of(change), event
                case Started() | Unconfirmed():
                    pass  # without a later event, both are possible
        for change in silent:
            assert before.part_of(change) == after.part_of(change), f"{change.name}: no word about it"

    def check_one_fault(self, at: str) -> None:
        """A fault fails at most one change, and only its dependents are not attempted.

        Args:
            at: The method of the request with the fault.
        """
        failed = {event.change.id for event in self.events if isinstance(event, Ended) and _is_failed(event)}
        failed |= {event.change.id for event in self.events if isinstance(event, Unconfirmed)}
        assert len(failed) <= 1 or at == "GET"
        for event in (each for each in self.events if isinstance(each, NotAttempted)):
            depends = {(each.kind, key) for each in event.change.depends_on for key in each.keys}
            moved = Code.CHANGED_SINCE_PLAN in codes(event.why)  # changed by the change that it depends on
            assert depends & failed or moved or (at == "GET" and bool(codes(event.why) & NOT_SEEN)), event
            failed.add(event.change.id)


def _is_failed(event: Ended) -> bool:
    return event.outcome.status is Status.FAILED


def begin(scenario: Scenario, emulated: EmulatedWorkspace) -> None:
    """Let the days pass that the scenario begins with."""
    for days in scenario.passed:
        assert Run().go(scenario.want, Wire(FaultyEmulator(emulated.app), emulated)).all_done
        emulated.clock.forward(timedelta(days=days))
    emulated.set_start()


def cases(scenario: Scenario, emulated: EmulatedWorkspace) -> Iterator[tuple[str, int]]:
    """Every fault at every request of an apply without faults; instead of a fault, a number kills the process there."""
    run = Run().go(scenario.want, Wire(FaultyEmulator(emulated.app), emulated))
    assert run.plan is not None
    assert run.left == ()
    last_write = max(number for number, method in enumerate(run.calls, 1) if method != "GET")
    few = len(run.calls) <= FEW_CALLS
    for number, method in enumerate(run.calls, 1):
        lies = LIES if few else (LIES[number % 2],)
        after_read = number > 1 and method == run.calls[number - 2] == "GET"
        if number > last_write:  # nothing depends on these reads, which only confirm
            yield from ((f"{fault}@{number}", 0) for fault in (*lies, FaultKind.RESET.example))
            continue
        faults = EVERY_FAULT if few else ONE_OF_EACH_EFFECT
        if method != "GET":
            refusals = REFUSALS if few or scenario.sections else REFUSALS[number % 3 :][:1]
            faults = (*(each for each in faults if each not in LIES), *refusals)
        elif scenario.sections:  # people's scenarios go through all ways in which a read fails
            faults = (*READ_FAILS, FaultKind.WRONG_TYPE.example) if few else READ_FAILS
        elif faults is EVERY_FAULT:  # for a read, "after" is no different from before
            faults = tuple(each for each in EVERY_FAULT if "-after" not in each)
        yield from ((f"{fault}@{number}", 0) for fault in faults)
        yield from ((f"{lost} {lie}@{then}-", 0) for lost, then in losses(number, method) for lie in lies)
        if not few and after_read and run.calls[number] == "GET":
            continue  # between two reads nothing changes: what follows is as in the case before
        yield from ((f"{fault}@{number}-", 0) for fault in LASTING if method != "GET" or "-after" not in fault)
        yield from (
            (kill, number) for kill in KILLS if kill == "after" or number == 1
        )  # before this request is after the previous one


def losses(number: int, method: str) -> list[tuple[str, int]]:
    """How the response to a change is lost for good, and the number of the request that then reads the result."""
    if method == "GET":
        return []
    told = (FaultKind.GARBAGE.example, 1)
    lost = [(FaultKind.RESET_AFTER.example, 1)] if method == "POST" else [(FaultKind.RESET.example, ATTEMPTS)]
    return [(f"{fault}@{number}-{number + times - 1}", number + times) for fault, times in (told, *lost)]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_fault_at_every_call(name: str, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    with closing(scenario.emulated(tmp_path)) as emulated:
        begin(scenario, emulated)
        before = emulated.state()
        found = list(cases(scenario, emulated))
        faulty, seen = FaultyEmulator(emulated.app), set[object]()
        for fault, dies_at in found:
            emulated.reset()
            faulty.plan(*([] if dies_at else fault.split()))
            try:
                fault_then_clean_apply(scenario, before, Wire(faulty, emulated, dies_at, fault), seen)
            except AssertionError as error:
                error.add_note(f"with {fault} {dies_at or ''}")
                raise


def fault_then_clean_apply(scenario: Scenario, before: State, wire: Wire, seen: set[object]) -> None:
    """An apply with a fault and one without. The second one is skipped if an earlier one started in the same state
    (`seen`)."""
    emulated = wire.emulated
    first = Run().go(scenario.want, wire, plans_again=False)
    assert first.killed is bool(wire.dies_at) or wire.dies == IN_THE_VAULT
    first.check(before, emulated.state())
    if one := re.fullmatch(r"[^@ ]+@(\d+)", wire.dies):
        first.check_one_fault(wire.asked[int(one[1]) - 1])
    assert wire.fewest >= 1
    assert wire.invalid == set()
    begins = tuple(emulated.comparable_state())
    if begins in seen:
        return
    wire.faulty.plan()
    emulated.vault.before, emulated.vault.after = lambda _: "", lambda _: None
    again = Wire(wire.faulty, emulated)
    second = Run().go(scenario.want, again)
    assert second.all_done
    assert second.left == ()
    assert again.fewest >= 1
    revoked = any(isinstance(event, Ended) and bool(codes(event.outcome.remark) & REVOKED) for event in first.events)
    assert set(Counter(emulated.emails).values()) <= {1, 1 + revoked}
    assert again.invalid | emulated.invalid_secrets() == set()
    assert scenario.places <= emulated.vault.holds.keys()
    for account in emulated.state().accounts.values():
        assert max(Counter(key["name"] for key in account["keys"]).values(), default=0) <= 1 + len(scenario.passed)
    seen.add(begins)


@pytest.mark.parametrize("name", ["accounts-created", "key-renewed"])
@pytest.mark.parametrize("how", ["fails", *KILLS])
def test_fault_while_a_secret_is_stored(name: str, how: str, tmp_path: Path) -> None:
    """A destination fails, or the process is killed before or after a secret is stored."""
    scenario = SCENARIOS[name]
    with closing(scenario.emulated(tmp_path)) as emulated:
        begin(scenario, emulated)
        before = emulated.state()
        Run().go(scenario.want, Wire(FaultyEmulator(emulated.app), emulated))
        assert emulated.vault.given
        for at in range(1, len(emulated.vault.given) + 1):

            def end(number: int, at: int = at) -> str:
                if number == at and how != "fails":
                    raise KilledError
                return "the place is full" if number == at else ""

            emulated.reset()
            emulated.vault.before = end if how != "after" else lambda _: ""
            emulated.vault.after = end if how == "after" else lambda _: None
            fault_then_clean_apply(
                scenario, before, Wire(FaultyEmulator(emulated.app), emulated, dies=IN_THE_VAULT), set()
            )


def test_destination_that_always_fails_leaves_no_object(tmp_path: Path) -> None:
    scenario = SCENARIOS["accounts-created"]
    with closing(scenario.emulated(tmp_path)) as emulated:

        def tried(accounts: int, keys: int) -> None:
            for _ in range(4):
                run = Run().go(scenario.want, Wire(FaultyEmulator(emulated.app), emulated))
                assert run.events
                assert not run.all_done
                found = emulated.state().accounts.values()
                assert len(found) == accounts
                assert all(len(account["keys"]) <= keys for account in found)

        emulated.vault.before = lambda _: "no"
        tried(accounts=1, keys=1)
        emulated.vault.before = lambda number: (
            "" if number == 5 else "no"
        )  # the account's secret is stored, but not those of its keys
        tried(accounts=2, keys=1)
