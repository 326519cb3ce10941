"""A plan as plain data, in the shape of Terraform's plan JSON (`schemas/plan.schema.json`), and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from beamctl.document.problem import Place
from beamctl.model.fact import fact_data
from beamctl.plan.change import Action, Change, key_data
from beamctl.plan.hazard import Allowance, Hazard, refused
from beamctl.plan.plan import Plan

if TYPE_CHECKING:
    from beamctl.plan.address import Partial

FORMAT_VERSION = "1.2"
READABLE_VERSIONS = frozenset({"1.1", FORMAT_VERSION})
"""Formats of saved plans that can be applied. 1.2 added the failures of a run, which no saved plan has, and partial
plans."""

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
        data["source"] = _place_data(change.place)
    if change.declared:
        data["declared"] = dict(change.declared)
    if change.through:
        data["through"] = [[{"name": step.name, **_place_data(step.place)} for step in way] for way in change.through]
    return data


def _place_data(place: Place) -> dict[str, Any]:
    return {"file": place.source, "line": place.line, "column": place.column}


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
        **({"partial": partial_data(plan, plan.partial)} if plan.partial else {}),
    }


def partial_data(plan: Plan, partial: Partial) -> dict[str, Any]:
    """Which part of a full plan it is."""
    addresses = {change.id: address(plan.workspace, change) for change in plan.changes}
    return {
        "only": list(map(str, partial.only)),
        "left_out": [{"action": action.value, "count": count} for action, count in partial.left_out.items()],
        "needed": [
            {"address": addresses[each], "needed_by": [addresses[other] for other in others]}
            for each, others in partial.needed.items()
        ],
    }


def _hazard_data(hazard: Hazard, scope: str, *, refuses: bool) -> dict[str, Any]:
    return {
        "hazard": hazard.risk.value,
        "value": hazard.value,
        **fact_data(hazard.fact),
        "refused": refuses,
        "allow": str(Allowance(hazard.risk, hazard.value, scope)) if hazard.liftable else None,
    }
