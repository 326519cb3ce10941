"""Workspaces: list, create, get, update, delete, leave, check a name, and list feature flags."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from beamctl.emulator import rules
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.call import Answer, Call, check, json_object
from beamctl.emulator.errors import MISSING, TAKEN, bad_request, conflict, forbidden, not_found
from beamctl.emulator.kind import CUSTOM_DOMAINS, IMAGES, KINDS
from beamctl.emulator.permission import Operator, Permission, Person, Role, ServiceAccount
from beamctl.emulator.routing import COUNT_RESOURCES, WITH_REASON, Reach, Route
from beamctl.emulator.rules import SETTINGS, limited
from beamctl.emulator.store import membership, people, resource, service_account, workspace
from beamctl.emulator.store.workspace import Settings, Workspace

NO_BILLING = "no billing account is linked"
MANAGED = "the membership of this workspace is managed by Baseten: change it there"
_LAST_ADMIN = "the workspace must keep an accepted admin"
_RESERVED = frozenset({"admin", "api", "app", "default", "internal", "public", "root", "run", "system", "www"})
_COUNTED = (
    *("agents", "functions", "models", "sandboxes", "policies", "jobs", "volumes", "drives", "volumetemplates"),
    *("integrationconnections", "previews", "customdomains", "serviceaccounts", "images"),
)
"""The keys of `resourceCounts`, from client code; what the emulator does not have is 0."""

_V_PREFIX = re.compile(r"v-?\d")


def list_workspaces(call: Call) -> Answer:
    """List the workspaces that the caller has access to."""
    match call.who:
        case Person(sub=sub):
            mine = workspace.of_person(call.db, sub)
        case ServiceAccount() as account:
            mine = [workspace.by_id(call.db, account.workspace_id)]
        case Operator():
            mine = workspace.every(call.db)
    return Answer([workspace.payload(space) for space in mine])


def create_workspace(call: Call) -> Answer:
    """Create a workspace; the caller becomes its first admin."""
    if isinstance(call.caller, Person) and not people.has_billing(call.db, call.caller.sub):
        raise forbidden(NO_BILLING)
    content = json_object(call.inbound.body)
    name = content.get("name")
    reason, message = _unavailable(call, name)
    if message:
        raise conflict(message) if reason == "taken" else bad_request(message)
    given = _settings(content, Settings(), call.flags)
    space = workspace.create(call.db, str(name), given, call.who.name, call.moment)
    if isinstance(call.caller, Person):
        membership.add_member(call.db, space.id, call.caller.sub, Role.ADMIN, None, call.moment)
    return Answer(workspace.payload(space))


def show_workspace(call: Call) -> Answer:
    """Return one workspace; with `countResources`, also the number of objects in it."""
    shown = workspace.payload(call.space)
    return Answer({**shown, "resourceCounts": _counts(call)} if call.inbound.is_asked("countResources") else shown)


def change_workspace(call: Call) -> Answer:
    """Replace the writable fields that the body gives; read-only ones are ignored."""
    content = json_object(call.inbound.body)
    if content.get("name", call.space.name) != call.space.name:
        raise bad_request("the name of a workspace cannot be changed")
    before = Settings() if BehaviorFlag.PUT_REPLACES in call.flags else call.space.settings
    after = _settings(content, before, call.flags)
    return Answer(workspace.payload(workspace.change(call.db, call.space.id, after, call.who.name, call.moment)))


def _settings(body: dict[str, Any], before: Settings, flags: Collection[BehaviorFlag]) -> Settings:
    """The settings of a workspace updated with the writable fields of the body; other fields are ignored.

    Raises:
        ApiError: 400: a field is invalid.
    """
    if not isinstance(body.get("accountId", ""), str):  # there is only one account, so the value is not used
        raise bad_request("accountId must be a string")
    given = {key: body[key] for key in SETTINGS if key in body}
    rules = limited(SETTINGS, flags)
    for key, value in given.items():
        check(key, rules[key], value)
    if "groupMappings" in given:
        kept = [{"groupName": item["groupName"], "role": item["role"]} for item in given["groupMappings"]]
        given["groupMappings"] = kept
    return replace(before, **{_ATTRIBUTES[key]: value for key, value in given.items()})


_ATTRIBUTES = {
    "displayName": "display_name",
    "labels": "labels",
    "region": "region",
    "groupMappings": "group_mappings",
    "runtime": "runtime",
}


def delete_workspace(call: Call) -> Answer:
    """Delete a workspace and everything in it."""
    workspace.delete(call.db, call.space.id)
    return Answer(workspace.payload(call.space))


def leave_workspace(call: Call) -> Answer:
    """End the caller's membership."""
    space = workspace.find(call.db, call.inbound.path["name"])
    if space is None or membership.role_of(call.db, space.id, call.person.sub) is None:
        raise not_found("Workspace not found")
    reject_if_managed(space)
    require_another_admin(call, space, call.person.sub)
    membership.remove_member(call.db, space.id, call.person.sub)
    return Answer(workspace.payload(space))


