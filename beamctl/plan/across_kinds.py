"""What kinds have to do with each other: which changes depend on others, and the hazards that count across kinds (mass
removal, emptied sections, listings that shrank)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from beamctl.document.document import Desired, Limit, Mode
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.change import Action, Change, ChangeId, Dependency
from beamctl.plan.comparison import Comparison, Preconditions
from beamctl.plan.guards import InForce
from beamctl.plan.hazard import Hazard, Risk
from beamctl.plan.kind import Kind, Quorum


def quorums_of(found: Mapping[str, Comparison] | Mapping[str, Preconditions], guards: InForce) -> Mapping[str, Quorum]:
    """The quorum of each kind that has one: `minAdmins`, but at least one and at most all of its keys."""
    asked = max(1, *(side.min_admins for _, side in guards.sides("minAdmins")))
    keys_of = {kind: each.quorum_keys for kind, each in found.items() if each.quorum_keys}
    return {kind: Quorum(keys, min(asked, len(keys))) for kind, keys in keys_of.items()}


def with_dependencies(
    kinds: Sequence[Kind[Any]], changes: Sequence[Change], quorums: Mapping[str, Quorum]
) -> tuple[Change, ...]:
    """The changes with freshly computed dependencies.

    Args:
        kinds: All kinds of the changes.
        changes: All changes of a plan, in order.
        quorums: See `Plan`.
    """
    found: dict[ChangeId, tuple[Dependency, ...]] = {}
    for kind in kinds:
        by_change = kind.dependencies(changes, quorums.get(kind.name, Quorum()))
        for key, dependencies in by_change.items():
            found[key] = (*found.get(key, ()), *dependencies)
    return tuple(replace(change, depends_on=found.get(change.id, ())) for change in changes)


def emptied(kinds: Sequence[Kind[Any]], desired: Desired, found: Mapping[str, Comparison]) -> list[Hazard]:
    """Whether a section is emptied."""
    return [hazard for kind in kinds for hazard in _emptiness(kind, desired, found[kind.name])]


def _emptiness(kind: Kind[Any], desired: Desired, found: Comparison) -> list[Hazard]:
    losses = any(change.revokes_access for change in found.changes)
    if kind.never_empty and not found.seen:
        return [Hazard(Risk.LIVE_EMPTY, kind.section, fact(Code.LISTING_EMPTY, section=kind.section))]
    if not found.declared and losses and desired.mode(kind.section) is Mode.AUTHORITATIVE:
        why = fact(Code.SECTION_EMPTY, source=desired.document.source, section=kind.section)
        return [Hazard(Risk.EMPTY_SECTION, kind.section, why)]
    return []


def mass_removal(
    guards: InForce, changes: Sequence[Change], found: Mapping[str, Comparison | Preconditions]
) -> list[Hazard]:
    """Whether one apply would remove more than the guards allow."""
    losses = Counter(change.kind for change in changes if change.revokes_access)
    access = Counter(change.kind for change in changes if change.revokes_access and change.action is not Action.REVOKE)
    exceeded = tuple(
        limited
        for name, side in guards.sides("maxRemovals")
        for limit in side.max_removals
        if (limited := _exceeded(name, limit, losses, access, found))
    )
    count = losses.total()
    why = fact(Code.REMOVALS_EXCEED_LIMIT, count=count, limits=exceeded)
    return [Hazard(Risk.MASS_REMOVAL, str(count), why)] if exceeded else []


def _exceeded(
    guard: str,
    limit: Limit,
    losses: Counter[str],
    access: Counter[str],
    found: Mapping[str, Comparison | Preconditions],
) -> Fact | None:
    """The exceeded limit and its value; None if it holds."""
    for name, count in losses.items():  # per kind: a large count of one kind must not allow removals of another
        holders, invited = found[name].population, found[name].invited
        for removed, total in ((access[name], holders), (count, holders + invited)):  # nor must open invitations
            allowed = limit.of(total)
            if (removed if limit.percent else losses.total()) > allowed:
                if limit.percent:
                    return fact(Code.PERCENT_LIMIT, guard=guard, limit=str(limit), total=total, allowed=allowed)
                return fact(Code.LIMIT, guard=guard, limit=limit.number)
    return None


def shrunk(
    kinds: Sequence[Kind[Any]], guards: InForce, found: Mapping[str, Comparison], left: Mapping[str, int]
) -> list[Hazard]:
    """Whether more is missing since the last recorded run than one apply may remove."""
    missing, listings = 0, []
    limits = [limit for _, side in guards.sides("maxRemovals") for limit in side.max_removals]
    for kind in kinds:
        seen, before = found[kind.name].seen, left.get(kind.name, 0)
        if seen is not None and any(before - seen > limit.of(before) for limit in limits):
            missing += before - seen
            listings.append(fact(Code.SHOWN_OF, seen=seen, before=before, section=kind.section))
    why = fact(Code.LISTING_SHRANK, listings=tuple(listings))
    return [Hazard(Risk.LIVE_SHRANK, str(missing), why)] if missing else []
