"""Looks again before anything is taken from anyone: are those there on whom the plan relies, is the listing whole, and
are those who would lose something still what was planned? It must not know any kind by name, nor make a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from beamctl.errors import BeamctlError
from beamctl.model.ports import Reader
from beamctl.plan.inside import ABSENT, differences, same
from beamctl.plan.kind import Kind
from beamctl.plan.plan import Plan
from beamctl.plan.reading import read

Doubts = Mapping[tuple[str, str], str]
"""By kind and key, why one change must not be made after all."""


def reread(plan: Plan, kinds: Mapping[str, Kind[Any]], reader: Reader) -> tuple[str, Doubts]:
    """Why nothing may be taken at all, empty where it may; and why some must not lose what was planned."""
    doubts: dict[tuple[str, str], str] = {}
    taken = {change.kind for change in plan.changes if change.takes}
    for name in sorted(taken.union(plan.relies_on, plan.stays)):
        kind = kinds[name]
        try:
            live = read(kind, plan.workspace, reader, _losing(plan, name).__contains__)
        except BeamctlError as error:
            return f"the {kind.section} could not be read again: {error.message}", {}
        except Exception as error:  # noqa: BLE001 - what was done so far must still be told
            return f"the {kind.section} could not be read again: beamctl has a bug: {type(error).__name__}", {}
        if why := kind.doubt(live, plan.relies_on.get(name, ()), plan.stays.get(name, ())):
            return why, {}
        doubts |= {(name, key): why for key, why in _moved(plan, kind, live)}
    return "", doubts


def _losing(plan: Plan, kind: str) -> frozenset[str]:
    """The keys of what loses something."""
    return frozenset(change.key for change in plan.changes if change.takes and change.kind == kind)


def _moved(plan: Plan, kind: Kind[Any], live: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - the kind's own
    """Those who are neither as they were when it was planned that they lose something, nor as they would be then."""
    was = plan.rests_on.get(kind.name, {})
    changes = [change for change in plan.changes if change.takes and change.kind == kind.name]
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
            yield change.key, f"it is no longer as it was planned: {told}"


def _said(value: object) -> str:
    return "nothing" if value is ABSENT else str(value)
