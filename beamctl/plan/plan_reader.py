"""Plain data to plan: the inverse of `plan_json`, with the checks that the schema cannot express."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.document.problem import Place
from beamctl.model.text import printable
from beamctl.plan.change import REASONS, Action, Change, Dependency, Reason, Stage
from beamctl.plan.comparison import Note
from beamctl.plan.declared import declared_of
from beamctl.plan.hazard import Allowance, Hazard, Risk
from beamctl.plan.plan import LiveObject, Plan
from beamctl.plan.plan_json import change_data

Data = Mapping[str, Any]


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
    if "follows" in data:  # what beamctl 0.1.0 wrote
        leader = {"type": data["type"], "keys": [data["follows"]], "at_least": 1}
        data = {**{key: value for key, value in data.items() if key != "follows"}, "depends_on": [leader]}
    try:
        action, stage = Action(data["action"]), Stage[data["stage"].upper()]
        reason = Reason(data["action_reason"])
    except (ValueError, KeyError) as error:
        raise UndecodableError(f"a change has an unknown value ({error})") from None
    if reason not in REASONS[action] | {Reason.UNDOES}:
        raise UndecodableError(f"{reason.value} is not a valid reason for {action.value!r} ({data['address']})")
    change = Change(
        kind=data["type"],
        key=data["key"],
        name=data["name"],
        action=action,
        stage=stage,
        attribute=data["attribute"],
        before=data["change"]["before"],
        after=data["change"]["after"],
        reason=reason,
        place=Place(source["file"], source["line"], source["column"]) if source else None,
        declared=data.get("declared", {}),
        serial_group=data.get("lane", ""),
        secrets=data.get("secrets", {}),
        depends_on=tuple(
            Dependency(each["type"], tuple(each["keys"]), each["at_least"]) for each in data.get("depends_on", ())
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
    rests_on: dict[str, dict[str, LiveObject]] = {kind: {} for kind in sections}
    for each in workspace.get("rests_on", ()):
        rests_on.setdefault(each["type"], {})[each["key"]] = each["was"]
    if unread := {change.kind for change in found}.union(rests_on, workspace.get("relies_on", {})) - sections.keys():
        raise UndecodableError(f"no section for {min(unread)}")
    return Plan(
        workspace=workspace["workspace"],
        source=workspace["source"],
        api=workspace["api_url"],
        runs_as=workspace["runs_as"],
        sections=sections,
        changes=found,
        hazards=tuple(Hazard(_risk(each), each["value"], each["because"]) for each in workspace["hazards"]),
        notes=tuple(Note(text) for text in workspace["notes"]),
        tally=workspace["left_as_is"],
        fingerprint=workspace["fingerprint"],
        relies_on={kind: tuple(keys) for kind, keys in workspace.get("relies_on", {}).items()},
        keeps=workspace.get("keeps", {}),
        rests_on=rests_on,
        seen=workspace.get("seen", {}),
        declared=declared_of(workspace),
    )


def allowed_of(workspace: Data) -> tuple[Allowance, ...]:
    """The hazards that were allowed when the plan was made."""
    granted = (each for each in workspace["hazards"] if not each["refused"])
    return tuple(Allowance(_risk(each), each["value"]) for each in granted)


def _risk(data: Data) -> Risk:
    risk = next((risk for risk in Risk if risk.label == data["name"]), None)
    if risk is None:
        raise UndecodableError(f"unknown hazard {data['name']!r}")
    return risk
