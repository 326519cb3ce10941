"""Text report of drift: the differences between a workspace and its document, without what apply would do; and what
changed since a plan was saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beamctl.model.text import printable
from beamctl.plan.change import ALL_ATTRIBUTES, Change, Reason
from beamctl.plan.comparison import Note
from beamctl.plan.diff import ABSENT, Difference, differences
from beamctl.plan.plan import Plan
from beamctl.plan.staleness import StaleObject
from beamctl.report import change_spans, change_text
from beamctl.report.data import DriftDetails, ReportData
from beamctl.report.drift_details_spans import (
    address_spans,
    base_spans,
    coverage_spans,
    is_limited,
    known_spans,
    origin_spans,
    passing_spans,
    section_spans,
)
from beamctl.report.plan_text import counts_and_notes
from beamctl.report.shard_text import shard_lines
from beamctl.report.spans import named, own, plain
from beamctl.report.style import PLAIN, Style, Tone, table, value

NO_DETAILS = DriftDetails()

DUE = {
    Reason.EXPIRES: "expires and is due to be re-created",
    Reason.NOT_HANDED_OVER: "was created, but its secret was not stored; it is to be re-created",
    Reason.SUPERSEDED: "still exists; it is to be deleted because there is a newer one",
}
"""Differences that come from the document over time, not from a change in the workspace."""

_NOT_STORED = "exists, but its secret was not stored"


def drifts_text(data: ReportData, style: Style = PLAIN, *, verbose: bool = False) -> str:
    """The differences of all workspaces, and what else was found.

    If the run is over several workspaces, those without drift are one line, unless `verbose`, and a table of the others
    ends the text.
    """
    head, more = shard_lines(data.scope), _more_lines(data.plans, data.details)
    after = ["\n".join(more) + "\n"] if more else []
    if not data.several:
        return "\n".join([*head, *(drift_text(plan, style, data.details) for plan in data.plans), *after])
    from beamctl.report.fleet_text import ending_text, unchanged, unchanged_text

    folded = [] if verbose else unchanged(data)
    names = {plan.workspace for plan in folded}
    shown = [plan for plan in data.plans if plan.workspace not in names]
    texts = [drift_text(plan, style, data.details, is_one_of_several=True) for plan in shown]
    summary = unchanged_text(folded, of=len(data.workspaces), notes=False) if folded else ""
    return "\n".join([*head, *texts, *filter(None, [summary]), *after, ending_text(data, style)])


def _more_lines(plans: Sequence[Plan], details: DriftDetails) -> list[str]:
    """Known drift that needs attention, the addresses of the rest, and the coverage of all workspaces."""
    known = [(each.known.place, text) for each in details.known if (text := known_spans(each))]
    lines = [plain((*named(f"{place.source}:{place.line}"), *own(": "), *text, *own("."))) for place, text in known]
    rest = plain(address_spans(plans, details))
    lines += [f"{rest}."] if rest else []
    for workspace, kinds in details.coverage.items():
        lines += [*([""] if lines else []), f"{plain(coverage_spans(workspace, kinds))}."]
        for counts, *more in section_spans(kinds):
            lines += [f"  {plain(counts)}", *(f"    {plain(each)}" for each in more)]
    return lines


def drift_text(
    plan: Plan, style: Style = PLAIN, details: DriftDetails = NO_DETAILS, *, is_one_of_several: bool = False
) -> str:
    """The differences of one workspace, seen from the workspace. Commands name it if there are others."""
    lines = [style(Tone.STRONG, change_text.plan_heading(plan)), ""]
    for kind, section in plan.sections.items():
        rows = [
            (difference_mark(change), *_row(plan, change, details)) for change in plan.changes if change.kind == kind
        ]
        if rows:
            kept = [index for index, column in enumerate(zip(*rows, strict=True)) if any(column)]
            lines += [f"  {section}", *table([tuple(row[index] for index in kept) for row in rows], "  ")]
    if plan.changes:
        lines.append("")
    shown = [note for note in plan.notes if note.differs or note.excused]
    lines += counts_and_notes(plan, [*(Note(anomaly) for anomaly in plan.anomalies), *shown])
    more = filter(None, [*base_spans(plan, details), passing_spans(plan, details)])
    lines += [f"  {plain(each)}." for each in more]
    if lines[-1]:
        lines.append("")
    lines.append(style(Tone.STRONG, _sum(plan, details)))
    if plan.changes:
        which = f" -w {plan.workspace}" if is_one_of_several else ""
        fix = f"`beamctl plan{which}` to see the changes that would fix this"
        lines.append(f"  Run {fix}, or `beamctl drift{which} --patch` to update the document.")
    return "\n".join(lines) + "\n"


def difference_text(plan: Plan, change: Change) -> str:
    """One difference: the live state, and what the document says."""
    source = printable(plan.source)
    return _object_text(change, source) if change.attribute == ALL_ATTRIBUTES else _attribute_text(change, source)


def _attribute_text(change: Change, source: str) -> str:
    live, desired = _live(change), change_text.side(change, change.after)
    match change.reason:
        case Reason.NOT_THERE:
            return f"is missing; {source} says {change_text.attribute(change)}{desired}"
        case Reason.NOT_DECLARED:
            return f"{live}; not in {source}"
        case Reason.ACCESS_ENDED | Reason.LEFT:
            return f"{live}; {_ended(change, source)}"
        case Reason.INVITATION_EXPIRED:
            return f"has an expired invitation; {source} says {desired}"
        case other if other in DUE:
            return f"{DUE[other]} ({source})" if change.after or other is Reason.SUPERSEDED else _NOT_STORED
        case _:
            before, after = change.before or {}, change.after or {}
            more = [
                _difference(Difference(name, before.get(name), after[name]), source)
                for name in change_spans.other_attributes(change)
            ]
            return "; ".join([f"{live}; {source} says {desired}", *more])


def _ended(change: Change, source: str) -> str:
    if change.reason is Reason.LEFT:
        return f"left on {change.declared.get('since', '')} ({printable(change.declared.get('reason', ''))})"
    return f"access ended on {change.declared.get('until', '')} ({source})"


def _object_text(change: Change, source: str) -> str:
    """The same for a whole object: that it exists or is missing, or every difference in it."""
    if change.after is None:
        return f"exists; not in {source}"
    if change.before is None:
        return f"is missing; declared in {source}"
    return "; ".join(_difference(difference, source) for difference in change_spans.changed_values(change))


def _difference(difference: Difference, source: str) -> str:
    path = printable(difference.path)
    if difference.before is ABSENT:
        return f"{path}: {value(difference.after)} is missing"
    if difference.after is ABSENT:
        return f"{path}: {value(difference.before)} is not in {source}"
    return f"{path} is {value(difference.before)}; {source} says {value(difference.after)}"


def _row(plan: Plan, change: Change, details: DriftDetails) -> tuple[str, str, str, str]:
    origin = details.origins.get((plan.workspace, change.id))
    where = "  ".join([change_text.place(change), *map(plain, change_spans.ways(change))])
    return printable(change.name), difference_text(plan, change), plain(origin_spans(origin)), where


def difference_mark(change: Change) -> str:
    """The opposite of a plan: `+` exists but is not declared, `-` is declared but missing."""
    if change.after is None:
        return "+"
    return "-" if change.before is None else "~"


def _live(change: Change) -> str:
    standing = (change.before or {}).get("standing", "accepted")
    how = "" if standing == "accepted" else f"{standing} as "
    return f"{change_text.attribute(change)}is {how}{change_text.side(change, change.before)}"


def _sum(plan: Plan, details: DriftDetails) -> str:
    if plan.differs and not plan.changes:
        return f"Drift: {plan.workspace} does not match {printable(plan.source)}, as noted above."
    if not plan.changes and is_limited(plan, details):
        pair = f"{plan.workspace} and {printable(plan.source)}"
        return f"No drift between {pair}, except what is not counted, as noted above."
    if not plan.changes:
        return f"No drift. {plan.workspace} matches {printable(plan.source)}."
    count = len(plan.changes)
    return f"Drift: {count} difference{'s' * (count != 1)} between {plan.workspace} and {printable(plan.source)}."


_MOST = 20


def stale_text(stale: Sequence[StaleObject]) -> list[str]:
    """One line per difference, up to a limit, and how many more there are. Every object past the limit
    counts as one."""
    lines = [line for item in stale[:_MOST] for line in _lines(item)]
    more = len(lines[_MOST:]) + len(stale[_MOST:])
    return [*lines[:_MOST], *([f"and {more} more"] if more else [])]


def _lines(item: StaleObject) -> Iterator[str]:
    name = printable(item.name)
    if item.was is None:
        yield f"{name} now exists: {_attributes(item.now or {})}"
    elif item.now is None:
        yield f"{name} no longer exists; it was: {_attributes(item.was)}"
    else:
        was, now = dict(item.was), dict(item.now)
        if was.keys() == {item.name} == now.keys():  # a setting: show its value only
            was, now = was[item.name], now[item.name]
        for difference in differences(was, now):
            before, after = (
                "nothing" if side is ABSENT else value(side) for side in (difference.before, difference.after)
            )
            yield f"{name}:{' ' * bool(difference.path)}{printable(difference.path)} was {before}, is now {after}"


def _attributes(attributes: object) -> str:
    shown = attributes if isinstance(attributes, dict) else {}
    return ", ".join(f"{printable(str(key))} {value(inner)}" for key, inner in shown.items())
