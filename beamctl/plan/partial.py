"""Plans of chosen changes only, together with the changes that they depend on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from beamctl.document.desired import Desired
from beamctl.plan.across_kinds import quorums_of, with_dependencies
from beamctl.plan.address import Address, Partial, needs
from beamctl.plan.change import Change, ChangeId
from beamctl.plan.comparison import Situation
from beamctl.plan.guards import in_force
from beamctl.plan.kind import Kind
from beamctl.plan.plan import Plan, in_order, make_plan


def make_partial_plan(
    kinds: Sequence[Kind[Any]],
    desired: Desired,
    live: Mapping[str, Any],
    situation: Situation,
    addresses: Sequence[Address],
) -> Plan:
    """The plan of the changes that the addresses name, and of what they depend on.

    The hazards are those of these changes alone. What a full plan would refuse because of them, this plan refuses too.

    Args:
        kinds: The kinds to compare.
        desired: The document.
        live: By kind, its live state.
        situation: The date, the identity, and earlier runs.
        addresses: The addresses. Those for other workspaces do not count.
    """
    full = make_plan(kinds, desired, live, situation)
    ours = [each for each in addresses if each.workspace in ("", desired.workspace)]
    only = tuple(dict.fromkeys(replace(each, workspace="") for each in ours))
    named = {change.id for change in full.changes if any(each.matches_change(change) for each in only)}
    chosen = _with_needed(kinds, full.changes, named, desired, live, situation)
    plan = make_plan(kinds, desired, live, replace(situation, chosen=chosen))
    objects = list(_objects(kinds, desired, live, situation, full.changes))
    matched = frozenset(each for each in ours if _is_known(each, kinds, objects))
    partial = Partial(
        only,
        Counter(change.action for change in full.changes if change.id not in chosen),
        needs(only, plan.changes),
        matched,
        tuple(dict.fromkeys(f"{kind}:{name}" for kind, _, name in objects)) if len(matched) < len(ours) else (),
    )
    return replace(plan, partial=partial)


def _with_needed(
    kinds: Sequence[Kind[Any]],
    changes: Sequence[Change],
    named: Collection[ChangeId],
    desired: Desired,
    live: Mapping[str, Any],
    situation: Situation,
) -> frozenset[ChangeId]:
    """The named changes and everything that they depend on.

    How many promotions the loss of an admin depends on follows from all losses of a plan. So changes that are not
    chosen and reduce access do not count, unless others depend on them.
    """
    may_be_needed = {(each.kind, key) for change in changes for each in change.depends_on for key in each.keys}
    found = frozenset(named)
    while True:
        considered = [
            change
            for change in changes
            if change.id in found or change.id in may_be_needed or not change.revokes_access
        ]
        preconditions = in_order(
            kinds,
            situation,
            lambda kind, context: kind.preconditions(live[kind.name], considered, context),  # noqa: B023 - called at once
        )
        quorums = quorums_of(preconditions, in_force(desired.guards, situation.floors))
        more = found.union(*(_needed(each, found) for each in with_dependencies(kinds, considered, quorums)))
        if more == found:
            return found
        found = more


def _needed(change: Change, chosen: Collection[ChangeId]) -> Iterator[ChangeId]:
    """What a chosen change depends on: as much as it needs, first what is chosen anyway, else in the order of the
    plan."""
    if change.id not in chosen:
        return
    for each in change.depends_on:
        ids = [(each.kind, key) for key in each.keys]
        yield from sorted(ids, key=lambda each: each not in chosen)[: each.at_least]


def _objects(
    kinds: Sequence[Kind[Any]],
    desired: Desired,
    live: Mapping[str, Any],
    situation: Situation,
    changes: Sequence[Change],
) -> Iterator[tuple[str, str, str]]:
    """Kind, key and name of every object that differs, exists, or is declared."""
    for change in changes:
        yield change.kind, change.key, change.name
    for kind in kinds:
        for each in kind.coverage(desired, live[kind.name], situation.today):
            yield kind.name, each.key, each.name
        for name in desired.section(kind.section) or ():
            yield kind.name, name, name


def _is_known(address: Address, kinds: Sequence[Kind[Any]], objects: Sequence[tuple[str, str, str]]) -> bool:
    if address.is_whole_kind:
        return any(kind.name == address.kind for kind in kinds)
    return any(address.matches(*each) for each in objects)
