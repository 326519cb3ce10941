"""The record of one run: who made which plan, and what became of every change, as lines of JSON that can be read even
where the run was killed. Lines in, values out and the other way round; it must not know files or the clock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, assert_never

from beamctl.apply.event import Confirmed, Ended, Event, NotAttempted, Started, Unconfirmed
from beamctl.document.document import Document
from beamctl.document.schema import check
from beamctl.model.strict_json import read_json
from beamctl.plan.change import Change
from beamctl.plan.declared import declared_data
from beamctl.plan.kind import Outcome
from beamctl.plan.plan import Plan
from beamctl.plan.plan_json import address, change_data
from beamctl.plan.plan_reader import UndecodableError, change_of

FORMAT_VERSION = "1.0"
_SCHEMA, _CONFIRMED = "run", "confirmed"


class State(Enum):
    """What became of a change, as its run's record tells."""

    WAITING = "not attempted"
    """Not begun."""
    UNKNOWN = "unknown"
    """Begun, and the record ends there: it may or may not have been made."""
    DONE = "done"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCONFIRMED = "not confirmed"
    """Answered as made, and not shown by the API afterwards."""


@dataclass(frozen=True, slots=True)
class Run:
    """One apply to one workspace.

    Attributes:
        id: Its name, by which people find it; names sort in the order of the runs.
        at: When it began, as ISO 8601 in UTC.
        actor: Who started it, as the machine tells: a login, in CI the person who caused the job.
        commit: Of the documents; empty where there is none.
        plan_digest: Of the plan that was made.
    """

    id: str
    at: str
    actor: str
    commit: str
    plan_digest: str


@dataclass(frozen=True, slots=True)
class Record:
    """What a record tells.

    Attributes:
        runs_as: Who beamctl ran as; empty where nothing told.
        changes: Of the plan, in order.
        states: What became of each, by address.
        remarks: What was said of each, by address.
        ended: When; empty where the run was killed, or is still under way.
        interrupted: Whether somebody asked it to stop.
        left: By kind, how many there were when it ended.
        found: The addresses of what was so already when the run came to it.
    """

    run: Run
    workspace: str
    api: str
    runs_as: str
    changes: tuple[Change, ...]
    states: Mapping[str, State]
    remarks: Mapping[str, str]
    ended: str = ""
    interrupted: bool = False
    left: Mapping[str, int] = field(default_factory=dict)
    found: frozenset[str] = frozenset()

    def made(self, change: Change) -> bool:
        """Whether this run made a change, or may have: a failed one too, where its answer was lost."""
        may_be = (State.DONE, State.UNKNOWN, State.FAILED, State.UNCONFIRMED)
        return self.state(change) in may_be and address(self.workspace, change) not in self.found

    def state(self, change: Change) -> State:
        """What became of a change of this run."""
        return self.states.get(address(self.workspace, change), State.WAITING)

    def remark(self, change: Change) -> str:
        """What was said of a change of this run."""
        return self.remarks.get(address(self.workspace, change), "")

    def count(self, state: State) -> int:
        """How many changes came to that."""
        return sum(self.state(change) is state for change in self.changes)


class UnreadableRecordError(ValueError):
    """This is no record of a run."""


def first_line(run: Run, plan: Plan) -> str:
    """How a record begins: the run, and every change with before and after."""
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
            "changes": [change_data(plan.workspace, change) for change in plan.changes],
        }
    )


def event_line(plan: Plan, event: Event, at: str) -> str:
    """One event. What is started stands in the record before its first call is made."""
    match event:
        case Started():
            what, said = "started", dict[str, Any]()
        case Ended(outcome=outcome):
            what, said = outcome.ending.value, {"remark": outcome.remark, **_flags(outcome)}
        case NotAttempted(why=why):
            what, said = State.WAITING.value, {"remark": why}
        case Confirmed():
            what, said = _CONFIRMED, {}
        case Unconfirmed(doubt=doubt, why=why):
            what, said = State.UNCONFIRMED.value, {"doubt": doubt.value, **_flags(event)}
            said |= {"remark": why} if why else {}
        case _:
            assert_never(event)
    return _line({"event": what, "at": at, "address": address(plan.workspace, event.change), **said})


