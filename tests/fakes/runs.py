"""Plan and apply against a fake in one line."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import yaml

from beamctl.apply import executor
from beamctl.apply.record import Ended, Event, NotAttempted, Unconfirmed
from beamctl.apply.runner import ApplyContext, Listener
from beamctl.document.desired import Desired, Leaver
from beamctl.document.load import SourceText
from beamctl.document.problem import Place
from beamctl.kinds.registry import all_kinds
from beamctl.model.api_call import Pause, Reader, Response, Sender
from beamctl.model.email import folded
from beamctl.model.identity import Identity
from beamctl.model.secret import SecretStore
from beamctl.plan.across_kinds import read
from beamctl.plan.change import ChangeId
from beamctl.plan.comparison import Interrupted, Situation, Withdrawn
from beamctl.plan.guards import NO_FLOORS, Bounds, Declared
from beamctl.plan.hazard import Allowance
from beamctl.plan.kind import Kind, Status
from beamctl.plan.plan import Plan
from beamctl.workflow.documents import validate
from tests.fakes.one_workspace import plan
from tests.fakes.workspace import FakeWorkspace

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
API = "https://api.example.test/v0"


def desired(text: str, name: str = "access.yaml") -> Desired:
    checked = validate([SourceText(name, text.encode())])
    assert not checked.problems, checked.problems
    return checked.desired[0]


def document(members: Mapping[str, object] | None = None, **sections: object) -> Desired:
    data: dict[str, object] = {"version": 1, "workspace": "acme", **sections}
    if members is not None:
        data["members"] = dict(members)
    return desired(yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False))


def left(want: Desired, *emails: str, since: date = TODAY) -> Desired:
    """A document in a run in which these people are leavers."""
    entries = {
        folded(each): Leaver(each, since, "HR-77", Place("leavers.yaml", line, 3))
        for line, each in enumerate(emails, 3)
    }
    return replace(want, leavers=entries)


def planned(  # noqa: PLR0913 - each has its name
    want: Desired,
    live: Reader,
    *,
    today: date = TODAY,
    identity: Identity | None = None,
    left: Mapping[str, int] | None = None,
    floors: Bounds = NO_FLOORS,
    recorded: Declared | None = None,
    interrupted: tuple[Interrupted, ...] = (),
    allowed: tuple[Allowance, ...] = (),
    resent: Mapping[str, Mapping[str, int]] | None = None,
    deferred: Mapping[ChangeId, Mapping[str, Any]] | None = None,
    withdrawn: Mapping[ChangeId, Withdrawn] | None = None,
) -> Plan:
    situation = Situation(today, API, identity, left or {}, floors=floors, recorded=recorded, deferred=deferred or {})
    return plan(
        want,
        live,
        replace(situation, interrupted=interrupted, allowed=allowed, resent=resent or {}, withdrawn=withdrawn or {}),
    )


def apply(  # noqa: PLR0913 - each port has its name
    approved: Plan,
    reader: Reader,
    sender: Sender,
    *,
    parallelism: int,
    stop: threading.Event,
    on_event: Listener | None = None,
    vault: SecretStore | None = None,
    pause: Pause = lambda _: True,
) -> Iterator[Event]:
    """Make the changes of a plan as the only ones of a run."""
    kinds = {kind.name: kind for kind in all_kinds()}
    with ThreadPoolExecutor(parallelism) as pool:
        yield from executor.apply(approved, ApplyContext(kinds, reader, sender, pool, stop, on_event, vault, pause))


def apply_through(
    approved: Plan, reader: Reader, sender: Sender, *, parallelism: int = 2, vault: SecretStore | None = None
) -> list[Event]:
    return list(apply(approved, reader, sender, parallelism=parallelism, stop=threading.Event(), vault=vault))


def applied(
    approved: Plan, live: FakeWorkspace, *, parallelism: int = 2, vault: SecretStore | None = None
) -> list[Event]:
    return apply_through(approved, live, live, parallelism=parallelism, vault=vault)


def outcomes(events: list[Event]) -> dict[str, str]:
    found = {}
    for event in events:
        match event:
            case Ended(change=change, outcome=outcome):
                found[change.name] = outcome.status.value
            case NotAttempted(change=change):
                found[change.name] = "not attempted"
            case Unconfirmed(change=change):
                found[change.name] = "not confirmed"
            case _:
                continue
    return found


def all_done(events: list[Event]) -> bool:
    endings = [event.outcome.status for event in events if isinstance(event, Ended)]
    return set(endings) <= {Status.DONE} and not any(isinstance(event, NotAttempted | Unconfirmed) for event in events)


def shown(kind: Kind[Any], payload: Any) -> Any:
    """What a kind reads from a payload."""
    return read(kind, "acme", FakeWorkspace(before=lambda _: Response(200, payload)))
