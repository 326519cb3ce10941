"""Drift for a reader: what stands in the workspace that the document does not say, and the other way round.
It must not say what apply would do."""

from __future__ import annotations

from beamctl.model.text import printable
from beamctl.plan.change import WHOLE, Change, Reason
from beamctl.plan.comparison import Note
from beamctl.plan.diff import ABSENT, Difference
from beamctl.plan.plan import Plan
from beamctl.report import change_text
from beamctl.report.style import PLAIN, Style, Tone, table, value
from beamctl.report.text.plan import aside

_ASKED = {
    Reason.EXPIRES: "expires, and is to be made anew by now",
    Reason.NOT_HANDED_OVER: "was made, its secret was not handed over, and it is to be made anew",
    Reason.SUPERSEDED: "is there still, and is to go as there is a newer one",
}
"""What the document asks for in time, whoever did what."""

_USELESS = "is there, and its secret was not handed over"


def drift_text(plan: Plan, style: Style = PLAIN) -> str:
    """One workspace, told from its own side."""
    lines = [style(Tone.STRONG, change_text.head(plan)), ""]
    for kind, section in plan.sections.items():
        rows = [(_mark(change), *_row(plan, change)) for change in plan.changes if change.kind == kind]
        if rows:
            lines += [f"  {section}", *table(rows, "  ")]
    if plan.changes:
        lines.append("")
    shown = [note for note in plan.notes if note.differs or note.excused]
    lines += aside(plan, [*(Note(doubt) for doubt in plan.doubts), *shown])
    if lines[-1]:
        lines.append("")
    lines.append(style(Tone.STRONG, _sum(plan)))
    if plan.changes:
        lines.append("  `beamctl plan` shows what would put it right; or change the document to say what is.")
    return "\n".join(lines) + "\n"


def told(plan: Plan, change: Change) -> str:
    """One difference in a sentence: what is, and what the document says."""
    says = printable(plan.source)
    return _told_whole(change, says) if change.attribute == WHOLE else _told_attribute(change, says)


def _told_attribute(change: Change, says: str) -> str:
    has, said = _live(change), change_text.side(change, change.after)
    match change.reason:
        case Reason.NOT_THERE:
            return f"is not there; {says} says {change_text.attribute(change)}{said}"
        case Reason.NOT_DECLARED:
            return f"{has}; not in {says}"
        case Reason.ACCESS_ENDED:
            return f"{has}; {says} ended that on {change.declared.get('until', '')}"
        case Reason.INVITATION_EXPIRED:
            return f"has an expired invitation; {says} says {said}"
        case other if other in _ASKED:
            return f"{_ASKED[other]}, as {says} says" if change.after or other is Reason.SUPERSEDED else _USELESS
        case _:
            before, after = change.before or {}, change.after or {}
            more = [_spot(Difference(name, before.get(name), after[name]), says) for name in change_text.others(change)]
            return "; ".join([f"{has}; {says} says {said}", *more])


def _told_whole(change: Change, says: str) -> str:
    """The same of a whole thing: that it is there or not, or everything in which it differs."""
    if change.after is None:
        return f"is there; not in {says}"
    if change.before is None:
        return f"is not there; it is in {says}"
    return "; ".join(_spot(spot, says) for spot in change_text.inside(change))


def _spot(spot: Difference, says: str) -> str:
    path = printable(spot.path)
    if spot.before is ABSENT:
        return f"{path}: {value(spot.after)} is missing"
    if spot.after is ABSENT:
        return f"{path}: {value(spot.before)} is not in {says}"
    return f"{path} is {value(spot.before)}; {says} says {value(spot.after)}"


def _row(plan: Plan, change: Change) -> tuple[str, str, str]:
    return printable(change.name), told(plan, change), change_text.place(change)


def _mark(change: Change) -> str:
    """The other way round than a plan: `+` is more than the document says, `-` is less."""
    if change.after is None:
        return "+"
    return "-" if change.before is None else "~"


def _live(change: Change) -> str:
    standing = (change.before or {}).get("standing", "accepted")
    how = "" if standing == "accepted" else f"{standing} as "
    return f"{change_text.attribute(change)}is {how}{change_text.side(change, change.before)}"


def _sum(plan: Plan) -> str:
    if plan.differs and not plan.changes:
        return f"Drift: what is said above of {plan.workspace} is not as {printable(plan.source)} says."
    if not plan.changes:
        return f"No drift: {plan.workspace} is as {printable(plan.source)} says."
    count = len(plan.changes)
    return f"Drift: {count} difference{'s' * (count != 1)} between {plan.workspace} and {printable(plan.source)}."
