"""Reads the JSON reports of plan, drift and apply, so that they can be merged. They may come from anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from beamctl.apply.record import Confirmed, Ended, Event, NotAttempted, State, Unconfirmed, UnconfirmedReason
from beamctl.document.problem import Place, Problem, ProblemCode
from beamctl.document.schema import conforms, violation
from beamctl.model.fact import Fact, fact_of
from beamctl.model.shard import Shard, ShardScope
from beamctl.plan.change import Change, ChangeId
from beamctl.plan.comparison import Note
from beamctl.plan.coverage import Coverage, Covered, KindCoverage
from beamctl.plan.kind import Outcome, Status
from beamctl.plan.known_drift import Known, KnownResult
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import Saved
from beamctl.plan.plan_json import address
from beamctl.plan.plan_reader import UndecodableError, allowed_of, plan_of
from beamctl.plan.three_way import Cause, LastSet, Origin
from beamctl.report.data import CommandName, ComparedWith, DriftDetails, ReportData, WorkspaceFailure
from beamctl.report.json_report import report

Json = Mapping[str, Any]

_OF_DRIFT = frozenset({"text", "known_as", "cause", "causes", "last_set", "updated_at"})
"""What a difference has besides the change that would undo it."""
_MOST_MANAGED = 10_000_000


def report_of(data: Json) -> ReportData:
    """Parse a report.

    Raises:
        ValueError: It is not one that this version of beamctl writes.
    """
    command = _command(data)
    if why := violation(data, "drift" if command is CommandName.DRIFT else "plan"):
        raise UndecodableError(why)
    if not all(conforms(_change(each), "plannedChange") for each in _changes(data)):
        raise UndecodableError("it has a change that beamctl would not plan")
    found = _drift(data) if command is CommandName.DRIFT else _plans(data, command)
    failures = tuple(map(_failure, data["failures"]))
    found = replace(found, failures=failures, scope=_scope(data.get("shard")), order=data.get("order", ()))
    again = json.loads(report(found))
    ignored = {"beamctl_version": data.get("beamctl_version")} if "beamctl_version" in data else {}
    if again | ignored != data:  # texts, addresses and counts must match
        raise UndecodableError("it contradicts itself")
    return found


def _command(data: Json) -> CommandName:
    if "resource_drift" in data:
        return CommandName.DRIFT
    return CommandName.APPLY if "results" in data else CommandName.PLAN


def _failure(data: Json) -> WorkspaceFailure:
    problems = tuple(
        Problem(_at(each), ProblemCode(each["code"]), each["message"], each["hint"])
        for each in data.get("problems", ())
    )
    return WorkspaceFailure(data["workspace"], _at(data), data["code"], data["message"], data["hint"], problems)


def _scope(data: Json | None) -> ShardScope | None:
    if data is None:
        return None
    if data["index"] > data["count"]:
        raise UndecodableError("its shard does not exist")
    shard = Shard(data["index"], data["count"])
    return ShardScope(shard, tuple(data["workspaces"]), data["source"], data["commit"])


def _changes(data: Json) -> Sequence[Json]:
    found: Sequence[Json] = data["resource_drift"] if "resource_drift" in data else data["resource_changes"]
    return found


def _change(data: Json) -> dict[str, Any]:
    """A change without what only a difference has."""
    return {name: value for name, value in data.items() if name not in _OF_DRIFT}


def _plans_of(data: Json, entries: Sequence[Json]) -> tuple[Plan, ...]:
    changes: dict[str, list[Json]] = {entry["workspace"]: [] for entry in entries}
    if len(changes) < len(entries):
        raise UndecodableError("it has a workspace twice")
    for each in map(_change, _changes(data)):
        if each["module_address"] not in changes:
            raise UndecodableError("it has a change of another workspace")
        changes[each["module_address"]].append(each)
    return tuple(plan_of(entry, changes[entry["workspace"]]) for entry in entries)


def _plans(data: Json, command: CommandName) -> ReportData:
    entries = data["workspaces"]
    plans = _plans_of(data, entries)
    scoped = [replace(each, workspace=entry["workspace"]) for entry in entries for each in allowed_of(entry)]
    allowed = tuple(dict.fromkeys(scoped))
    saved = _saved(data["saved"], allowed) if "saved" in data else None
    return ReportData(command, plans, allowed, tuple(_results(plans, data.get("results", ()))), saved)


def _saved(data: Json, allowed: Sequence[Any]) -> Saved:
    created, expires = (datetime.fromisoformat(data[name]) for name in ("created_at", "expires_at"))
    signer, missing = data.get("signer", ""), tuple(data.get("missing", ()))
    return Saved((), tuple(allowed), {}, data["commit"], created, expires, data["digest"], signer, missing)


def _results(plans: Sequence[Plan], results: Sequence[Json]) -> Iterator[tuple[Plan, Sequence[Event]]]:
    """Each plan that was begun, with its events."""
    left: dict[tuple[str, str], list[Json]] = {}
    for each in results:
        left.setdefault((each["address"], each["action"]), []).append(each)
    for plan in plans:
        events: list[Event] = []
        for change in plan.changes:
            if found := left.get((address(plan.workspace, change), change.action.value)):
                events += _events(change, found.pop(0))
        if events:
            yield plan, events


def _events(change: Change, result: Json) -> Iterator[Event]:
    remark, hint = _fact(result["remark"]), _fact(result["hint"])
    match State(result["outcome"]):
        case State.WAITING:
            if remark is None:
                raise UndecodableError("a change was not attempted for no reason")
            yield NotAttempted(change, remark)
        case State.UNCONFIRMED:
            yield Ended(change, Outcome(Status.DONE, remark))
            reason = UnconfirmedReason(result.get("reason"))
            yield Unconfirmed(change, reason, result.get("shows"), _fact(result.get("why")))
        case state:
            yield Ended(change, Outcome(Status(state.value), remark, hint, result.get("refusal", 0)))
            if result.get("confirmed"):
                yield Confirmed(change)


def _fact(data: Json | None) -> Fact | None:
    return fact_of(data) if data else None


def _drift(data: Json) -> ReportData:
    entries = data["workspaces"]
    bare = _plans_of(data, [{**each, "hazards": (), "notes": ()} for each in entries])
    notes = [(each["workspace"], Note(fact_of(each), _place(each), differs=True)) for each in data["left_alone"]]
    notes += [(each["workspace"], Note(fact_of(each), _place(each), excused=True)) for each in data["excused"]]
    doubts = [(each["workspace"], fact_of(each)) for each in data["anomalies"]]
    plans = [
        replace(
            plan,
            notes=tuple(note for name, note in notes if name == plan.workspace),
            anomalies=tuple(doubt for name, doubt in doubts if name == plan.workspace),
        )
        for plan in bare
    ]
    changes = [(plan.workspace, change.id) for plan in plans for change in plan.changes]
    origins = {key: found for key, each in zip(changes, _changes(data), strict=True) if (found := _origin(each))}
    return ReportData(CommandName.DRIFT, tuple(plans), details=_details(data, origins))


def _details(data: Json, origins: Mapping[tuple[str, ChangeId], Origin]) -> DriftDetails:
    bases, coverage = data.get("bases", ()), data.get("coverage", ())
    if sum(section["managed"] for each in coverage for section in each["sections"]) > _MOST_MANAGED:
        raise UndecodableError("it counts more objects than there can be")
    return DriftDetails(
        compared_with={
            each["workspace"]: ComparedWith(each["revision"], each["commit"], each["run"] or "") for each in bases
        },
        origins=origins,
        fine_now={each["workspace"]: tuple(each["fine_now"]) for each in bases if each["fine_now"]},
        known=tuple(map(_known, data.get("known", ()))),
        coverage={each["workspace"]: tuple(map(_covered, each["sections"])) for each in coverage},
        passing={each["workspace"]: tuple(each["names"]) for each in data.get("not_confirmed", ())},
        required_coverage=next((each["required_percent"] for each in coverage if "required_percent" in each), None),
    )


def _origin(data: Json) -> Origin | None:
    if not data.keys() & {"cause", "causes", "last_set", "updated_at"}:
        return None
    last = data.get("last_set")
    return Origin(
        Cause(data["cause"]) if "cause" in data else None,
        {name: Cause(value) for name, value in data.get("causes", {}).items()},
        last and LastSet(last["run"], last["at"], last["commit"], None if "deleted" in last else {}, last["undo"]),
        datetime.fromisoformat(data["updated_at"]) if "updated_at" in data else None,
    )


def _place(data: Json) -> Place | None:
    source = data.get("source")
    return _at(source) if source else None


def _at(data: Json) -> Place:
    return Place(data["file"], data["line"], data["column"])


def _known(data: Json) -> KnownResult:
    kind, _, name = data["known_as"].partition(":")
    place, there = _place(data) or Place(""), tuple(data["workspaces"])
    until = date.fromisoformat(data["until"])
    known = Known(kind, name, until, data["reason"], place, data.get("workspace", ""))
    is_past = data["state"] == "expired"
    return KnownResult(known, () if is_past else there, there if is_past else (), is_past)


def _covered(data: Json) -> KindCoverage:
    """What is managed of one kind. The names of what is managed are not in reports."""
    objects = [Covered("", "", Coverage.MANAGED)] * data["managed"]
    for coverage in (Coverage.UNMANAGED, Coverage.EXCLUDED):
        objects += [Covered(name, name, coverage) for name in data[f"{coverage.value}_names"]]
    return KindCoverage("", data["section"], tuple(objects), _fact(data["unread"]))
