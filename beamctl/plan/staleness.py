"""Whether a plan made earlier still holds: compares its preconditions with the live state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.model.text import printable
from beamctl.plan.across_kinds import mass_removal, quorums_of, unchanged_keys, with_dependencies
from beamctl.plan.change import Change, Reason, Stage
from beamctl.plan.comparison import Note, Preconditions, Situation, sizes
from beamctl.plan.diff import same
from beamctl.plan.guards import NO_FLOORS, Bounds, Declared, InForce, declared_in_time, declared_to_record
from beamctl.plan.guards import hazards as loosened_guards
from beamctl.plan.hazard import Hazard, Risk, merged
from beamctl.plan.kind import Kind
from beamctl.plan.plan import LiveObject, Plan, in_order


@dataclass(frozen=True, slots=True)
class StaleObject:
    """An object that changed since the plan was made.

    Attributes:
        name: Display name.
        was: Its state when the plan was made.
        now: Its state now.
    """

    kind: str
    name: str
    was: LiveObject
    now: LiveObject


def stale_objects(plan: Plan, kinds: Sequence[Kind[Any]], live: Mapping[str, Any]) -> tuple[StaleObject, ...]:
    """The objects that the plan depends on and that changed since."""
    names = {(change.kind, change.key): change.name for change in plan.changes}
    found = []
    for kind in kinds:
        was = plan.prior_state.get(kind.name, {})
        now = kind.objects(live[kind.name], was)
        found += [
            StaleObject(kind.name, names.get((kind.name, key), key), was[key], now.get(key))
            for key in sorted(was)
            if not same(was[key], now.get(key))
        ]
    return tuple(found)


def in_effect(plan: Plan, kinds: Sequence[Kind[Any]], live: Mapping[str, Any]) -> tuple[Change, ...]:
    """The changes of the plan that are already in effect."""
    by_name = {kind.name: kind for kind in kinds}
    return tuple(change for change in plan.changes if by_name[change.kind].is_in_effect(live[change.kind], change))


def is_as(side: LiveObject, now: LiveObject) -> bool:
    """Whether an object matches one side of a change; None means that it does not exist."""
    if side is None or now is None:
        return side is None and now is None
    return all(same(now.get(name), value) for name, value in side.items())


def ends(plan: Plan) -> date | None:
    """The first day on which access that the plan grants has ended according to `until`; None if there is none."""
    days = [each.declared["until"] for each in plan.changes if not each.revokes_access and "until" in each.declared]
    return min(map(date.fromisoformat, days), default=None)


def below_floors(
    plan: Plan, kinds: Sequence[Kind[Any]], live: Mapping[str, Any], situation: Situation, *, is_signed: bool
) -> tuple[Hazard, ...]:
    """What the floors of this run refuse. The plan may have been made without them. Without a signature, nothing shows
    that a person is really a leaver, so their removal counts as any other."""
    preconditions = _preconditions(kinds, live, plan.changes, situation)
    changes = plan.changes if is_signed else [replace(each, reason=_unproven(each.reason)) for each in plan.changes]
    removal = mass_removal(InForce(NO_FLOORS, situation.floors), changes, preconditions)
    return (*removal, *(hazard for each in preconditions.values() for hazard in each.below_floors))


def _unproven(reason: Reason) -> Reason:
    return Reason.NOT_DECLARED if reason is Reason.LEFT else reason


def since_recorded(plan: Plan, kinds: Sequence[Kind[Any]], live: Mapping[str, Any], situation: Situation) -> Plan:
    """The plan with hazards for guards that are looser than in the last record, and without backdated end dates."""
    if plan.declared is None:
        return plan
    recorded = situation.recorded
    populations = sizes(_preconditions(kinds, live, plan.changes, situation).values())
    looser = loosened_guards(recorded, plan.declared.guards, populations) if plan.changes else []
    known = recorded.ends if recorded else {}
    ends = {
        kind: declared_in_time(days, known.get(kind, {}), situation.today) for kind, days in plan.declared.ends.items()
    }
    declared = Declared(plan.declared.guards, ends)
    return replace(
        plan,
        hazards=merged(plan.hazards, looser),
        declared=declared_to_record(
            recorded, declared, populations, changes=bool(plan.changes) and plan.partial is None
        ),
    )


def run_as(plan: Plan, kinds: Sequence[Kind[Any]], live: Mapping[str, Any], situation: Situation) -> Plan:
    """The plan for the identity that applies it. Changes that reduce its own access become hazards and come last."""
    identity = situation.identity
    ours = {
        (kind.name, key) for kind in kinds for key in (kind.own_keys(live[kind.name], identity) if identity else ())
    }
    changes = [
        replace(each, stage=Stage.OURSELVES)
        if (each.revokes_access or each.after is None) and (each.kind, each.key) in ours
        else each
        for each in plan.changes
    ]
    preconditions = _preconditions(kinds, live, changes, situation)
    names = [printable(each.name) for each in changes if each.revokes_access and each.stage is Stage.OURSELVES]
    hazards = [
        *(hazard for each in preconditions.values() for hazard in each.hazards),
        *(Hazard(Risk.SELF_LOCKOUT, name, fact(Code.OWN_ACCESS_REDUCED, name=name)) for name in names),
    ]
    declared = Bounds(plan.declared.guards.min_admins) if plan.declared else NO_FLOORS
    takes = any(change.revokes_access for change in changes)
    quorums = (
        quorums_of(preconditions, InForce(declared, situation.floors)) if takes else {}
    )  # a file may list fewer keys
    blind = identity is None and plan.runs_as and any(each.admins_lose for each in preconditions.values())
    return replace(
        plan,
        changes=with_dependencies(kinds, sorted(changes, key=lambda change: change.order), quorums),
        hazards=merged(plan.hazards, hazards),
        notes=(*plan.notes, *([Note(fact(Code.CREDENTIAL_OWNER_UNKNOWN))] if blind else [])),
        runs_as=identity.name if identity else plan.runs_as,
        quorums=quorums,
        unchanged_keys=unchanged_keys(kinds, live, changes),
        seen={name: each.seen for name, each in preconditions.items() if each.seen is not None},
    )


def _preconditions(
    kinds: Sequence[Kind[Any]], live: Mapping[str, Any], changes: Sequence[Change], situation: Situation
) -> Mapping[str, Preconditions]:
    return in_order(kinds, situation, lambda kind, context: kind.preconditions(live[kind.name], changes, context))
