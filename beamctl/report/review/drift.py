"""A drift as a reviewer sees it: access that is not declared first, then what is missing, then other differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beamctl.plan.change import ALL_ATTRIBUTES, Change, Reason
from beamctl.plan.plan import Plan
from beamctl.plan.three_way import Origin
from beamctl.report import change_spans, change_text
from beamctl.report.data import ReportData
from beamctl.report.drift_details_spans import (
    base_spans,
    coverage_spans,
    is_limited,
    known_spans,
    origin_spans,
    passing_spans,
    section_spans,
    uncovered_spans,
)
from beamctl.report.drift_text import DUE
from beamctl.report.permissions import excess_text
from beamctl.report.review.model import Row, Table, WorkspaceReview
from beamctl.report.review.plan import about, notes, unchanged
from beamctl.report.review.verdict import (
    Consequence,
    consequence,
    differences_text,
    is_loss,
    is_person,
    noun_of,
    worst_first,
)
from beamctl.report.spans import Spans, fact_spans, joined, named, own, shown

_HEADS = ("difference", "who or what", "workspace → document", "declared in")
_LABELS = {
    Consequence.REMOVED: "not declared",
    Consequence.DELETED: "not declared",
    Consequence.DEMOTED: "higher role",
    Consequence.GETS_OTHER_ROLE: "other role",
    Consequence.WITHDRAWN: "not declared",
    Consequence.INVITED: "missing",
    Consequence.PROMOTED: "lower role",
    Consequence.RESENT: "expired",
    Consequence.CREATED: "missing",
    Consequence.UPDATED: "differs",
}
_VALUE_WORDS = {
    change_spans.ADDED: "only in the document: ",
    change_spans.CHANGED: "",
    change_spans.GONE: "only in the workspace: ",
}

_STANDINGS = {"invited": "invited as ", "expired": "expired invitation as "}


def drift_review(plan: Plan, data: ReportData) -> WorkspaceReview:
    """The differences of one workspace.

    Args:
        plan: What would undo the drift.
        data: The drift of all workspaces.
    """
    doubted = frozenset(each.order for each in plan.anomalies)
    found = [each for each in plan.notes if (each.differs or each.excused) and each.fact.order not in doubted]
    worst = [change for change in plan.changes if is_loss(change)]
    rest = [change for change in plan.changes if not is_loss(change)]
    return WorkspaceReview(
        workspace=plan.workspace,
        verdict=_verdict(plan, data),
        doubts=list(map(fact_spans, plan.anomalies)),
        kept=_tables("More than the document declares", plan, worst, data),
        others=_tables("Missing or different", plan, rest, data),
        notes=[*notes(found), *filter(None, _more_notes(plan, data))],
        unchanged=unchanged(plan),
        about=[*about(plan), *base_spans(plan, data.details), *_coverage(plan, data)],
    )


def _verdict(plan: Plan, data: ReportData) -> str:
    if plan.changes:
        text = f"Drift: {differences_text([plan])}"
    elif plan.differs:
        text = "Drift: differences that beamctl leaves alone"
    else:
        text = "No drift" + ", except what is not counted" * is_limited(plan, data.details)
    return text + "; coverage is too low" * bool(uncovered_spans(plan.workspace, data.details))


def _more_notes(plan: Plan, data: ReportData) -> Iterator[Spans]:
    details, is_first = data.details, plan is data.plans[0]
    yield uncovered_spans(plan.workspace, details)
    yield passing_spans(plan, details)
    for each in details.known:
        where = each.expired or ((each.known.workspace,) if each.known.workspace else ())
        if (text := known_spans(each)) and (plan.workspace in where or (is_first and not where)):
            place = each.known.place
            yield (*text, *own(" ("), *named(f"{place.source}:{place.line}"), *own(")"))


def _coverage(plan: Plan, data: ReportData) -> list[Spans]:
    kinds = data.details.coverage.get(plan.workspace)
    if kinds is None:
        return []
    return [coverage_spans(plan.workspace, kinds), *(joined(each, " · ") for each in section_spans(kinds))]


def _tables(title: str, plan: Plan, changes: Sequence[Change], data: ReportData) -> Sequence[Table]:
    if not changes:
        return []
    rows = [_row(plan, change, data.origin(plan, change)) for change in worst_first(changes)]
    return [Table(title, (*_HEADS, *(["cause"] if any(row.cause for row in rows) else [])), rows)]


def _row(plan: Plan, change: Change, origin: Origin | None) -> Row:
    text = _LABELS[consequence(change)]
    due = DUE.get(change.reason, "")
    details = [own(due)] if due else []
    details += [own("access ended")] if change.reason is Reason.ACCESS_ENDED else []
    details += (
        [change_spans.reason(change, plan), *change_spans.remarks(change)] if change.reason is Reason.LEFT else []
    )
    return Row(
        label=text if is_person(change) else f"{noun_of(plan.sections.get(change.kind, ''), plural=False)}: {text}",
        name=named(change.name),
        what=_sides(change),
        where=named(change_text.place(change)) or (*own("not in "), *named(plan.source)),
        effect=excess_text(change),
        details=[*details, *change_spans.ways(change), *_value_rows(change)],
        cause=origin_spans(origin),
    )


def _sides(change: Change) -> Spans:
    """What the workspace has, and what the document says."""
    if change.before is not None and change.after is not None and change_spans.is_nested(change):
        return ()
    is_whole = change.attribute == ALL_ATTRIBUTES
    standing = (change.before or {}).get("standing", "accepted")
    how = own(_STANDINGS.get(standing, ""))
    before = own("exists") if is_whole else (*how, *change_spans.attribute(change), *_side(change, live=True))
    after = own("declared") if is_whole else (*change_spans.attribute(change), *_side(change, live=False))
    live = own("missing") if change.before is None else before
    return (*live, *own(" → "), *(own("not declared") if change.after is None else after))


def _side(change: Change, *, live: bool) -> Spans:
    return change_spans.side(change, change.before if live else change.after)


def _value_rows(change: Change) -> list[Spans]:
    if change.before is None or change.after is None:
        return []
    return [
        (*own(_VALUE_WORDS[each.symbol]), *shown(each.path), *own(": "), *each.sides)
        for each in change_spans.value_changes(change)
    ]
