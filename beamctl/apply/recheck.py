"""Reads again before access is reduced: whether the listing is complete, whether those relied on are there, and whether
the objects to be changed are still as planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beamctl.apply.event import error_fact
from beamctl.model.api_call import Reader
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.change import Change, ChangeId
from beamctl.plan.diff import ABSENT, differences, same
from beamctl.plan.kind import Kind, Quorum
from beamctl.plan.plan import Plan
from beamctl.plan.reading import read


def reread(
    plan: Plan, left: Sequence[Change], kinds: Mapping[str, Kind[Any]], reader: Reader
) -> Mapping[ChangeId, Fact]:
    """Why changes must not be made after all. A listing that cannot be right blocks all of them; one that is unreadable
    blocks only the changes that need it.

    Args:
        plan: The plan.
        left: Its changes that reduce access and are still to be made, in order.
        kinds: By name.
        reader: The API.
    """
    held: dict[ChangeId, Fact] = {}
    needed = {*(change.kind for change in left), *plan.relies_on, *(name for name, keys in plan.stays.items() if keys)}
    for name in sorted(needed):
        kind, relies_on = kinds[name], plan.relies_on.get(name, ())
        try:
            live = read(kind, plan.workspace, reader, {each.key for each in left if each.kind == name}.__contains__)
        except Exception as error:  # noqa: BLE001 - completed changes must still be reported
            reason = fact(Code.LISTING_UNREADABLE, section=kind.section, detail=error_fact(error))
            held.update({change.id: reason for change in left if _needs(change, name, plan)})
            continue
        if why := kind.why_incomplete(live, relies_on, plan.stays.get(name, ())):
            return {change.id: why for change in left}
        held.update(_moved(plan, left, kind, live))
        if relies_on:
            made = [change for change in left if change.id not in held]
            held.update(kind.too_few_left(live, made, Quorum(relies_on, plan.keeps.get(name, 1))))
    return held


def _needs(change: Change, name: str, plan: Plan) -> bool:
    """Whether a change needs a listing: of its own kind, or of those it relies on."""
    return change.kind == name or (name in plan.relies_on and any(each.kind == name for each in change.depends_on))


def _moved(plan: Plan, left: Sequence[Change], kind: Kind[Any], live: Any) -> Iterator[tuple[ChangeId, Fact]]:  # noqa: ANN401
    """Objects that are neither in their planned previous state nor already in the desired state."""
    was = plan.rests_on.get(kind.name, {})
    changes = [change for change in left if change.kind == kind.name]
    now = kind.objects(live, [change.key for change in changes])
    for change in changes:
        before, after = was.get(change.key), now.get(change.key)
        if before is None or after is None or kind.is_in_effect(live, change):
            continue
        ignored = kind.only_for_deletion if change.after is not None else frozenset()
        before, after = ({key: side[key] for key in side if key not in ignored} for side in (before, after))
        if not same(before, after):
            changed = tuple(
                fact(Code.VALUE_WAS, path=each.path, was=_shown(each.before), now=_shown(each.after))
                for each in differences(before, after)
            )
            yield change.id, fact(Code.CHANGED_SINCE_PLAN, changes=changed)


def _shown(value: object) -> str | Fact:
    return fact(Code.NOTHING) if value is ABSENT else str(value)
