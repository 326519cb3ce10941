"""Hazards that are about how many: of all kinds together, and of each that is to be empty or shows less than before. It
must not know a kind by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.document.document import Desired, Mode
from beamctl.plan.change import Action, Change
from beamctl.plan.comparison import Comparison
from beamctl.plan.hazard import Hazard, Risk
from beamctl.plan.kind import Kind


def taken(
    kinds: Sequence[Kind[Any]], desired: Desired, changes: Sequence[Change], found: Mapping[str, Comparison]
) -> list[Hazard]:
    """Whether a section is emptied, and whether more is taken away than one apply may."""
    emptied = [hazard for kind in kinds for hazard in _emptiness(kind, desired, found[kind.name])]
    return [*emptied, *_mass_removal(desired, changes, found)]


def _emptiness(kind: Kind[Any], desired: Desired, found: Comparison) -> list[Hazard]:
    takes = any(change.takes for change in found.changes)
    if kind.never_empty and not found.seen:
        return [Hazard(Risk.LIVE_EMPTY, kind.section, f"the API shows no {kind.section} at all")]
    if not found.wanted and takes and desired.mode(kind.section) is Mode.AUTHORITATIVE:
        who = "nobody" if kind.never_empty else "nothing"
        return [Hazard(Risk.EMPTY_SECTION, kind.section, f"{desired.document.source} says {who} under {kind.section}")]
    return []


def _mass_removal(desired: Desired, changes: Sequence[Change], found: Mapping[str, Comparison]) -> list[Hazard]:
    limit = desired.guards.max_removals
    takes = Counter(change.kind for change in changes if change.takes)
    access = Counter(change.kind for change in changes if change.takes and change.action is not Action.REVOKE)
    for name, count in takes.items():  # each kind against its own: many mappings make no room for people
        holders, invited = found[name].population, found[name].invited
        for gone, whole in ((access[name], holders), (count, holders + invited)):  # nor do many invitations
            allowed = limit.of(whole)
            if (gone if limit.percent else takes.total()) > allowed:
                share = f" of {whole}, which is {allowed}" if limit.percent else ""
                because = f"{takes.total()} would lose something; guards.maxRemovals is {limit}{share}"
                return [Hazard(Risk.MASS_REMOVAL, str(takes.total()), because)]
    return []


def shrunk(
    kinds: Sequence[Kind[Any]], desired: Desired, found: Mapping[str, Comparison], left: Mapping[str, int]
) -> list[Hazard]:
    """Whether more is gone since the last recorded run than one apply may take away."""
    missing, facts = 0, []
    for kind in kinds:
        seen, before = found[kind.name].seen, left.get(kind.name, 0)
        if seen is not None and before - seen > desired.guards.max_removals.of(before):
            missing += before - seen
            facts.append(f"{seen} {kind.section} of the {before}")
    because = f"the API shows {' and '.join(facts)} that the last recorded run left"
    return [Hazard(Risk.LIVE_SHRANK, str(missing), because)] if missing else []
