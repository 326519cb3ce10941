"""What became of each workspace of a run, in one line, and of all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from beamctl.apply.record import Event
from beamctl.errors import (
    ApiError,
    DocumentError,
    ForbiddenError,
    GarbledError,
    InterruptedRunError,
    MissingError,
    MissingShardError,
    RecordError,
    RefusedError,
    StalePlanError,
    UnauthenticatedError,
    UnreachableError,
)
from beamctl.model.text import printable
from beamctl.plan.hazard import refused
from beamctl.plan.plan import Plan
from beamctl.report import change_text
from beamctl.report.apply_text import counts_text, totals
from beamctl.report.data import CommandName, ReportData, WorkspaceFailure
from beamctl.report.drift_details_spans import is_limited, uncovered_spans
from beamctl.report.spans import Spans, named, own

MOST_OUTCOMES = 50
"""Workspaces that a report lists one by one. The worst are kept."""
_LONGEST = 100


class Ending(Enum):
    """What became of a workspace, as it follows a number of workspaces. The worst first."""

    FAILED = "failed"
    REFUSED = "refused"
    INCOMPLETE = "incomplete"
    NOT_APPLIED = "not applied"
    DRIFTED = "with drift"
    UNCOVERED = "with too little coverage"
    CHANGES = "with changes"
    APPLIED = "applied"
    LEFT_ALONE = "with differences that are left alone"
    NOTED = "with notes"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class WorkspaceOutcome:
    """What became of one workspace.

    Attributes:
        workspace: Its name.
        ending: What became of it.
        what: The same in a few words.
    """

    workspace: str
    ending: Ending
    what: Spans = ()


_FAILED: Mapping[str, str] = {
    UnreachableError.code: "cannot be read: no response",
    UnauthenticatedError.code: "cannot be read: not authenticated",
    ForbiddenError.code: "cannot be read: not permitted",
    MissingError.code: "cannot be read: not found",
    GarbledError.code: "cannot be read: unexpected response",
    ApiError.code: "cannot be read: the API returned an error",
    DocumentError.code: "invalid document",
    RefusedError.code: "refused: nothing changed",
    StalePlanError.code: "stale: nothing changed",
    RecordError.code: "the run record cannot be written",
    InterruptedRunError.code: "interrupted",
    MissingShardError.code: "not known: its shard has no report",
}


def outcomes(data: ReportData) -> list[WorkspaceOutcome]:
    """What became of each workspace of a run, in the order of the documents."""
    failures = {each.workspace: each for each in data.failures}
    plans = {plan.workspace: plan for plan in data.plans}
    events = {plan.workspace: each for plan, each in data.results}
    found = []
    for name in data.workspaces:
        if name in failures and not (name in plans and _is_refusal(data, failures[name], plans[name])):
            found.append(_of_failure(failures[name], events.get(name, ())))
        else:
            found.append(_of_plan(data, plans[name], events.get(name)))
    return found


def _is_refusal(data: ReportData, failure: WorkspaceFailure, plan: Plan) -> bool:
    """Whether the plan itself says why its workspace failed."""
    return failure.code == RefusedError.code and bool(refused(plan.hazards, data.allowed, plan.workspace))


def worst_outcomes(found: Sequence[WorkspaceOutcome], most: int = MOST_OUTCOMES) -> Sequence[WorkspaceOutcome]:
    """Those with something to say, in order; only the worst if there are more than `most`."""
    said = [each for each in found if each.ending is not Ending.UNCHANGED]
    if len(said) <= most:
        return said
    order = {ending: number for number, ending in enumerate(Ending)}
    kept = sorted(range(len(said)), key=lambda index: order[said[index].ending])[:most]
    return [said[index] for index in sorted(kept)]


def total_text(data: ReportData, found: Sequence[WorkspaceOutcome]) -> str:
    """The run in one sentence."""
    counts = Counter(each.ending for each in found)
    if counts[Ending.UNCHANGED] == len(found):
        return f"No {'drift' if data.command is CommandName.DRIFT else 'changes'} in {len(found):,} workspaces."
    states = ", ".join(f"{counts[each]:,} {each.value}" for each in Ending if counts[each])
    return f"{len(found):,} workspaces: {'; '.join(filter(None, (states, _sum(data))))}."


def _sum(data: ReportData) -> str:
    match data.command:
        case CommandName.PLAN:
            counts = change_text.action_counts(tuple(change for plan in data.plans for change in plan.changes))
            return f"{counts} in all" if counts else ""
        case CommandName.DRIFT:
            return f"{_differences(sum(map(_count, data.plans)))} in all" if any(map(_count, data.plans)) else ""
        case CommandName.APPLY:
            counts = counts_text(totals([event for _, events in data.results for event in events]))
            return f"{counts} in all" if data.results else ""
        case _:
            assert_never(data.command)


def failure_spans(failure: WorkspaceFailure) -> Spans:
    """Why a workspace failed, in a few words, and the line that declares it."""
    message = printable(failure.message)
    cut = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    known = _FAILED.get(failure.code, "")
    count = len(failure.problems)
    problems = f": {count:,} problem{'s' * (count != 1)}" if count else ""
    why = own(known + problems) if known else (*own("failed: "), *named(cut))
    return (*why, *own(" ("), *place_spans(failure), *own(")"))


def place_spans(failure: WorkspaceFailure) -> Spans:
    """The line that declares a workspace that failed."""
    return named(f"{failure.place.source}:{failure.place.line}" if failure.place.line else failure.place.source)


def _of_failure(failure: WorkspaceFailure, events: Sequence[Event]) -> WorkspaceOutcome:
    is_refused = failure.code == RefusedError.code and not events
    done = own(f"{counts_text(totals(events))}; ") if events else ()
    ending = Ending.REFUSED if is_refused else Ending.FAILED
    return WorkspaceOutcome(failure.workspace, ending, (*done, *failure_spans(failure)))


def _of_plan(data: ReportData, plan: Plan, events: Sequence[Event] | None) -> WorkspaceOutcome:
    match data.command:
        case CommandName.DRIFT:
            ending, what = _drift(data, plan)
        case CommandName.APPLY if events is not None:
            count = totals(events)
            ending = Ending.APPLIED if count.complete else Ending.INCOMPLETE
            what = f"{ending.value}: {counts_text(count)}"
        case CommandName.PLAN | CommandName.APPLY:
            ending, what = _plan(data, plan)
        case _:
            assert_never(data.command)
    return WorkspaceOutcome(plan.workspace, ending, own(what))


def _plan(data: ReportData, plan: Plan) -> tuple[Ending, str]:
    is_apply = data.command is CommandName.APPLY
    counts = change_text.action_counts(plan.changes)
    blocking = refused(plan.hazards, data.allowed, plan.workspace)
    if risks := ", ".join(dict.fromkeys(hazard.risk.value for hazard in blocking)):
        detail = "nothing changed" if is_apply else counts or "no changes"
        return Ending.REFUSED, f"refused ({risks}): {detail}"
    if counts:
        return (Ending.NOT_APPLIED, f"not applied: {counts}") if is_apply else (Ending.CHANGES, counts)
    if plan.differs:
        return Ending.LEFT_ALONE, "no changes to make; some differences are left alone"
    return Ending.UNCHANGED, ""


def _drift(data: ReportData, plan: Plan) -> tuple[Ending, str]:
    low = "coverage is too low" if uncovered_spans(plan.workspace, data.details) else ""
    doubt = "the response of the API may be incomplete" if plan.anomalies else ""
    if plan.differs:
        found = f"drift: {_differences(_count(plan))}"
        return Ending.DRIFTED, "; ".join(filter(None, (found, low, doubt)))
    if low:
        return Ending.UNCOVERED, "; ".join(filter(None, (low, doubt)))
    if doubt or is_limited(plan, data.details) or data.details.passing.get(plan.workspace):
        return Ending.NOTED, doubt or "no drift, except what is not counted"
    return Ending.UNCHANGED, ""


def _count(plan: Plan) -> int:
    return len(plan.changes) + sum(note.differs for note in plan.notes)


def _differences(count: int) -> str:
    return f"{count:,} difference{'s' * (count != 1)}"
