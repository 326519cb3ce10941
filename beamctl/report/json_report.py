"""JSON reports: one versioned object per run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, assert_never

from beamctl.apply.record import Confirmed, Ended, Event, NotAttempted, Record, Started, State, Unconfirmed
from beamctl.document.problem import Problem
from beamctl.model.fact import Fact, fact_data
from beamctl.plan.hazard import Allowance
from beamctl.plan.known_drift import known_as
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import Saved, origin_of
from beamctl.plan.plan_json import FORMAT_VERSION, address, change_data, plans_data
from beamctl.report.apply_text import totals, unconfirmed_text
from beamctl.report.data import CommandName, DriftDetails, ReportData
from beamctl.report.drift_details_json import compared_data, details_data, note_data, origin_data, unchanged_data
from beamctl.report.drift_text import difference_text
from beamctl.report.failures_json import failure_data, problem_data
from beamctl.report.record_json import run_data
from beamctl.report.shard_text import shard_data
from beamctl.report.wording import words


def report(data: ReportData) -> str:
    """What the command prints with `-o json`."""
    match data.command:
        case CommandName.PLAN:
            found = _plans_with_text(data.plans, data.allowed)
        case CommandName.DRIFT:
            found = _drift_data(data.plans, data.details)
            if data.failures and not found["drift"]:
                found["drift"] = None  # nothing is known about the others
        case CommandName.APPLY:
            found = _applied_data(data.plans, data.allowed, data.results, saved=data.saved)
        case _:
            assert_never(data.command)
    failures: dict[str, Any] = {"failures": list(map(failure_data, data.failures))}
    order = {"order": list(data.workspaces)} if data.failures else {}
    return dumps(found | failures | order | shard_data(data.scope))


def problems_json(problems: Sequence[Problem], documents: int, warnings: Sequence[Problem] = ()) -> str:
    """All problems and warnings."""
    errors, suspects = (list(map(problem_data, each)) for each in (problems, warnings))
    return dumps({"valid": not errors, "documents": documents, "problems": errors, "warnings": suspects})


def _plans_with_text(plans: Sequence[Plan], allowed: Sequence[Allowance]) -> dict[str, Any]:
    data = plans_data(plans, allowed)
    for entry, plan in zip(data["workspaces"], plans, strict=True):
        for each, hazard in zip(entry["hazards"], plan.hazards, strict=True):
            each["text"] = words(hazard.fact)
        entry["notes"] = [said(note.fact) for note in plan.notes]
        entry["unchanged"] = unchanged_data(plan)
    return data


def said(fact: Fact) -> dict[str, Any]:
    """A fact with its text."""
    return fact_data(fact) | {"text": words(fact)}


def _drift_data(plans: Sequence[Plan], details: DriftDetails) -> dict[str, Any]:
    found = [
        change_data(plan.workspace, change)
        | {"text": difference_text(plan, change), "known_as": known_as(change)}
        | origin_data(details.origins.get((plan.workspace, change.id)))
        for plan in plans
        for change in plan.changes
    ]
    notes = [(note_data(plan, note), note) for plan in plans for note in plan.notes]
    left = [each for each, note in notes if note.differs]
    excused = [each for each, note in notes if note.excused]
    drift = any(plan.differs for plan in plans)
    anomalies = [{"workspace": plan.workspace, **said(each)} for plan in plans for each in plan.anomalies]
    data: dict[str, Any] = {
        "drift": drift,
        "resource_drift": found,
        "left_alone": left,
        "excused": excused,
        "anomalies": anomalies,
        "workspaces": list(map(compared_data, plans)),
    }
    return data | details_data(details)


def _applied_data(
    plans: Sequence[Plan],
    allowed: Sequence[Allowance],
    events: Sequence[tuple[Plan, Sequence[Event]]],
    *,
    saved: Saved | None,
) -> dict[str, Any]:
    results = [result for plan, each in events for result in _results(plan, each)]
    summary = asdict(totals([event for _, each in events for event in each]))
    signed = {"signer": saved.signer} if saved and saved.signer else {}
    origin = {"saved": origin_of(saved) | {"digest": saved.digest} | signed} if saved else {}
    return _plans_with_text(plans, allowed) | origin | {"results": results, "summary": summary}


def runs_json(found: Sequence[tuple[str, Record | str]], more: int = 0) -> str:
    """Past runs with every change, or why a run cannot be read; `more` is the number of runs not listed."""
    return dumps({"runs": [run_data(name, each) for name, each in found], "more": more})


def error_json(message: str, hint: str, code: str, exit_code: int) -> str:
    """An error that prevented any other report."""
    return dumps({"error": {"code": code, "message": message, "hint": hint, "exit_code": exit_code}})


def _results(plan: Plan, events: Sequence[Event]) -> list[dict[str, Any]]:
    found = []
    confirmations = {_key(event): event for event in events if isinstance(event, Confirmed | Unconfirmed)}
    for event in events:
        match event:
            case Ended(change=change, outcome=outcome):
                result = _result(outcome.status.value, outcome.remark, outcome.hint)
                result |= {"refusal": outcome.refusal} if outcome.refusal else {}
                match confirmations.get(_key(event)):
                    case Confirmed(late=late):
                        result |= {"confirmed": True} | ({"remark": None} if late else {})
                    case Unconfirmed(reason=reason, shows=shows, why=why) as unconfirmed:
                        result |= {"outcome": State.UNCONFIRMED.value, "hint": None}
                        result |= {"shows": shows and dict(shows), "why": why and said(why)}
                        result |= {"reason": reason.value, "text": unconfirmed_text(unconfirmed)}
                    case _:
                        pass
            case NotAttempted(change=change, why=why):
                result = _result(State.WAITING.value, why)
            case Started() | Confirmed() | Unconfirmed():
                continue
            case _:
                assert_never(event)
        found.append({"address": address(plan.workspace, change), "action": change.action.value, **result})
    return sorted(found, key=lambda result: (result["address"], result["action"]))


def _result(outcome: str, remark: Fact | None, hint: Fact | None = None) -> dict[str, Any]:
    return {"outcome": outcome, "remark": remark and said(remark), "hint": hint and said(hint)}


def _key(event: Event) -> tuple[str, str]:
    return event.change.kind, event.change.key


def dumps(data: Mapping[str, Any]) -> str:
    """A report, with the version of the format."""
    return json.dumps({"format_version": FORMAT_VERSION, **data}, indent=2, ensure_ascii=True) + "\n"
