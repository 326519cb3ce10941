"""A plan as plain data, in the shape of Terraform's plan JSON (`schemas/plan.schema.json`), and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.document.problem import Place
from beamctl.model.fact import fact_data, fact_of
from beamctl.model.text import printable
from beamctl.plan.change import REASONS, Action, Change, Dependency, Reason, Stage, key_data, key_of
from beamctl.plan.comparison import Note, UnchangedReason
from beamctl.plan.guards import declared_of
from beamctl.plan.hazard import Allowance, Hazard, Risk, refused
from beamctl.plan.kind import Quorum
from beamctl.plan.plan import LiveObject, Plan

FORMAT_VERSION = "1.2"
READABLE_VERSIONS = frozenset({"1.1", FORMAT_VERSION})
"""Formats of saved plans that can be applied. 1.2 added the failures of a run, which no saved plan has."""

Data = Mapping[str, Any]

_ACTIONS = {
    Action.SET: ["update"],
    Action.INVITE: ["create"],
    Action.RESEND: ["update"],
    Action.SET_ROLE: ["update"],
    Action.CREATE: ["create"],
    Action.UPDATE: ["update"],
    Action.REVOKE: ["delete"],
    Action.REMOVE: ["delete"],
    Action.DELETE: ["delete"],
}


def address(workspace: str, change: Change) -> str:
    """The address of a change's object: `acme.member["ada@example.com"]`."""
    name = change.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'{workspace}.{change.kind}["{name}"]'


def change_data(workspace: str, change: Change) -> dict[str, Any]:
    """One change as plain data."""
    data: dict[str, Any] = {
        "address": address(workspace, change),
        "module_address": workspace,
        "mode": "managed",
        "type": change.kind,
        "name": change.name,
        "key": key_data(change.key),
        "change": {
            "actions": _ACTIONS[change.action],
            "before": dict(change.before) if change.before is not None else None,
            "after": dict(change.after) if change.after is not None else None,
        },
        "action_reason": change.reason.value,
        "action": change.action.value,
        "stage": change.stage.name.lower(),
        "attribute": change.attribute,
    }
    if change.depends_on:
        data["depends_on"] = [
            {"type": each.kind, "keys": list(map(key_data, each.keys)), "at_least": each.at_least}
            for each in change.depends_on
        ]
    if change.serial_group:
        data["serial_group"] = change.serial_group
    if change.secrets:
        data["secrets"] = dict(change.secrets)
    if change.place is not None:
        data["source"] = {"file": change.place.source, "line": change.place.line, "column": change.place.column}
    if change.declared:
        data["declared"] = dict(change.declared)
    return data


def plans_data(plans: Sequence[Plan], allowed: Sequence[Allowance]) -> dict[str, Any]:
    """All plans of a run as one object."""
    from beamctl import __version__

    return {
        "format_version": FORMAT_VERSION,
        "beamctl_version": __version__,
        "resource_changes": [change_data(plan.workspace, change) for plan in plans for change in plan.changes],
        "workspaces": [_workspace_data(plan, allowed, plan.workspace if len(plans) > 1 else "") for plan in plans],
    }


def _workspace_data(plan: Plan, allowed: Sequence[Allowance], scope: str) -> dict[str, Any]:
    blocking = frozenset(refused(plan.hazards, allowed, plan.workspace))
    return {
        "workspace": plan.workspace,
        "api_url": plan.api,
        "runs_as": plan.runs_as,
        "source": plan.source,
        "sections": dict(plan.sections),
        "fingerprint": plan.fingerprint,
        "refused": bool(blocking),
        "hazards": [_hazard_data(hazard, scope, refuses=hazard in blocking) for hazard in plan.hazards],
        "notes": [fact_data(note.fact) for note in plan.notes],
        "unchanged": [{"code": why.value, "count": count} for why, count in plan.tally.items()],
    }


def _hazard_data(hazard: Hazard, scope: str, *, refuses: bool) -> dict[str, Any]:
    return {
        "hazard": hazard.risk.value,
        "value": hazard.value,
        **fact_data(hazard.fact),
        "refused": refuses,
        "allow": str(Allowance(hazard.risk, hazard.value, scope)) if hazard.liftable else None,
    }


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
        place=Place(source["file"], source["line"], source["column"]) if source else None,
        declared=data.get("declared", {}),
        serial_group=data.get("serial_group", ""),
        secrets=data.get("secrets", {}),
        depends_on=tuple(
            Dependency(each["type"], tuple(map(key_of, each["keys"])), each["at_least"])
            for each in data.get("depends_on", ())
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
