"""Reads saved plans, and compares them with the live workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from beamctl.document.schema import conforms
from beamctl.errors import UsageError
from beamctl.kinds.registry import all_kinds
from beamctl.model.identity import Identity
from beamctl.plan.across_kinds import Readings, deletes_only, reading_of, with_dependencies
from beamctl.plan.address import with_needs
from beamctl.plan.change import Change
from beamctl.plan.comparison import Situation
from beamctl.plan.guards import NO_FLOORS, Bounds, Declared
from beamctl.plan.hazard import Hazard, merged
from beamctl.plan.kind import Kind
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import BY_HAND, Saved, read_saved
from beamctl.plan.plan_json import change_data
from beamctl.plan.staleness import StaleObject, below_floors, in_effect, run_as, since_recorded, stale_objects
from beamctl.workflow.plan import identifying

_ID = "workspace_id"


@dataclass(frozen=True, slots=True)
class Recheck:
    """A saved plan, checked against the live workspace.

    Attributes:
        plan: The plan for the identity that applies it.
        workspace_id: The API's id of the workspace.
        stale_objects: The objects that the plan depends on and that changed.
        in_effect: The changes that are already in effect.
        below_floors: The hazards raised by the floors of this run, which the file cannot allow.
    """

    plan: Plan
    workspace_id: str
    stale_objects: tuple[StaleObject, ...]
    in_effect: tuple[Change, ...]
    below_floors: tuple[Hazard, ...] = ()


def open_plan(content: bytes, name: str) -> Saved:
    """Parse the plans in a file and check that beamctl could have planned every change.

    Raises:
        UsageError: It is not a saved plan, or was modified.
    """
    saved = read_saved(content, name)
    plans = []
    for plan in saved.plans:
        kinds = [kind for kind in all_kinds() if kind.name in plan.sections]
        changes = with_dependencies(kinds, plan.changes, plan.quorums)  # the file's own are not trusted
        plans.append(replace(plan, changes=changes, partial=plan.partial and with_needs(plan.partial, changes)))
        _refuse_invalid(changes, name)
        refuse_unplanned(name, plans[-1].unneeded)
        if unknown := plan.sections.items() - {(kind.name, kind.section) for kind in all_kinds()}:
            raise UsageError(
                f"{name} has changes of the kind {min(unknown)[0]}, which this version of beamctl does not support",
                BY_HAND,
            )
    return replace(saved, plans=tuple(plans))


def _refuse_invalid(changes: Sequence[Change], where: str) -> None:
    kinds = {kind.name: kind for kind in all_kinds()}
    refuse_unplanned(where, (change for change in changes if not kinds[change.kind].is_valid(change)))


def could_be_planned(change: Change) -> bool:
    """Whether a change is one that beamctl plans."""
    kind = next((kind for kind in all_kinds() if kind.name == change.kind), None)
    return kind is not None and conforms(change_data("", change), "plannedChange") and kind.is_valid(change)


def refuse_unplanned(where: str, unplanned: Iterable[Change]) -> None:
    """Refuse changes that beamctl would not plan.

    Raises:
        UsageError: There is one.
    """
    for change in unplanned:
        message = f"{where} has a change that beamctl would not plan: {change.action.value} {change.name}"
        raise UsageError(message, BY_HAND)


def recheck_readings(saved: Plan) -> Readings:
    """What is read to check a saved plan: the kinds that it covers, and the id of the workspace."""
    gone = {(change.kind, change.key) for change in saved.changes if change.after is None}
    kinds = {kind.name: reading_of(kind, saved.workspace, deletes_only(kind, gone)) for kind in _kinds_of(saved)}
    return {**kinds, _ID: identifying(saved.workspace)}


def _kinds_of(saved: Plan) -> tuple[Kind[Any], ...]:
    return tuple(kind for kind in all_kinds() if kind.name in saved.sections)


def rechecked(  # noqa: PLR0913 - each has its name
    saved: Plan,
    live: Mapping[str, Any],
    identity: Identity | None,
    *,
    floors: Bounds = NO_FLOORS,
    recorded: Declared | None = None,
    today: date | Callable[[], date] = date.min,
    is_signed: bool = False,
) -> Recheck:
    """Whether a saved plan still holds.

    Args:
        saved: The plan.
        live: What `recheck_readings` read.
        identity: Who applies it, if the credential shows it.
        floors: The floors of this run.
        recorded: What the last recorded run declared.
        today: The date in UTC.
        is_signed: Whether the plan's signature was verified.
    """
    kinds = _kinds_of(saved)
    situation = Situation(today() if callable(today) else today, saved.api, identity, floors=floors, recorded=recorded)
    plan = since_recorded(run_as(saved, kinds, live, situation), kinds, live, situation)
    below = below_floors(plan, kinds, live, situation, is_signed=is_signed)
    return Recheck(
        plan=replace(plan, hazards=merged(below, plan.hazards)),
        workspace_id=live[_ID],
        stale_objects=stale_objects(saved, kinds, live),
        in_effect=in_effect(saved, kinds, live),
        below_floors=below,
    )
