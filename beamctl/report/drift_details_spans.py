"""What a drift says besides the differences: why and since when, what is accepted, and how much is managed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor

from beamctl.model.text import shell_word, some
from beamctl.plan.coverage import Coverage, KindCoverage, percent_managed
from beamctl.plan.known_drift import KnownResult, known_as
from beamctl.plan.plan import Plan
from beamctl.plan.three_way import Cause, LastSet, Origin
from beamctl.report.data import ComparedWith, DriftDetails
from beamctl.report.spans import Spans, fact_spans, joined, named, own

CAUSES: Mapping[Cause, str] = {
    Cause.BY_HAND: "changed by hand",
    Cause.NOT_APPLIED: "merged, not applied yet",
    Cause.BOTH: "changed by hand, and changed in the document",
    Cause.UNKNOWN: "cannot tell whether it was changed by hand",
}
"""The words for each cause."""

_SHORT = 12
"""Digits of a commit that are shown."""


def origin_spans(origin: Origin | None) -> Spans:
    """Why an object differs, and who last changed it when, as far as that is known."""
    if origin is None:
        return ()
    last = _last_set(origin.last_set) if origin.last_set else ()
    updated = own(f"last updated {origin.updated:%Y-%m-%d %H:%M} UTC") if origin.updated else ()
    return joined([cause_spans(origin), last, updated], " · ")


def cause_spans(origin: Origin | None) -> Spans:
    """Why an object differs; of each attribute, if they differ for different reasons."""
    if origin is None or origin.cause is None:
        return ()
    if len(set(origin.parts.values())) > 1:
        return joined(((*named(name), *own(f": {CAUSES[each]}")) for name, each in origin.parts.items()), "; ")
    return own(CAUSES[origin.cause])


def _last_set(last: LastSet) -> Spans:
    commit = (*own(", commit "), *named(shell_word(_short(last.commit)))) if last.commit else ()
    verb = "last deleted" if last.after is None else "last set"
    when = (*own(" ("), *named(last.at[:10]), *commit, *own(f"){', an undo' * last.undoes}"))
    return (*own(f"{verb} by run "), *named(last.run), *when)


def _short(commit: str) -> str:
    head, dash, dirty = commit.partition("-")
    return f"{head[:_SHORT]}{dash}{dirty}"


def base_spans(plan: Plan, details: DriftDetails) -> list[Spans]:
    """What a workspace was compared with, and what is fine although it changed."""
    base = details.compared_with.get(plan.workspace)
    if base is None:
        return []
    lines = [(*own("Compared with "), *named(plan.source), *own(" at "), *_base(base))]
    if names := details.fine_now.get(plan.workspace):
        lines.append((*own("Changed since then, and as declared now: "), *_names(names)))
    return lines


def _base(base: ComparedWith) -> Spans:
    commit = base.commit[:_SHORT]
    if base.run:
        return (*named(commit), *own(", the last complete apply (run "), *named(base.run), *own(")"))
    is_same = base.commit.startswith(base.revision)
    revision = named(commit) if is_same else (*named(base.revision), *own(" ("), *named(commit), *own(")"))
    return (*revision, *own(", as if it had been applied"))


def _names(names: Sequence[str]) -> Spans:
    return named(some(names))


def passing_spans(plan: Plan, details: DriftDetails) -> Spans:
    """What only some of several looks showed."""
    names = details.passing.get(plan.workspace)
    return (*own("Not counted, because it did not differ every time: "), *_names(names)) if names else ()


def is_limited(plan: Plan, details: DriftDetails) -> bool:
    """Whether there are differences that are not counted: known ones, or passing ones."""
    known = any(plan.workspace in each.accepted for each in details.known)
    return known or bool(details.passing.get(plan.workspace))


def address_spans(plans: Sequence[Plan], details: DriftDetails) -> Spans:
    """The addresses of the differences that are not known, if a file of known drift is in use."""
    rest = [named(known_as(change)) for plan in plans for change in plan.changes] if details.known else []
    return (*own("Other differences, by address: "), *joined(rest, ", ")) if rest else ()


def known_spans(result: KnownResult) -> Spans:
    """What to know about an entry of known drift; nothing if it accepts a difference."""
    known = result.known
    entry, until = named(known.address), own(f" was accepted until {known.until.isoformat()}")
    if result.expired:
        return (*entry, *until, *own(" ("), *named(known.reason), *own("), and is drift again"))
    if result.is_past:
        return (*entry, *until, *own(", and no longer differs. Remove the entry"))
    return () if result.accepted else (*entry, *own(" matches no difference. Remove the entry, or check its address"))


def coverage_spans(workspace: str, kinds: Sequence[KindCoverage]) -> Spans:
    """The share of a workspace that is managed."""
    return (*own("Coverage of "), *named(workspace), *own(f": {_percent(kinds)} of what can be managed is managed"))


def section_spans(kinds: Sequence[KindCoverage]) -> Iterator[list[Spans]]:
    """The counts of each section, with what could not be read and what is not managed."""
    for each in kinds:
        if each.objects or each.unread:
            parts = ", ".join(f"{len(names)} {word.value}" for word in Coverage if (names := each.names(word)))
            counts = own(f": {len(each.objects)} = {parts}" if parts else ": unknown")
            unread = _unread(each) if each.unread else ()
            names = each.names(Coverage.UNMANAGED)
            missing = (*own("not managed: "), *_names(names)) if names else ()
            yield list(filter(None, [(*named(each.section), *counts), unread, missing]))


def _unread(each: KindCoverage) -> Spans:
    return (*named(each.section), *own(" "), *fact_spans(each.unread))


def uncovered_spans(workspace: str, details: DriftDetails) -> Spans:
    """What is missing for the required coverage of a workspace; nothing if all is there, or none is required."""
    kinds, required = details.coverage.get(workspace, ()), details.required_coverage
    if required is None or percent_managed(kinds) >= required:
        return ()
    summary = own(f" is {_percent(kinds)}; {required:g}% is required. Not covered: ")
    return (*own("Coverage of "), *named(workspace), *summary, *joined(_uncovered(kinds), "; "))


def _uncovered(kinds: Sequence[KindCoverage]) -> Iterator[Spans]:
    for each in kinds:
        if names := each.names(Coverage.UNMANAGED):
            yield (*named(each.section), *own(" "), *_names(names))
        if each.unread:
            yield _unread(each)


def _percent(kinds: Sequence[KindCoverage]) -> str:
    """Rounded down, so that 100% means everything."""
    if any(each.unread for each in kinds):
        return "an unknown share"
    return f"{floor(percent_managed(kinds) * 10) / 10:g}%"