def reject_if_managed(space: Workspace) -> None:
    """Reject membership changes in a workspace that Baseten manages (documented; the status is a guess).

    Raises:
        ApiError: 403.
    """
    if space.facts.baseten_team:
        raise forbidden(MANAGED)


def require_another_admin(call: Call, space: Workspace, sub: str) -> None:
    """Reject a change that would take the last admin from the workspace.

    Raises:
        ApiError: 400 or, with the behavior flag, 409.
    """
    if BehaviorFlag.ALLOW_LAST_ADMIN not in call.flags and membership.is_last_admin(call.db, space.id, sub):
        raise conflict(_LAST_ADMIN) if BehaviorFlag.LAST_ADMIN_IS_409 in call.flags else bad_request(_LAST_ADMIN)


def check_availability(call: Call) -> Answer:
    """Whether a workspace name is available; with `withReason`, also why not."""
    name = json_object(call.inbound.body).get("name")
    if not isinstance(name, str) or not name:
        raise bad_request("name is required")
    reason, message = _unavailable(call, name)
    if not call.inbound.is_asked("withReason"):
        return Answer(not message)
    available = {"available": not message, "message": message, "reason": reason}
    return Answer({key: value for key, value in available.items() if value != ""})


def _counts(call: Call) -> dict[str, int]:
    """The number of objects in the workspace, by the API's names of the kinds."""
    counts = resource.counts(call.db, call.space.id)
    accounts = len(service_account.of_workspace(call.db, call.space.id))
    stored = {kind.counted: counts.get(kind.name, 0) for kind in (*KINDS, IMAGES, CUSTOM_DOMAINS) if kind.counted}
    return dict.fromkeys(_COUNTED, 0) | stored | {"serviceaccounts": accounts}


def _unavailable(call: Call, value: object) -> tuple[str, str]:
    """The API's reason why a name is unavailable, and a message. The reserved words are a guess."""
    is_free = BehaviorFlag.ANY_WORKSPACE_NAME in call.flags
    if wrong := (rules.any_name if is_free else rules.resource_name)(value):
        return "", f"name {wrong}"
    name = str(value)
    if workspace.find(call.db, name):
        return "taken", f"the name {name} is taken"
    return ("", "") if is_free else _forbidden(name)


def _forbidden(name: str) -> tuple[str, str]:
    if "blaxel" in name or "beamlit" in name:
        return "forbidden_blaxel", "the name must not contain the product's name"
    if _V_PREFIX.match(name):
        return "forbidden_v_prefix", "the name must not begin with a version, such as v1"
    if name in _RESERVED:
        return "forbidden_reserved", f"the name {name} is reserved"
    return "", ""


def list_features(call: Call) -> Answer:
    """List the enabled flags; disabled ones are not shown."""
    flags = workspace.features(call.db, call.space.id)
    return Answer({"features": {key: True for key, on in flags.items() if on}})


def show_feature(call: Call) -> Answer:
    """Return whether one flag is on."""
    key = call.inbound.path["key"]
    enabled = workspace.features(call.db, call.space.id).get(key)
    if enabled is None:
        raise not_found("Feature flag not found")
    return Answer({"featureKey": key, "enabled": enabled, "evaluatedAt": call.now})


_ONE = "/workspaces/<name>"
ROUTES = (
    Route("GET", "/workspaces", Permission.LIST, list_workspaces, response="workspace_list", reach=Reach.CALLER),
    Route(
        "POST",
        "/workspaces",
        Permission.CREATE,
        create_workspace,
        request="workspace_request",
        response="workspace",
        required_fields=("name",),
        errors=TAKEN,
        reach=Reach.CALLER,
    ),
    Route(
        "POST",
        "/workspaces/availability",
        None,
        check_availability,
        request="availability_request",
        response="availability_response",
        query=(WITH_REASON,),
        reads_only=True,
        reach=Reach.OPEN,
    ),
    Route("GET", _ONE, Permission.GET, show_workspace, response="workspace", query=(COUNT_RESOURCES,)),
    Route("GET", "/features", Permission.FEATURES_LIST, list_features, response="features"),
    Route("GET", "/features/<key>", Permission.FEATURES_GET, show_feature, response="feature", errors=MISSING),
    Route("PUT", _ONE, Permission.UPDATE, change_workspace, request="workspace_request", response="workspace"),
    Route("DELETE", _ONE, Permission.DELETE, delete_workspace, response="workspace"),
    Route(
        "DELETE",
        f"{_ONE}/leave",
        Permission.LEAVE,
        leave_workspace,
        response="workspace",
        errors=MISSING | TAKEN,
        reach=Reach.CALLER,
    ),
)
