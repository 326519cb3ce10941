"""Reads plans from the JSON that `plan.plan_json` writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from beamctl.document.desired import GroupStep
from beamctl.document.problem import Place
from beamctl.model.fact import fact_of
from beamctl.model.text import printable
from beamctl.plan.change import REASONS, Action, Change, Dependency, Reason, Stage, key_of
from beamctl.plan.comparison import Note, UnchangedReason
from beamctl.plan.guards import declared_of
from beamctl.plan.hazard import Allowance, Hazard, Risk
from beamctl.plan.kind import Quorum
from beamctl.plan.plan import LiveObject, Plan
from beamctl.plan.plan_json import Data, change_data

if TYPE_CHECKING:
    from beamctl.plan.address import Partial


def _place_of(data: Data) -> Place:
    return Place(data["file"], data["line"], data["column"])


def _partial_of(data: Data | None, changes: Sequence[Change]) -> Partial | None:
    if data is None:
        return None
    from beamctl.plan.address import Address, Partial, needs

    words = (each.partition(":") for each in data["only"])
    only = tuple(Address(kind, name) for kind, _, name in words)
    return Partial(only, {Action(each["action"]): each["count"] for each in data["left_out"]}, needs(only, changes))


class UndecodableError(ValueError):
    """The data has a valid shape, but contradicts itself or uses values that this version does not know."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def change_of(data: Data) -> Change:
    """Parse one change.

    Raises:
        UndecodableError: It has an unknown value or contradicts itself.
    """
    source = data.get("source")
    try:
        action, stage = Action(data["action"]), Stage[data["stage"].upper()]
        reason = Reason(data["action_reason"])
    except (ValueError, KeyError) as error:
        raise UndecodableError(f"a change has an unknown value ({error})") from None
    if reason not in REASONS[action] | {Reason.UNDOES}:
        raise UndecodableError(f"{reason.value} is not a valid reason for {action.value!r} ({data['address']})")
    change = Change(
        kind=data["type"],
        key=key_of(data["key"]),
        name=data["name"],
        action=action,
        stage=stage,
        attribute=data["attribute"],
        before=data["change"]["before"],
        after=data["change"]["after"],
        reason=reason,
        place=_place_of(source) if source else None,
        declared=data.get("declared", {}),
        serial_group=data.get("serial_group", ""),
        secrets=data.get("secrets", {}),
        depends_on=tuple(
            Dependency(each["type"], tuple(map(key_of, each["keys"])), each["at_least"])
            for each in data.get("depends_on", ())
        ),
        through=tuple(
            tuple(GroupStep(step["name"], _place_of(step)) for step in way) for way in data.get("through", ())
        ),
    )
    if change_data(data["module_address"], change) != data:  # derived fields, such as the address, must match
        raise UndecodableError(f"the change {data['address']} contradicts itself")
    return change


def plan_of(workspace: Data, changes: Sequence[Data]) -> Plan:
    """Parse the plan of one workspace.

    Args:
        workspace: Its entry under `workspaces`.
        changes: Its entries under `resource_changes`.

    Raises:
        UndecodableError: As for `change_of`; or the changes are not in order.
    """
    found = tuple(change_of(each) for each in changes)
    if [change.order for change in found] != sorted({change.order for change in found}):
        raise UndecodableError(f"the changes of {workspace['workspace']} are out of order or duplicated")
    sections = workspace["sections"]
    prior_state: dict[str, dict[str, LiveObject]] = {kind: {} for kind in sections}
    for each in workspace.get("prior_state", ()):
        prior_state.setdefault(each["type"], {})[key_of(each["key"])] = each["was"]
    if unread := {change.kind for change in found}.union(prior_state, workspace.get("quorums", {})) - sections.keys():
        raise UndecodableError(f"no section for {min(unread)}")
    return Plan(
        workspace=workspace["workspace"],
        source=workspace["source"],
        api=workspace["api_url"],
        runs_as=workspace["runs_as"],
        sections=sections,
        changes=found,
        hazards=tuple(Hazard(_risk(each), each["value"], fact_of(each)) for each in workspace["hazards"]),
        notes=tuple(Note(fact_of(each)) for each in workspace["notes"]),
        tally={UnchangedReason(each["code"]): each["count"] for each in workspace["unchanged"]},
        fingerprint=workspace["fingerprint"],
        quorums={
            kind: Quorum(tuple(each["keys"]), each["at_least"]) for kind, each in workspace.get("quorums", {}).items()
        },
        prior_state=prior_state,
        seen=workspace.get("seen", {}),
        declared=declared_of(workspace),
        partial=_partial_of(workspace.get("partial"), found),
    )


def allowed_of(workspace: Data) -> tuple[Allowance, ...]:
    """The hazards that were allowed when the plan was made."""
    granted = (each for each in workspace["hazards"] if not each["refused"])
    return tuple(Allowance(_risk(each), each["value"], workspace["workspace"]) for each in granted)


def _risk(data: Data) -> Risk:
    risk = next((risk for risk in Risk if risk == data["hazard"]), None)
    if risk is None:
        raise UndecodableError(f"unknown hazard {data['hazard']!r}")
    return risk
