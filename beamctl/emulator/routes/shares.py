"""Images, custom domains, and their shares with other workspaces.

The emulator has one billing account. A share inside an account applies at once (documented), so none is ever pending.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import partial
from typing import Any

from beamctl.emulator import rules
from beamctl.emulator.call import Answer, Call, check, json_object
from beamctl.emulator.errors import TAKEN, bad_request, conflict, not_found
from beamctl.emulator.kind import ACCOUNT, CUSTOM_DOMAINS, IMAGE_TYPES, IMAGES, PENDING, VERIFIED, Kind
from beamctl.emulator.permission import Permission
from beamctl.emulator.routes.resources import read_resource
from beamctl.emulator.routing import Route
from beamctl.emulator.store import resource, share, workspace
from beamctl.emulator.store.resource import ResourceFields, ResourceScope
from beamctl.emulator.store.workspace import ACCOUNT_ID

_VERSION_WITH_SUMMARIES = "2026-09-22"


def list_images(call: Call) -> Answer:
    """List own and shared images; from Blaxel-Version 2026-09-22 on as a page of summaries, here always one page."""
    shown = [shown_to(IMAGES, call, row) for row in share.visible(call.db, scope_of(IMAGES, call))]
    if call.inbound.headers.get("Blaxel-Version", "").strip() < _VERSION_WITH_SUMMARIES:
        return Answer(shown)
    data = [{**each, "spec": {"tagCount": len(each["spec"]["tags"])}} for each in shown]
    return Answer({"data": data, "meta": {"hasMore": False, "nextCursor": "", "total": len(data)}})


def create_image(call: Call) -> Answer:
    """Register an image, or another tag of one. Nothing is built; credentials in the body are not kept."""
    content = json_object(call.inbound.body)
    check("name", rules.resource_name, content.get("name"))
    check("resourceType", rules.one_of(*IMAGE_TYPES.values()), content.get("resourceType"))
    tag = "v1" if content.get("tag", "") == "" else content["tag"]
    check("tag", rules.any_name, tag)
    name = f"{content['resourceType']}/{content['name']}"
    row = resource.find(call.db, scope_of(IMAGES, call), name)
    tags = resource.fields(row).spec["tags"] if row else []
    if tag in [known["name"] for known in tags]:
        raise conflict(f"the tag {tag} already exists")
    fields = ResourceFields(spec={"tags": [*tags, {"name": tag, "createdAt": call.now, "updatedAt": call.now}]})
    put = resource.change if row else resource.add
    put(call.db, scope_of(IMAGES, call), name, fields, call.who.name, call.moment)
    shown = {"name": content["name"], "resourceType": content["resourceType"]}
    return Answer({**shown, "message": "registered, not built: this is an emulator"})


def list_domains(call: Call) -> Answer:
    """List own and shared custom domains."""
    rows = share.visible(call.db, scope_of(CUSTOM_DOMAINS, call))
    return Answer([shown_to(CUSTOM_DOMAINS, call, row) for row in rows])


def create_domain(call: Call) -> Answer:
    """Create a custom domain, which is pending until it is verified."""
    metadata = read_resource(call.inbound.body).metadata
    name, label = metadata.get("name"), metadata.get("displayName", "")
    check("metadata.name", rules.domain, name)
    check("metadata.displayName", rules.text, label)
    if resource.find(call.db, scope_of(CUSTOM_DOMAINS, call), str(name)):
        raise conflict(f"Custom domain {name} already exists")
    fields = ResourceFields(label, spec={"status": PENDING})
    resource.add(call.db, scope_of(CUSTOM_DOMAINS, call), str(name), fields, call.who.name, call.moment)
    return Answer(shown_to(CUSTOM_DOMAINS, call, visible_object(CUSTOM_DOMAINS, call, str(name))))


def update_domain(call: Call) -> Answer:
    """Change the display name of a custom domain; its status stays."""
    row, label = owned(CUSTOM_DOMAINS, call), read_resource(call.inbound.body).metadata.get("displayName", "")
    check("metadata.displayName", rules.text, label)
    fields = ResourceFields(str(label), spec=resource.fields(row).spec)
    resource.change(call.db, scope_of(CUSTOM_DOMAINS, call), row["name"], fields, call.who.name, call.moment)
    return Answer(shown_to(CUSTOM_DOMAINS, call, visible_object(CUSTOM_DOMAINS, call, row["name"])))


def verify_domain(call: Call) -> Answer:
    """Verify a custom domain; without DNS, this always succeeds."""
    row = owned(CUSTOM_DOMAINS, call)
    fields = ResourceFields(row["display_name"] or "", spec={"status": VERIFIED, "lastVerifiedAt": call.now})
    resource.change(call.db, scope_of(CUSTOM_DOMAINS, call), row["name"], fields, call.who.name, call.moment)
    return Answer(shown_to(CUSTOM_DOMAINS, call, visible_object(CUSTOM_DOMAINS, call, row["name"])))


def show(kind: Kind, call: Call) -> Answer:
    """Return one that the workspace owns or that is shared with it."""
    return Answer(shown_to(kind, call, visible_object(kind, call, _name(call))))


def delete(kind: Kind, call: Call) -> Answer:
    """Delete one that the workspace owns, and with it its shares."""
    row = owned(kind, call)
    resource.remove(call.db, scope_of(kind, call), row["name"])
    return Answer(shown_to(kind, call, row))


def list_shares(kind: Kind, call: Call) -> Answer:
    """List whom it is shared with."""
    more = {"accountId": ACCOUNT_ID} if kind is IMAGES else {}
    found = []
    for row in share.targets(call.db, owned(kind, call)["id"]):
        label = {"workspaceDisplayName": row["display_name"]} if row["display_name"] else {}
        found.append({"workspace": row["name"] or ACCOUNT, "status": "active", **label, **more})
    return Answer(found)


def add_share(kind: Kind, call: Call) -> Answer:
    """Share it with another workspace, which sees it at once."""
    row, content = owned(kind, call), json_object(call.inbound.body)
    target = content.get("targetWorkspace")
    if not isinstance(target, str) or not target:
        raise bad_request("targetWorkspace is required")
    if target == call.space.name:
        raise bad_request("targetWorkspace must be another workspace")
    if content.get("targetAccountId", ACCOUNT_ID) not in ("", ACCOUNT_ID):
        raise not_found("Workspace not found in this account")
    if kind is CUSTOM_DOMAINS and resource.fields(row).spec["status"] != VERIFIED:
        raise bad_request("only a verified custom domain can be shared")
    target_id = _target(kind, call, target)
    if target_id and resource.find(call.db, ResourceScope(target_id, kind.name), row["name"]):
        raise conflict(f"{target} has one with the same name")
    if not share.add(call.db, row["id"], target_id):
        raise conflict(f"it is already shared with {target}")
    return Answer(shown_to(kind, call, row))


def remove_share(kind: Kind, call: Call) -> Answer:
    """End a share; the other workspace no longer sees it."""
    row = owned(kind, call)
    if not share.remove(call.db, row["id"], _target(kind, call, call.inbound.path["target_workspace"])):
        raise not_found("Share not found")
    return Answer(shown_to(kind, call, row))


def _target(kind: Kind, call: Call, name: str) -> int | None:
    """The row of the target; None for the whole account."""
    if kind is CUSTOM_DOMAINS and name == ACCOUNT:
        return None
    if found := workspace.find(call.db, name):
        return found.id
    raise not_found("Workspace not found")


def scope_of(kind: Kind, call: Call) -> ResourceScope:
    """The workspace's own objects of a kind."""
    return ResourceScope(call.space.id, kind.name)


