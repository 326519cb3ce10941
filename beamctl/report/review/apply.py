"""An apply as a reviewer sees it: what failed or was skipped first, then what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from typing import assert_never

from beamctl.apply.record import Confirmed, Ended, Event, NotAttempted, Started, Unconfirmed
from beamctl.plan.change import Change, ChangeId
from beamctl.plan.hazard import Allowance
from beamctl.plan.kind import Status
from beamctl.plan.plan import Plan
from beamctl.report.apply_text import counts_text, totals, unconfirmed_text
from beamctl.report.review.model import Row, Table, WorkspaceReview
from beamctl.report.review.plan import about, change_row, dangers_of, notes, partial_note, unchanged
from beamctl.report.review.verdict import is_loss, worst_first
from beamctl.report.spans import Spans, fact_spans, shown

_HEADS = ("result", "who or what", "change", "asked for in")


class Result(Enum):
    """How a change ended. The worst first."""

    FAILED = "failed"
    NOT_CONFIRMED = "not confirmed"
    NOT_ATTEMPTED = "not attempted"
    DEFERRED = "waiting for the invitee"
    DONE = "done"


_TO_LOOK_AT = frozenset({Result.FAILED, Result.NOT_CONFIRMED, Result.NOT_ATTEMPTED})


def apply_review(plan: Plan, events: Sequence[Event], allowed: Sequence[Allowance]) -> WorkspaceReview:
    """The results in one workspace."""
    found: dict[ChangeId, tuple[Result, Sequence[Spans]]] = {}
    for event in events:
        if ended := _result(event):
            found[event.change.id] = ended
    count = totals(events)
    lacking = worst_first(each for each in plan.changes if _ended(found, each) in _TO_LOOK_AT)
    made = worst_first(each for each in plan.changes if _ended(found, each) not in _TO_LOOK_AT)
    lost, rest = [each for each in made if is_loss(each)], [each for each in made if not is_loss(each)]
    kept = [*_tables("To look at", plan, lacking, found), *_tables("Removed and demoted", plan, lost, found)]
    partial = " (partial plan)" if plan.partial else ""
    return WorkspaceReview(
        workspace=plan.workspace,
        verdict=f"{'Applied' if count.complete else 'Apply is incomplete'}{partial}: {counts_text(count)}",
        kept=kept,
        dangers=[each for each in dangers_of(plan, allowed) if not each.is_refused],
        others=_tables("Also done", plan, rest, found),
        notes=[*partial_note(plan), *notes(plan.notes)],
        unchanged=unchanged(plan),
        about=about(plan),
    )


Results = dict[ChangeId, tuple[Result, Sequence[Spans]]]


def _ended(found: Results, change: Change) -> Result:
    return found[change.id][0] if change.id in found else Result.NOT_ATTEMPTED


def _tables(title: str, plan: Plan, changes: Sequence[Change], found: Results) -> Sequence[Table]:
    return [Table(title, _HEADS, [_row(plan, each, found) for each in changes])] if changes else []


def _row(plan: Plan, change: Change, found: Results) -> Row:
    row = change_row(plan, change)
    result, said = found.get(change.id, (Result.NOT_ATTEMPTED, ()))
    in_effect = result is Result.DONE
    return replace(
        row,
        label=f"{result.value}: {row.label}",
        effect=row.effect if in_effect else "",
        details=[*filter(None, said), *row.details],
    )


def _result(event: Event) -> tuple[Result, Sequence[Spans]] | None:
    match event:
        case Ended(outcome=outcome):
            result = _RESULTS[outcome.status] if outcome.certain else Result.NOT_CONFIRMED
            return result, (fact_spans(outcome.remark), fact_spans(outcome.hint))
        case NotAttempted(why=why):
            return Result.NOT_ATTEMPTED, (fact_spans(why),)
        case Unconfirmed():
            return Result.NOT_CONFIRMED, (shown(unconfirmed_text(event)),)
        case Confirmed(late=late):
            return (Result.DONE, ()) if late else None
        case Started():
            return None
        case _:
            assert_never(event)


_RESULTS = {Status.DONE: Result.DONE, Status.DEFERRED: Result.DEFERRED, Status.FAILED: Result.FAILED}