def last_line(plan: Plan, events: Iterable[Event], at: str, *, interrupted: bool) -> str:
    """How a record ends. A record without it is of a run that was killed, or goes on."""
    left = dict(plan.seen)
    missing = {(each.change.kind, each.change.key) for each in events if isinstance(each, Unconfirmed)}
    for event in (each for each in events if each.change.kind in left):  # the other kinds are not counted
        change = event.change
        if isinstance(event, Ended) and event.outcome.ending.value == State.DONE.value:
            came = change.before is None and (change.kind, change.key) not in missing
            left[change.kind] += came - (change.after is None)
        elif isinstance(event, Unconfirmed | Ended):
            gone = event.gone if isinstance(event, Unconfirmed) else event.outcome.gone
            left[change.kind] -= gone and change.before is not None
    where = {"workspace": plan.workspace, "api_url": plan.api}
    return _line({"event": "end", "at": at, **where, "interrupted": interrupted, "left": left})


def read_record(content: bytes) -> Record:
    """What a record tells. Its last line may be cut off, where the run was killed as it wrote it.

    Raises:
        UnreadableRecordError: It is something else, or was changed.
    """
    lines = lines_of(content)
    refuse_unlike(lines)
    try:
        return _record(lines[0], lines[1:])
    except UndecodableError as error:
        raise UnreadableRecordError(str(error)) from None


def lines_of(content: bytes) -> list[Any]:
    """The whole lines of a record, of which only the format is known to be this one.

    Raises:
        UnreadableRecordError: It is something else.
    """
    try:
        lines = [read_json(line) for line in content.split(b"\n")[:-1]]
    except ValueError:
        raise UnreadableRecordError("a line of it is no JSON") from None
    if not lines or not isinstance(lines[0], dict) or lines[0].get("event") != "run":
        raise UnreadableRecordError("it is no record of a run")
    if lines[0].get("format_version") != FORMAT_VERSION:
        raise UnreadableRecordError("it has another format than this beamctl reads")
    return lines


def refuse_unlike(lines: Iterable[Any]) -> None:
    """Refuse lines that are not as the schema of records says.

    Raises:
        UnreadableRecordError: One is not.
    """
    if problem := next((each for line in lines for each in check(Document("", line, {}, {}), _SCHEMA)), None):
        raise UnreadableRecordError(problem.message)


def run_of(first: Mapping[str, Any]) -> Run:
    """The run that a record begins with."""
    return Run(first["run"], first["at"], first["actor"], first["commit"], first["plan_digest"])


def state_of(line: Mapping[str, Any]) -> State:
    """What a line about a change says became of it."""
    return {"started": State.UNKNOWN, _CONFIRMED: State.DONE}.get(line["event"]) or State(line["event"])


def _record(first: Mapping[str, Any], rest: Sequence[Mapping[str, Any]]) -> Record:
    states: dict[str, State] = {}
    remarks: dict[str, str] = {}
    end: Mapping[str, Any] = {}
    for line in rest:
        if line["event"] == "end":
            end = line
        elif line["event"] != "run":
            states[line["address"]] = state_of(line)
            remarks[line["address"]] = line.get("remark") or remarks.get(line["address"], "")
    return Record(
        run=run_of(first),
        workspace=first["workspace"],
        api=first["api_url"],
        runs_as=first["runs_as"],
        changes=tuple(change_of(each) for each in first["changes"]),
        states=states,
        remarks=remarks,
        ended=end.get("at", ""),
        interrupted=end.get("interrupted", False),
        left=end.get("left", {}),
        found=frozenset(line["address"] for line in rest if line.get("found")),
    )


def _line(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=True) + "\n"


def _flags(value: Outcome | Unconfirmed) -> dict[str, bool]:
    return {name: True for name in ("found", "withdrawn") if getattr(value, name, False)}
