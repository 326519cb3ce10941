"""Plans as a reviewer sees them: removals and demotions, hazards, everything else."""

from __future__ import annotations

from collections.abc import Sequence

from beamctl.plan.change import Action, Change
from beamctl.plan.comparison import Note
from beamctl.plan.hazard import Allowance, Hazard, refused
from beamctl.plan.plan import Plan
from beamctl.report import change_spans, change_text
from beamctl.report.permissions import effect_text
from beamctl.report.plan_text import NO_ADMIN_LEFT, allow_flag
from beamctl.report.review.model import Danger, Row, Table, WorkspaceReview
from beamctl.report.review.verdict import (
    Consequence,
    changes_text,
    consequence,
    is_loss,
    is_person,
    noun_of,
    worst_first,
)
from beamctl.report.spans import Spans, fact_spans, joined, named, own
from beamctl.report.wording import TALLY

_HEADS = ("action", "who or what", "what changes", "asked for in")
_ADDITIONS = frozenset({Consequence.INVITED, Consequence.RESENT, Consequence.PROMOTED, Consequence.CREATED})
_VALUE_WORDS = {change_spans.ADDED: "added ", change_spans.CHANGED: "", change_spans.GONE: "removed "}


def plan_review(plan: Plan, allowed: Sequence[Allowance], command: str, scope: str = "") -> WorkspaceReview:
    """The plan of one workspace.

    Args:
        plan: The plan.
        allowed: The hazards that were allowed.
        command: The command that applies it.
        scope: The workspace that an allowance must name; empty if it need not.
    """
    dangers = dangers_of(plan, allowed, scope)
    return WorkspaceReview(
        workspace=plan.workspace,
        verdict=_verdict(plan, is_refused=any(each.is_refused for each in dangers)),
        kept=losses(plan, plan.changes),
        dangers=dangers,
        allow=_allow(plan, dangers, command, scope),
        others=others(plan, plan.changes),
        notes=notes(plan.notes),
        unchanged=unchanged(plan),
        about=about(plan),
    )


def _verdict(plan: Plan, *, is_refused: bool) -> str:
    if text := changes_text([plan]):
        return ("Refused: " if is_refused else "") + text
    return "No changes to make; some differences are left alone" if plan.differs else "No changes"


def losses(plan: Plan, changes: Sequence[Change]) -> Sequence[Table]:
    """The removals and demotions among some changes of a plan."""
    return _tables("Removals and demotions", plan, [change for change in changes if is_loss(change)])


def others(plan: Plan, changes: Sequence[Change]) -> Sequence[Table]:
    """All other changes."""
    rest = [change for change in changes if not is_loss(change)]
    added = [change for change in rest if consequence(change) in _ADDITIONS]
    changed = [change for change in rest if consequence(change) not in _ADDITIONS]
    return [*_tables("Additions and promotions", plan, added), *_tables("Other changes", plan, changed)]


def _tables(title: str, plan: Plan, changes: Sequence[Change]) -> Sequence[Table]:
    return [Table(title, _HEADS, [change_row(plan, each) for each in worst_first(changes)])] if changes else []


def change_row(plan: Plan, change: Change) -> Row:
    """One change."""
    is_declared = change.place is not None
    reason = change_spans.reason(change, plan)
    return Row(
        label=label(plan, change),
        name=named(change.name),
        what=what(change),
        where=named(change_text.place(change)) if is_declared else reason,
        effect=effect_text(change),
        details=[*([reason] if is_declared and reason else []), *change_spans.remarks(change), *value_rows(change)],
    )


def label(plan: Plan, change: Change) -> str:
    """The verb of a change, and the noun of its object unless it is a person."""
    verb = change.action.value if change.action is Action.UPDATE else consequence(change).value
    return verb if is_person(change) else f"{verb} {noun_of(plan.sections.get(change.kind, ''), plural=False)}"


def what(change: Change) -> Spans:
    """Before and after, unless the differences are listed one by one."""
    return () if change_spans.is_nested(change) else change_spans.detail(change)


def value_rows(change: Change) -> list[Spans]:
    """The differences inside the value of a change."""
    return [(*own(_VALUE_WORDS[each.symbol]), *each.spans) for each in change_spans.value_changes(change)]


def dangers_of(plan: Plan, allowed: Sequence[Allowance], scope: str = "") -> list[Danger]:
    """The hazards of a plan, those that refuse it first."""
    blocking = frozenset(refused(plan.hazards, allowed, plan.workspace))
    return sorted((_danger(each, scope, is_refused=each in blocking) for each in plan.hazards), key=_is_allowed)


def _is_allowed(danger: Danger) -> bool:
    return not danger.is_refused


def _danger(hazard: Hazard, scope: str, *, is_refused: bool) -> Danger:
    return Danger(
        name=hazard.risk.value,
        text=fact_spans(hazard.fact),
        is_refused=is_refused,
        flag=allow_flag(hazard, scope) if is_refused and hazard.liftable else "",
        why_not="" if hazard.liftable else f"{NO_ADMIN_LEFT}. Keep or promote another admin first",
    )


def _allow(plan: Plan, dangers: Sequence[Danger], command: str, scope: str) -> str:
    is_possible = any(each.is_refused for each in dangers) and not any(each.why_not for each in dangers)
    return " ".join([command, *(allow_flag(each, scope) for each in plan.hazards)]) if is_possible else ""


def notes(found: Sequence[Note]) -> Sequence[Spans]:
    """Notes, each with the line that it is about."""
    return [
        (*fact_spans(note.fact), *own(" ("), *named(f"{note.place.source}:{note.place.line}"), *own(")"))
        if note.place
        else fact_spans(note.fact)
        for note in found
    ]


def unchanged(plan: Plan) -> Sequence[str]:
    """The counts of what is left alone."""
    return [f"{plan.tally[why]:,} {text}" for why, text in TALLY.items() if plan.tally.get(why)]


def about(plan: Plan) -> Sequence[Spans]:
    """Where the facts of a workspace come from."""
    facts = {"API ": plan.api, "as ": plan.runs_as, "document ": plan.source}
    found = [(*own(text), *named(fact)) for text, fact in facts.items() if fact]
    sections = joined((named(each) for each in plan.sections.values()), ", ")
    return [*found, *([(*own("compared: "), *sections)] if sections else [])]
