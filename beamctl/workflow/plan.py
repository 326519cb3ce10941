"""Plans one workspace: reads it, and compares it with its document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from beamctl.document.desired import Desired
from beamctl.kinds.registry import kinds_for
from beamctl.model.api_call import segment
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.across_kinds import Readings, reading_of
from beamctl.plan.comparison import Note, Situation
from beamctl.plan.guards import NO_FLOORS, Bounds
from beamctl.plan.hazard import Allowance
from beamctl.plan.kind import Reading
from beamctl.plan.plan import Plan, make_plan, managed, may_delete
from beamctl.plan.plan_json import plans_data
from beamctl.runs.last_run import LastRun
from beamctl.secrets.sources import with_source_hazards
from beamctl.workflow.connection import Link, api_time, skew_note

if TYPE_CHECKING:
    from beamctl.plan.address import Address
    from beamctl.plan.base_guards import BaseDocument

LazySituation = Situation | Callable[[], Situation]
"""A function is called after the workspace was read, because the date may depend on the API's clock."""


def readings(desired: Desired) -> Readings:
    """What is read to plan a document: the live state of each kind that it declares."""
    kinds = managed(kinds_for(desired.keys), desired)
    return {kind.name: reading_of(kind, desired.workspace, may_delete(kind, desired)) for kind in kinds}


def compared(desired: Desired, live: Mapping[str, Any], situation: Situation, only: Sequence[Address] = ()) -> Plan:
    """The plan for a live state that was read."""
    kinds = managed(kinds_for(desired.keys), desired)
    if only:
        from beamctl.plan.partial import make_partial_plan

        made = make_partial_plan(kinds, desired, live, situation, only)
    else:
        made = make_plan(kinds, desired, live, situation)
    return replace(made, notes=(*_warnings(desired), *made.notes))


def _warnings(desired: Desired) -> Iterator[Note]:
    """Warnings about a document, except the one about `guards.self`: a plan knows who is in the workspace."""
    known = desired.document.place("guards", "self", "email")
    warnings = (each for each in desired.warnings if each.place != known)
    return (
        Note(fact(Code.DOCUMENT_WARNING, problem=each.code.value, message=each.message, hint=each.hint), each.place)
        for each in warnings
    )


def plan_from(  # noqa: PLR0913 - each has its name
    live: Mapping[str, Any],
    desired: Desired,
    link: Link,
    last: LastRun,
    *,
    floors: Bounds = NO_FLOORS,
    granted: Sequence[Allowance] = (),
    base: BaseDocument | None = None,
    only: Sequence[Address] = (),
) -> Plan:
    """The plan for a live state that was just read, with everything else that it depends on.

    Args:
        live: The live state of each declared kind.
        desired: The desired state.
        link: The connection to the workspace.
        last: The last recorded run.
        floors: Guards set for this run.
        granted: The allowed hazards.
        base: The document at an earlier commit, whose guards must not be loosened unseen.
        only: What to plan; empty for everything.
    """
    now = replace(situation(link, last, floors), allowed=tuple(granted), base=base)
    made = with_clocks(with_source_hazards(compared(desired, live, now, only)), link)
    return replace(made, notes=(*base.notes(), *made.notes)) if base else made


def with_clocks(plan: Plan, link: Link) -> Plan:
    """The plan, with a note if the clocks of this machine and the API differ."""
    note = skew_note(link.skew())
    return replace(plan, notes=(Note(note), *plan.notes)) if note else plan


def situation(link: Link, last: LastRun, floors: Bounds) -> Situation:
    """What a plan currently depends on. Call it after reading the workspace, because that reads the API's clock."""
    now = api_time(link.skew())
    return Situation(
        now.date(),
        link.api_url,
        link.identity,
        last.left,
        now=now,
        floors=floors,
        recorded=last.declared,
        interrupted=last.interrupted,
        resent=last.resent,
        deferred=last.deferred,
        withdrawn=last.withdrawn,
    )


def digest_of_plan(plan: Plan) -> str:
    """The digest that identifies a plan in run records."""
    from beamctl.plan.plan_file import digest_of

    return digest_of(plans_data([plan], ()))


def identifying(workspace: str) -> Reading[str]:
    """Reads the API's id of a workspace; empty if it shows none."""
    payload = yield f"/workspaces/{segment(workspace)}"
    identifier = (payload.get("id") or payload.get("createdAt")) if isinstance(payload, dict) else None
    return identifier if isinstance(identifier, str) else ""