def _name(call: Call) -> str:
    path = call.inbound.path
    if "domain_name" in path:
        return path["domain_name"]
    return f"{IMAGE_TYPES.get(path['resource_type'], path['resource_type'])}/{path['image_name']}"


def visible_object(kind: Kind, call: Call, name: str) -> sqlite3.Row:
    """The object with this name, of this workspace or shared with it."""
    row = share.find_visible(call.db, scope_of(kind, call), name)
    if row is None:
        raise not_found(f"{kind.label} not found")
    return row


def owned(kind: Kind, call: Call) -> sqlite3.Row:
    """The object named by the path, if the workspace owns it: others cannot be changed (a guess)."""
    row = visible_object(kind, call, _name(call))
    if row["owner"] != call.space.name:
        raise not_found(f"{kind.label} not found: it is shared from {row['owner']}")
    return row


def shown_to(kind: Kind, call: Call, row: sqlite3.Row) -> dict[str, Any]:
    """The object as its owner or another workspace sees it."""
    payload = resource.payload(row, call.space.name)
    metadata, origin = payload["metadata"], row["owner"] if row["owner"] != call.space.name else ""
    if kind is CUSTOM_DOMAINS:
        return {**payload, "metadata": metadata | ({"sharedFromWorkspace": origin} if origin else {})}
    resource_type, _, name = row["name"].partition("/")
    kept = {key: metadata[key] for key in ("workspace", "createdAt", "updatedAt")}
    more = {"sourceWorkspace": origin} if origin else {}
    return {**payload, "metadata": {"name": name, "resourceType": resource_type, **kept, **more}}


def _routes(kind: Kind, one: str, reading: Permission, writing: Permission) -> Iterator[Route]:
    """The routes that images and custom domains have in common."""
    shares, target = f"{one}/share", f"{one}/share/<target_workspace>"
    admin, body = Permission.SHARES_WRITE, f"{kind.schema}_share_request"
    yield Route("GET", one, reading, partial(show, kind), response=kind.schema)
    yield Route("DELETE", one, writing, partial(delete, kind), response=kind.schema)
    yield Route("GET", shares, reading, partial(list_shares, kind), response=f"{kind.schema}_share_list")
    yield Route("POST", shares, admin, partial(add_share, kind), request=body, response=kind.schema, errors=TAKEN)
    yield Route("DELETE", target, admin, partial(remove_share, kind), response=kind.schema)


_DOMAIN = "/customdomains/<domain_name>"
_READ, _WRITE = Permission.DOMAINS_LIST, Permission.DOMAINS_WRITE
ROUTES = (
    Route("GET", "/images", Permission.IMAGES_LIST, list_images, response="image_list", page="image_page"),
    Route(
        "POST",
        "/images",
        Permission.IMAGES_WRITE,
        create_image,
        request="image_request",
        response="image_created",
        errors=TAKEN,
    ),
    *_routes(IMAGES, "/images/<resource_type>/<image_name>", Permission.IMAGES_LIST, Permission.IMAGES_WRITE),
    Route("GET", "/customdomains", _READ, list_domains, response="custom_domain_list"),
    Route(
        "POST",
        "/customdomains",
        _WRITE,
        create_domain,
        request="custom_domain_request",
        response="custom_domain",
        required_fields=("metadata.name",),
        errors=TAKEN,
    ),
    Route("PUT", _DOMAIN, _WRITE, update_domain, request="custom_domain_request", response="custom_domain"),
    Route("POST", f"{_DOMAIN}/verify", _WRITE, verify_domain, response="custom_domain"),
    *_routes(CUSTOM_DOMAINS, _DOMAIN, _READ, _WRITE),
)
