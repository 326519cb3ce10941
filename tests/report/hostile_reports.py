"""Plans, drifts and applies in which every value from outside is the same hostile one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from beamctl.apply.record import Ended, Event, NotAttempted, Unconfirmed, UnconfirmedReason
from beamctl.document.problem import Place, Problem, ProblemCode
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.change import Change
from beamctl.plan.coverage import Coverage, Covered, KindCoverage
from beamctl.plan.kind import Outcome, Status
from beamctl.plan.known_drift import Known, KnownResult
from beamctl.plan.plan import Plan
from beamctl.plan.three_way import Cause, LastSet, Origin
from beamctl.report.data import CommandName, ComparedWith, DriftDetails, ReportData, WorkspaceFailure
from tests.fakes.resources import FakeResources, resource
from tests.fakes.runs import document, planned
from tests.fakes.service_accounts import FakeServiceAccounts, service_account
from tests.fakes.wording import failure
from tests.fakes.workspace import FakeWorkspace, person


@cache
def harmless() -> Plan:
    """Changes of most kinds, hazards and notes."""
    live = FakeWorkspace.of(
        [person("root@x.io", "admin"), person("gone@x.io", "admin"), person("up@x.io"), person("odd@x.io", "owner")],
        settings={"name": "acme", "displayName": "Acme", "labels": {"a": "b"}},
        accounts=FakeServiceAccounts({"c-ci": service_account("c-ci", "ci")}),
        resources=FakeResources(),
    )
    live.resources.kept["policies"] = {"old": resource("old", spec={"type": "location"})}
    return planned(
        document(
            {"root@x.io": "admin", "up@x.io": "admin", "new@x.io": {"role": "member", "reason": "R", "owner": "O"}},
            settings={"displayName": "New", "labels": {"a": "c"}},
            serviceAccounts={},
            policies={"new": {"displayName": "N", "spec": {"type": "flavor"}}},
        ),
        live,
    )


def hostile_plan(value: str) -> Plan:
    plan = harmless()
    assert plan.changes
    assert plan.hazards
    assert plan.notes
    return replace(
        plan,
        source=value,
        api=value,
        runs_as=value,
        changes=tuple(_change(change, value) for change in plan.changes),
        hazards=tuple(replace(each, value=value, fact=_fact(each.fact, value)) for each in plan.hazards),
        anomalies=tuple(_fact(each.fact, value) for each in plan.hazards),
        notes=tuple(replace(each, fact=_fact(each.fact, value), place=Place(value, 1, 1)) for each in plan.notes),
    )


def hostile_reports(value: str) -> list[ReportData]:
    plan = hostile_plan(value)
    return [
        ReportData(CommandName.PLAN, [plan], apply_command="beamctl apply"),
        ReportData(CommandName.DRIFT, [plan], details=hostile_details(plan, value)),
        ReportData(CommandName.APPLY, [plan], results=[(plan, [_event(each, value) for each in plan.changes])]),
        ReportData(CommandName.PLAN, [plan], failures=hostile_failures(value)),
    ]


def hostile_failures(value: str) -> list[WorkspaceFailure]:
    """A workspace that cannot be read, and one whose document turns out to be invalid."""
    place = Place(value, 3, 1)
    problem = Problem(place, ProblemCode.INVALID_VALUE, value, value)
    return [
        WorkspaceFailure("lost", place, "unknown-code", value, value),
        WorkspaceFailure("odd", place, "invalid-document", value, problems=(problem,)),
    ]


def hostile_details(plan: Plan, value: str) -> DriftDetails:
    """What a drift says besides the differences. Every place holds the value."""
    known = Known("member", value, date(2026, 1, 1), value, Place(value, 3, 3))
    objects = tuple(Covered(each.value, value, each) for each in Coverage)
    last = LastSet(value, value, value, None, undoes=True)
    origins = [
        Origin(Cause.BOTH, {value: Cause.BY_HAND, "role": Cause.NOT_APPLIED}, last, datetime(2026, 11, 24, tzinfo=UTC)),
        Origin(Cause.UNKNOWN),
    ]
    return DriftDetails(
        compared_with={plan.workspace: ComparedWith(value, "1a" * 20, value)},
        origins={(plan.workspace, each.id): origins[number % 2] for number, each in enumerate(plan.changes)},
        fine_now={plan.workspace: (value,)},
        known=(
            KnownResult(known),
            KnownResult(known, expired=(plan.workspace,), is_past=True),
            KnownResult(known, is_past=True),
        ),
        coverage={plan.workspace: (KindCoverage("k", "things", objects, fact(Code.CANNOT_BE_READ, detail=value)),)},
        passing={plan.workspace: (value,)},
        required_coverage=100,
    )


def _change(change: Change, value: str) -> Change:
    sides: dict[str, Any] = {}
    if change.attribute != "role":
        sides = {"before": _data(change.before, value, ""), "after": _data(change.after, value, "!")}
    return replace(
        change,
        name=value,
        place=Place(value, 3, 1) if change.place else None,
        declared=dict.fromkeys(change.declared, value),
        **sides,
    )


def _data(data: Any, value: str, more: str) -> Any:
    """The same data with other strings; the two sides of a change stay different."""
    match data:
        case dict():
            return {key: _data(inner, value, more) for key, inner in data.items()}
        case list():
            return [_data(inner, value, more) for inner in data]
        case str():
            return value + more
        case _:
            return data


def _fact(fact: Fact, value: str) -> Fact:
    fields: Mapping[str, Any] = fact.fields
    return Fact(fact.code, {name: _field(each, value) for name, each in fields.items()})


def _field(field: Any, value: str) -> Any:
    match field:
        case Fact():
            return _fact(field, value)
        case tuple():
            return tuple(_field(each, value) for each in field)
        case str():
            return value
        case _:
            return field


def _event(change: Change, value: str) -> Event:
    match len(change.kind) % 3:
        case 0:
            return Ended(change, Outcome(Status.FAILED, failure(value), failure(value)))
        case 1:
            return NotAttempted(change, failure(value))
        case _:
            return Unconfirmed(change, UnconfirmedReason.SHOWN_OTHERWISE, {"role": value})
