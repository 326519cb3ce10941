"""Does a plan made earlier still hold? Compares what it rests on with what the API shows now. It must not know when the
plan was made, nor how the difference is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from beamctl.model.text import printable
from beamctl.plan.change import Change, Stage
from beamctl.plan.comparison import Note, Preconditions, Situation
from beamctl.plan.declared import Declared, declared_in_time
from beamctl.plan.dependencies import how_many_stay, with_dependencies
from beamctl.plan.diff import same
from beamctl.plan.floors import NO_FLOORS, Bounds, InForce
from beamctl.plan.guard_changes import hazards as loosened_guards
from beamctl.plan.guard_changes import kept, sizes
from beamctl.plan.hazard import Hazard, Risk, merged
from beamctl.plan.kind import Kind
from beamctl.plan.plan import LiveObject, Plan, in_order, who_stays
from beamctl.plan.thresholds import mass_removal

_BLIND = "the credential does not tell whose it is, so beamctl cannot see whether this locks out whoever makes it"


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that is no longer as the plan has it.

    Attributes:
        kind: Its kind.
        name: How it is shown.
        was: What the API showed when the plan was made.
        now: What it shows.
    """

    kind: str
    name: str
    was: LiveObject
    now: LiveObject


def moved(plan: Plan, kinds: Sequence[Kind[Any]], live: Mapping[str, Any]) -> tuple[Moved, ...]:
    """Everything that the plan rests on and that is not so any more."""
    names = {(change.kind, change.key): change.name for change in plan.changes}
    found = []
    for kind in kinds:
        was = plan.rests_on.get(kind.name, {})
        now = kind.objects(live[kind.name], was)
        found += [
            Moved(kind.name, names.get((kind.name, key), key), was[key], now.get(key))
            for key in sorted(was)
            if not same(was[key], now.get(key))
        ]
    return tuple(found)


def in_place(plan: Plan, kinds: Sequence[Kind[Any]], live: Mapping[str, Any]) -> tuple[Change, ...]:
    """The changes of the plan that are already in effect."""
    by_name = {kind.name: kind for kind in kinds}
    return tuple(change for change in plan.changes if by_name[change.kind].shows(live[change.kind], change))


def is_as(side: LiveObject, now: LiveObject) -> bool:
    """Whether an object is as one side of a change has it; None stands for no object."""
    if side is None or now is None:
        return side is None and now is None
    return all(same(now.get(name), value) for name, value in side.items())


def ends(plan: Plan) -> date | None:
    """The first day on which the plan gives access that has ended by its own words; None where there is none."""
    days = [each.declared["until"] for each in plan.changes if not each.takes and "until" in each.declared]
    return min(map(date.fromisoformat, days), default=None)


def below_floors(
    plan: Plan, kinds: Sequence[Kind[Any]], live: Mapping[str, Any], situation: Situation
) -> tuple[Hazard, ...]:
    """What the floors of this run refuse of a plan that may have been made without them."""
    footings = _footings(kinds, live, plan.changes, situation)
    removal = mass_removal(InForce(NO_FLOORS, situation.floors), plan.changes, footings)
    return (*removal, *(hazard for each in footings.values() for hazard in each.below_floors))


def since_recorded(plan: Plan, kinds: Sequence[Kind[Any]], live: Mapping[str, Any], situation: Situation) -> Plan:
    """The plan compared with what was recorded since: looser guards are a hazard, and no end is backdated."""
    if plan.declared is None:
        return plan
    recorded = situation.recorded
    populations = sizes(_footings(kinds, live, plan.changes, situation).values())
    looser = loosened_guards(recorded, plan.declared.guards, populations) if plan.changes else []
    known = recorded.ends if recorded else {}
    ends = {
        kind: declared_in_time(days, known.get(kind, {}), situation.today) for kind, days in plan.declared.ends.items()
    }
    declared = Declared(plan.declared.guards, ends)
    return replace(
        plan,
        hazards=merged(plan.hazards, looser),
        declared=kept(recorded, declared, populations, changes=bool(plan.changes)),
    )


def run_as(plan: Plan, kinds: Sequence[Kind[Any]], live: Mapping[str, Any], situation: Situation) -> Plan:
    """The plan for whoever makes it now, who need not be who planned it: what takes from them is a hazard, and last."""
    identity = situation.identity
    ours = {
        (kind.name, key) for kind in kinds for key in (kind.ourselves(live[kind.name], identity) if identity else ())
    }
    changes = [
        replace(each, stage=Stage.OURSELVES)
        if (each.takes or each.after is None) and (each.kind, each.key) in ours
        else each
        for each in plan.changes
    ]
    footings = _footings(kinds, live, changes, situation)
    names = [printable(each.name) for each in changes if each.takes and each.stage is Stage.OURSELVES]
    hazards = [
        *(hazard for each in footings.values() for hazard in each.hazards),
        *(
            Hazard(Risk.SELF_LOCKOUT, name, f"beamctl runs as {name}, from whom this would take something")
            for name in names
        ),
    ]
    relies_on = _relies_on(changes, footings)
    declared = Bounds(plan.declared.guards.min_admins) if plan.declared else NO_FLOORS
    keeps = how_many_stay(relies_on, InForce(declared, situation.floors))
    blind = identity is None and plan.runs_as and any(each.admins_lose for each in footings.values())
    return replace(
        plan,
        changes=with_dependencies(kinds, sorted(changes, key=lambda change: change.order), relies_on, keeps),
        hazards=merged(plan.hazards, hazards),
        notes=(*plan.notes, *([Note(_BLIND)] if blind else [])),
        runs_as=identity.name if identity else plan.runs_as,
        relies_on=relies_on,
        keeps=keeps,
        stays=who_stays(kinds, live, changes),
        seen={name: each.seen for name, each in footings.items() if each.seen is not None},
    )


def _footings(
    kinds: Sequence[Kind[Any]], live: Mapping[str, Any], changes: Sequence[Change], situation: Situation
) -> Mapping[str, Preconditions]:
    return in_order(kinds, situation, lambda kind, told: kind.footing(live[kind.name], changes, told))


def _relies_on(changes: Sequence[Change], footings: Mapping[str, Preconditions]) -> Mapping[str, tuple[str, ...]]:
    """By kind, who must still be there before anything is taken from anyone: a file may say less than is needed."""
    if not any(change.takes for change in changes):
        return {}
    return {name: each.relies_on for name, each in footings.items() if each.relies_on}
