"""The events of an apply, and the record of a run as JSON lines, which is readable even if the run was killed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, assert_never

from beamctl.model.fact import Fact, fact_data
from beamctl.plan.change import Change
from beamctl.plan.guards import declared_data
from beamctl.plan.kind import Outcome
from beamctl.plan.plan import Plan
from beamctl.plan.plan_json import address, change_data


@dataclass(frozen=True, slots=True)
class Started:
    """A change is about to be made."""

    change: Change


@dataclass(frozen=True, slots=True)
class Ended:
    """A change was made, deferred, or failed; see its outcome."""

    change: Change
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class NotAttempted:
    """A change was not started.

    Attributes:
        why: The reason.
    """

    change: Change
    why: Fact


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The API shows that a change is in effect.

    Attributes:
        late: Whether the response to the change itself had left that open.
    """

    change: Change
    late: bool = False


class UnconfirmedReason(Enum):
    """Why an accepted change does not count as made."""

    NOT_SHOWN_YET = "not_shown_yet"
    """The API still shows the state before the change."""
    SHOWN_OTHERWISE = "shown_otherwise"
    """The API shows neither the state before nor the state after the change."""
    NOT_READABLE = "not_readable"
    """The live state could not be read."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The API accepted a change but does not show it.

    Attributes:
        reason: Why it does not count as made.
        shows: What the API shows instead; None if nothing.
        why: Why it could not be read, or what was done about a change that granted too much.
        gone: Whether nothing is left: see `Outcome`.
        withdrawn: Whether it granted more than requested and was reverted.
    """

    change: Change
    reason: UnconfirmedReason
    shows: Mapping[str, Any] | None = None
    why: Fact | None = None
    gone: bool = False
    withdrawn: bool = False


Event = Started | Ended | NotAttempted | Confirmed | Unconfirmed


FORMAT_VERSION = "1.1"


class State(Enum):
    """The state of a change according to the record."""

    WAITING = "not attempted"
    """Not started."""
    UNKNOWN = "unknown"
    """Started, and the record ends there. It may or may not have been made."""
    DONE = "done"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCONFIRMED = "not confirmed"
    """Accepted, but not shown by the API afterwards."""


@dataclass(frozen=True, slots=True)
class Run:
    """One apply to one workspace.

    Attributes:
        id: Its name. Names sort in the order of the runs.
        at: Start time, as ISO 8601 in UTC.
        actor: Who started it: the login, or in CI the person who triggered the job.
        commit: Of the documents; empty if there is none.
        plan_digest: Of the applied plan.
    """

    id: str
    at: str
    actor: str
    commit: str
    plan_digest: str


@dataclass(frozen=True, slots=True)
class Record:
    """The content of a run record.

    Attributes:
        runs_as: The identity beamctl ran as; empty if unknown.
        changes: Of the plan, in order.
        states: The state of each change, by address.
        remarks: The remark about each change that has one, by address.
        ended: End time; empty if the run was killed or is still running.
        interrupted: Whether it was asked to stop.
        left: By kind, how many objects existed at its end.
        found: The addresses of changes that were already in effect.
        only: The addresses that chose the changes of a partial plan; None for a full one.
    """

    run: Run
    workspace: str
    api: str
    runs_as: str
    changes: tuple[Change, ...]
    states: Mapping[str, State]
    remarks: Mapping[str, Fact]
    ended: str = ""
    interrupted: bool = False
    left: Mapping[str, int] = field(default_factory=dict)
    found: frozenset[str] = frozenset()
    only: tuple[str, ...] | None = None

    def made(self, change: Change) -> bool:
        """Whether this run made a change, or may have. Includes failed changes, whose response may have been lost."""
        may_be = (State.DONE, State.UNKNOWN, State.FAILED, State.UNCONFIRMED)
        return self.state(change) in may_be and address(self.workspace, change) not in self.found

    def state(self, change: Change) -> State:
        """The state of a change."""
        return self.states.get(address(self.workspace, change), State.WAITING)

    def remark(self, change: Change) -> Fact | None:
        """The remark about a change, if any."""
        return self.remarks.get(address(self.workspace, change))

    def count(self, state: State) -> int:
        """How many changes have this state."""
        return sum(self.state(change) is state for change in self.changes)


def first_line(run: Run, plan: Plan) -> str:
    """The first line of a record: the run, and every change with before and after."""
    from beamctl import __version__

    return _line(
        {
            "event": "run",
            "format_version": FORMAT_VERSION,
            "beamctl_version": __version__,
            "run": run.id,
            "at": run.at,
            "workspace": plan.workspace,
            "api_url": plan.api,
            "runs_as": plan.runs_as,
            "actor": run.actor,
            "commit": run.commit,
            "plan_digest": run.plan_digest,
            "fingerprint": plan.fingerprint,
            "seen": dict(plan.seen),
            **declared_data(plan.declared),
            **({"only": list(map(str, plan.partial.only))} if plan.partial else {}),
            "changes": [change_data(plan.workspace, change) for change in plan.changes],
        }
    )


def event_line(plan: Plan, event: Event, at: str) -> str:
    """The line for one event. `started` is written before the first API call of a change."""
    match event:
        case Started():
            name, fields = "started", dict[str, Any]()
        case Ended(outcome=outcome):
            name, fields = outcome.status.value, _remark(outcome.remark) | _flags(outcome)
        case NotAttempted(why=why):
            name, fields = State.WAITING.value, _remark(why)
        case Confirmed():
            name, fields = "confirmed", {}
        case Unconfirmed(reason=reason, why=why):
            name, fields = State.UNCONFIRMED.value, {"reason": reason.value} | _remark(why) | _flags(event)
        case _:
            assert_never(event)
    return _line({"event": name, "at": at, "address": address(plan.workspace, event.change), **fields})


def last_line(plan: Plan, events: Iterable[Event], at: str, *, interrupted: bool) -> str:
    """The last line of a record. Without it, the run was killed or is still running."""
    left = dict(plan.seen)
    missing = {(each.change.kind, each.change.key) for each in events if isinstance(each, Unconfirmed)}
    for event in (each for each in events if each.change.kind in left):  # other kinds are not counted
        change = event.change
        if isinstance(event, Ended) and event.outcome.status.value == State.DONE.value:
            added = change.before is None and (change.kind, change.key) not in missing
            left[change.kind] += added - (change.after is None)
        elif isinstance(event, Unconfirmed | Ended):
            gone = event.gone if isinstance(event, Unconfirmed) else event.outcome.gone
            left[change.kind] -= gone and change.before is not None
    where = {"workspace": plan.workspace, "api_url": plan.api}
    return _line({"event": "end", "at": at, **where, "interrupted": interrupted, "left": left})


def _line(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=True) + "\n"


def _remark(remark: Fact | None) -> dict[str, Any]:
    return {"remark": fact_data(remark)} if remark else {}


def _flags(value: Outcome | Unconfirmed) -> dict[str, bool]:
    return {name: True for name in ("found", "withdrawn") if getattr(value, name, False)}
