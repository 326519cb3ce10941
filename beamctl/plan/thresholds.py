"""Hazards that are about how many: of all kinds together, and of each that is to be empty or shows less than before. It
must not know a kind by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.document.document import Desired, Limit, Mode
from beamctl.plan.change import Action, Change
from beamctl.plan.comparison import Comparison, Preconditions
from beamctl.plan.floors import InForce
from beamctl.plan.hazard import Hazard, Risk
from beamctl.plan.kind import Kind


def emptied(kinds: Sequence[Kind[Any]], desired: Desired, found: Mapping[str, Comparison]) -> list[Hazard]:
    """Whether a section is emptied."""
    return [hazard for kind in kinds for hazard in _emptiness(kind, desired, found[kind.name])]


def _emptiness(kind: Kind[Any], desired: Desired, found: Comparison) -> list[Hazard]:
    takes = any(change.takes for change in found.changes)
    if kind.never_empty and not found.seen:
        return [Hazard(Risk.LIVE_EMPTY, kind.section, f"the API shows no {kind.section} at all")]
    if not found.wanted and takes and desired.mode(kind.section) is Mode.AUTHORITATIVE:
        who = "nobody" if kind.never_empty else "nothing"
        return [Hazard(Risk.EMPTY_SECTION, kind.section, f"{desired.document.source} says {who} under {kind.section}")]
    return []


def mass_removal(
    guards: InForce, changes: Sequence[Change], found: Mapping[str, Comparison | Preconditions]
) -> list[Hazard]:
    """Whether more is taken away than one apply may."""
    takes = Counter(change.kind for change in changes if change.takes)
    access = Counter(change.kind for change in changes if change.takes and change.action is not Action.REVOKE)
    exceeded = [
        f"{name} is {told}"
        for name, side in guards.sides("maxRemovals")
        for limit in side.max_removals
        if (told := _exceeded(limit, takes, access, found))
    ]
    count = str(takes.total())
    because = f"{count} would lose something; {'; '.join(exceeded)}"
    return [Hazard(Risk.MASS_REMOVAL, count, because)] if exceeded else []


def _exceeded(
    limit: Limit, takes: Counter[str], access: Counter[str], found: Mapping[str, Comparison | Preconditions]
) -> str:
    """The limit and what it comes to; empty if it holds."""
    for name, count in takes.items():  # each kind against its own: many mappings make no room for people
        holders, invited = found[name].population, found[name].invited
        for gone, whole in ((access[name], holders), (count, holders + invited)):  # nor do many invitations
            allowed = limit.of(whole)
            if (gone if limit.percent else takes.total()) > allowed:
                return f"{limit} of {whole}, which is {allowed}" if limit.percent else str(limit)
    return ""


def shrunk(
    kinds: Sequence[Kind[Any]], guards: InForce, found: Mapping[str, Comparison], left: Mapping[str, int]
) -> list[Hazard]:
    """Whether more is gone since the last recorded run than one apply may take away."""
    missing, facts = 0, []
    limits = [limit for _, side in guards.sides("maxRemovals") for limit in side.max_removals]
    for kind in kinds:
        seen, before = found[kind.name].seen, left.get(kind.name, 0)
        if seen is not None and any(before - seen > limit.of(before) for limit in limits):
            missing += before - seen
            facts.append(f"{seen} {kind.section} of the {before}")
    because = f"the API shows {' and '.join(facts)} that the last recorded run left"
    return [Hazard(Risk.LIVE_SHRANK, str(missing), because)] if missing else []
