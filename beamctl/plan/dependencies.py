"""Which changes of a plan depend on others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from beamctl.plan.change import Change, ChangeId, Dependency
from beamctl.plan.floors import InForce
from beamctl.plan.kind import Kind, Quorum

Relied = Mapping[str, tuple[str, ...]]
"""By kind, the keys that must keep the access that others are about to lose."""


def how_many_stay(relies_on: Relied, guards: InForce) -> Mapping[str, int]:
    """By kind, how many of the keys relied on must remain: `minAdmins`, but at least one and at most all of them."""
    asked = max(1, *(side.min_admins for _, side in guards.sides("minAdmins")))
    return {kind: min(asked, len(keys)) for kind, keys in relies_on.items()}


def with_dependencies(
    kinds: Sequence[Kind[Any]], changes: Sequence[Change], relies_on: Relied, keeps: Mapping[str, int]
) -> tuple[Change, ...]:
    """The changes with freshly computed dependencies.

    Args:
        kinds: All kinds of the changes.
        changes: All changes of a plan, in order.
        relies_on: See `Plan`.
        keeps: See `Plan`.
    """
    found: dict[ChangeId, tuple[Dependency, ...]] = {}
    for kind in kinds:
        by_change = kind.dependencies(changes, Quorum(relies_on.get(kind.name, ()), keeps.get(kind.name, 0)))
        for key, dependencies in by_change.items():
            found[key] = (*found.get(key, ()), *dependencies)
    return tuple(replace(change, depends_on=found.get(change.id, ())) for change in changes)
