"""Looks again before anything is taken from anyone: whether what the API shows is whole, whether those are there on
whom the plan relies, and whether those who would lose something still are what was planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beamctl.errors import BeamctlError
from beamctl.model.ports import Reader
from beamctl.plan.change import Change, ChangeId
from beamctl.plan.diff import ABSENT, differences, same
from beamctl.plan.kind import Kind
from beamctl.plan.plan import Plan
from beamctl.plan.reading import read


def reread(
    plan: Plan, left: Sequence[Change], kinds: Mapping[str, Kind[Any]], reader: Reader
) -> Mapping[ChangeId, str]:
    """Why changes must not be made after all. A listing that cannot be true keeps all from being made that take
    something; one that cannot be read only those that need it.

    Args:
        plan: The plan.
        left: Its changes that take something and are to be made, in order.
        kinds: By name.
        reader: The API.
    """
    held: dict[ChangeId, str] = {}
    needed = {*(change.kind for change in left), *plan.relies_on, *(name for name, keys in plan.stays.items() if keys)}
    for name in sorted(needed):
        kind, relies_on = kinds[name], plan.relies_on.get(name, ())
        try:
            live = read(kind, plan.workspace, reader, {each.key for each in left if each.kind == name}.__contains__)
        except Exception as error:  # noqa: BLE001 - what was done so far must still be told
            why = error.message if isinstance(error, BeamctlError) else f"beamctl has a bug: {type(error).__name__}"
            unread = f"the {kind.section} could not be read again: {why}"
            held.update({change.id: unread for change in left if _needs(change, name, plan)})
            continue
        if why := kind.doubt(live, relies_on, plan.stays.get(name, ())):
            return {change.id: why for change in left}
        held.update(_moved(plan, left, kind, live))
        if relies_on:
            made = [change for change in left if change.id not in held]
            held.update(kind.too_few_left(live, made, relies_on, plan.keeps.get(name, 1)))
    return held


def _needs(change: Change, name: str, plan: Plan) -> bool:
    """Whether a change needs a listing: of its own kind, or of those on whom it relies."""
    return change.kind == name or (name in plan.relies_on and any(each.kind == name for each in change.depends_on))


def _moved(plan: Plan, left: Sequence[Change], kind: Kind[Any], live: Any) -> Iterator[tuple[ChangeId, str]]:  # noqa: ANN401
    """Those who are neither as they were when it was planned that they lose something, nor as they would be then."""
    was = plan.rests_on.get(kind.name, {})
    changes = [change for change in left if change.kind == kind.name]
    now = kind.objects(live, [change.key for change in changes])
    for change in changes:
        before, after = was.get(change.key), now.get(change.key)
        if before is None or after is None or kind.shows(live, change):
            continue
        besides = kind.only_for_deletion if change.after is not None else frozenset()
        before, after = ({key: side[key] for key in side if key not in besides} for side in (before, after))
        if not same(before, after):
            spots = differences(before, after)
            told = ", ".join(f"{spot.path} was {_said(spot.before)}, and is {_said(spot.after)}" for spot in spots)
            yield change.id, f"it is no longer as it was planned: {told}"


def _said(value: object) -> str:
    return "nothing" if value is ABSENT else str(value)
