"""Text about drift besides the differences: why and since when, what is accepted, and how much is managed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor

from beamctl.model.text import printable, shell_word, some
from beamctl.plan.coverage import Coverage, KindCoverage, percent_managed
from beamctl.plan.known_drift import KnownResult, known_as
from beamctl.plan.plan import Plan
from beamctl.plan.three_way import Cause, LastSet, Origin
from beamctl.report.data import ComparedWith, DriftDetails
from beamctl.report.wording import words

CAUSES: Mapping[Cause, str] = {
    Cause.BY_HAND: "changed by hand",
    Cause.NOT_APPLIED: "merged, not applied yet",
    Cause.BOTH: "changed by hand, and changed in the document",
    Cause.UNKNOWN: "cannot tell whether it was changed by hand",
}
"""The words for each cause."""

_SHORT = 12
"""Digits of a commit that are shown."""


def origin_text(origin: Origin | None) -> str:
    """Why an object differs, and who last changed it when, as far as that is known."""
    if origin is None:
        return ""
    parts = []
    if origin.cause:
        parts.append(CAUSES[origin.cause])
    if len(set(origin.parts.values())) > 1:
        parts[-1] = "; ".join(f"{printable(name)}: {CAUSES[cause]}" for name, cause in origin.parts.items())
    parts += [_last_set_text(origin.last_set)] if origin.last_set else []
    parts += [f"last updated {origin.updated:%Y-%m-%d %H:%M} UTC"] if origin.updated else []
    return " · ".join(parts)


def _last_set_text(last: LastSet) -> str:
    verb = "last deleted" if last.after is None else "last set"
    commit = f", commit {shell_word(_short(last.commit))}" if last.commit else ""
    return f"{verb} by run {printable(last.run)} ({printable(last.at[:10])}{commit}){', an undo' * last.undoes}"


def _short(commit: str) -> str:
    head, dash, dirty = commit.partition("-")
    return f"{head[:_SHORT]}{dash}{dirty}"


def base_lines(plan: Plan, details: DriftDetails) -> list[str]:
    """What a workspace was compared with, and what is fine although it changed."""
    base = details.compared_with.get(plan.workspace)
    if base is None:
        return []
    lines = [f"  Compared with {printable(plan.source)} at {_base_text(base)}."]
    if names := details.fine_now.get(plan.workspace):
        lines.append(f"  Changed since then, and as declared now: {printable(some(names))}.")
    return lines


def _base_text(base: ComparedWith) -> str:
    commit = base.commit[:_SHORT]
    if base.run:
        return f"{commit}, the last complete apply (run {printable(base.run)})"
    named = commit if base.commit.startswith(base.revision) else f"{printable(base.revision)} ({commit})"
    return f"{named}, as if it had been applied"


def passing_lines(plan: Plan, details: DriftDetails) -> list[str]:
    """What only some of several looks showed."""
    names = details.passing.get(plan.workspace)
    return [f"  Not counted, because it did not differ every time: {printable(some(names))}."] if names else []


def is_limited(plan: Plan, details: DriftDetails) -> bool:
    """Whether there are differences that are not counted: known ones, or passing ones."""
    known = any(plan.workspace in each.accepted for each in details.known)
    return known or bool(details.passing.get(plan.workspace))


def more_lines(plans: Sequence[Plan], details: DriftDetails) -> list[str]:
    """Known drift that needs attention, the addresses of the rest, and the coverage of all workspaces."""
    lines = list(filter(None, map(_known_text, details.known)))
    rest = [printable(known_as(change)) for plan in plans for change in plan.changes] if details.known else []
    lines += [f"Other differences, by address: {', '.join(rest)}."] if rest else []
    for workspace, kinds in details.coverage.items():
        lines += ["", *_coverage_lines(workspace, kinds)] if lines else _coverage_lines(workspace, kinds)
    return lines


def _known_text(result: KnownResult) -> str:
    """What to know about an entry; empty if it accepts a difference."""
    known = result.known
    where = f"{printable(known.place.source)}:{known.place.line}"
    name, until = printable(known.address), known.until.isoformat()
    if result.expired:
        return f"{where}: {name} was accepted until {until} ({printable(known.reason)}), and is drift again."
    if result.is_past:
        return f"{where}: {name} was accepted until {until}, and no longer differs. Remove the entry."
    return "" if result.accepted else f"{where}: {name} matches no difference. Remove the entry, or check its address."


def _coverage_lines(workspace: str, kinds: Sequence[KindCoverage]) -> list[str]:
    shown = [each for each in kinds if each.objects or each.unread]
    counts = [len(each.objects) for each in shown]
    lines = [f"Coverage of {workspace}: {_percent(kinds)} of what can be managed is managed."]
    for each, total in zip(shown, counts, strict=True):
        parts = ", ".join(f"{len(names)} {word.value}" for word in Coverage if (names := each.names(word)))
        lines.append(f"  {each.section}: {total} = {parts}" if parts else f"  {each.section}: unknown")
        lines += [f"    {each.section} {printable(words(each.unread))}"] if each.unread else []
        lines += [f"    not managed: {printable(some(names))}"] if (names := each.names(Coverage.UNMANAGED)) else []
    return lines


def uncovered_text(workspace: str, kinds: Sequence[KindCoverage], required: float) -> str:
    """What is missing for the required coverage; empty if nothing is."""
    if percent_managed(kinds) >= required:
        return ""
    return f"Coverage of {workspace} is {_percent(kinds)}; {required:g}% is required. Not covered: " + "; ".join(
        _uncovered(kinds)
    )


def _uncovered(kinds: Sequence[KindCoverage]) -> Iterator[str]:
    for each in kinds:
        if names := each.names(Coverage.UNMANAGED):
            yield f"{each.section} {printable(some(names))}"
        if each.unread:
            yield f"{each.section} {printable(words(each.unread))}"


def _percent(kinds: Sequence[KindCoverage]) -> str:
    """Rounded down, so that 100% means everything."""
    if any(each.unread for each in kinds):
        return "an unknown share"
    return f"{floor(percent_managed(kinds) * 10) / 10:g}%"
