"""Which changes of a plan wait for others, as the kinds tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from beamctl.plan.change import Change, ChangeId, Dependency
from beamctl.plan.floors import InForce
from beamctl.plan.kind import Kind

Relied = Mapping[str, tuple[str, ...]]
"""By kind, the keys of those who must have the access that others are about to lose."""


def how_many_stay(relies_on: Relied, guards: InForce) -> Mapping[str, int]:
    """By kind, how many of those relied on are needed: as many as the guards ask for or the plan leaves, but one."""
    asked = max(1, *(side.min_admins for _, side in guards.sides("minAdmins")))
    return {kind: min(asked, len(keys)) for kind, keys in relies_on.items()}


def with_dependencies(
    kinds: Sequence[Kind[Any]], changes: Sequence[Change], relies_on: Relied, keeps: Mapping[str, int]
) -> tuple[Change, ...]:
    """The changes, each with what it depends on, whatever they said before.

    Args:
        kinds: All that the changes are of.
        changes: All changes of a plan, in order.
        relies_on: See `Plan`.
        keeps: See `Plan`.
    """
    found: dict[ChangeId, tuple[Dependency, ...]] = {}
    for kind in kinds:
        theirs = kind.dependencies(changes, relies_on.get(kind.name, ()), keeps.get(kind.name, 0))
        for key, dependencies in theirs.items():
            found[key] = (*found.get(key, ()), *dependencies)
    return tuple(replace(change, depends_on=found.get(change.id, ())) for change in changes)
