"""A plan as plain data, in the shape of Terraform's plan JSON (`schemas/plan.schema.json`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from beamctl.plan.change import Action, Change
from beamctl.plan.hazard import Allowance, Hazard, refused
from beamctl.plan.plan import Plan

FORMAT_VERSION = "1.0"

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
        "key": change.key,
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
            {"type": each.kind, "keys": list(each.keys), "at_least": each.at_least} for each in change.depends_on
        ]
    if change.serial_group:
        data["lane"] = change.serial_group
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
        "workspaces": [_workspace_data(plan, allowed) for plan in plans],
    }


def _workspace_data(plan: Plan, allowed: Sequence[Allowance]) -> dict[str, Any]:
    blocking = frozenset(refused(plan.hazards, allowed))
    return {
        "workspace": plan.workspace,
        "api_url": plan.api,
        "runs_as": plan.runs_as,
        "source": plan.source,
        "sections": dict(plan.sections),
        "fingerprint": plan.fingerprint,
        "refused": bool(blocking),
        "hazards": [_hazard_data(hazard, refuses=hazard in blocking) for hazard in plan.hazards],
        "notes": [note.text for note in plan.notes],
        "left_as_is": dict(plan.tally),
    }


def _hazard_data(hazard: Hazard, *, refuses: bool) -> dict[str, Any]:
    return {
        "name": hazard.risk.label,
        "value": hazard.value,
        "because": hazard.because,
        "refused": refuses,
        "allow": f"{hazard.risk.label}={hazard.value}" if hazard.liftable else None,
    }
