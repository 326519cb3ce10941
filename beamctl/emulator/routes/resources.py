"""All objects with a name, metadata and a spec: list, create, get, update, delete, usages. See `kind` for the kinds."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from beamctl.emulator import pagination
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.call import Answer, Call, check, json_object
from beamctl.emulator.errors import TAKEN, bad_request, conflict, not_found
from beamctl.emulator.kind import DEPLOYED, EMPTY, KINDS, Kind, shown_spec, stored_secret
from beamctl.emulator.routing import EXTERNAL_ID, Route
from beamctl.emulator.rules import METADATA, an_object, limited, resource_name
from beamctl.emulator.store import resource
from beamctl.emulator.store.resource import ListQuery, ResourceFields, ResourceScope


def list_resources(kind: Kind, call: Call) -> Answer:
    """List the objects of a kind: all of them, or one page in API versions with pages."""
    scope = _scope(kind, call)
    if kind.paged and pagination.has_pages(call.inbound.headers.get("Blaxel-Version")):
        found = pagination.page(call.db, scope, call.inbound.query, call.moment)
        return Answer({"data": _listed(kind, call, found.rows), "meta": found.meta})
    query = ListQuery(scope, external_id="" if kind.paged else call.inbound.query.get("externalId", ""))
    return Answer(_listed(kind, call, resource.rows_from(call.db, query)))


def create_resource(kind: Kind, call: Call) -> Answer:
    """Create an object; the name must be free."""
    content = read_resource(call.inbound.body)
    name = content.name()
    after = content.fields(kind, ResourceFields(), call.flags)
    if resource.find(call.db, _scope(kind, call), name):
        raise conflict(f"{kind.label} {name} already exists")
    resource.add(call.db, _scope(kind, call), name, after, call.who.name, call.moment)
    return Answer(_shown(kind, call, _known(kind, call, name)))


def show_resource(kind: Kind, call: Call) -> Answer:
    """Return one object."""
    return Answer(_shown(kind, call, _known(kind, call)))


def show_by_external_id(kind: Kind, call: Call) -> Answer:
    """Return the newest object with an external ID."""
    query = ListQuery(_scope(kind, call), external_id=call.inbound.path["external_id"])
    found = resource.rows_from(call.db, query, limit=1)
    if not found:
        raise not_found(f"{kind.label} not found")
    return Answer(_shown(kind, call, found[0]))


def update_resource(kind: Kind, call: Call) -> Answer:
    """Update metadata and spec of an existing object."""
    row = _known(kind, call)
    content = read_resource(call.inbound.body)
    content.check_name(row["name"])
    after = content.fields(kind, resource.fields(row), call.flags)
    resource.change(call.db, _scope(kind, call), row["name"], after, call.who.name, call.moment)
    return Answer(_shown(kind, call, _known(kind, call)))


def delete_resource(kind: Kind, call: Call) -> Answer:
    """Delete an object, unless it is built in, or in use and protected."""
    row = _known(kind, call)
    if row["name"] in kind.built_in:
        raise bad_request(f"{kind.label} {row['name']} is built in and cannot be deleted")
    if kind.protected_in_use and (users := _users(kind, call, [row["name"]])):
        first = ", ".join(f"{user}/{name}" for _, user, name in users[:3])
        raise conflict(f"{kind.label} {row['name']} is in use by {first}")
    resource.remove(call.db, _scope(kind, call), row["name"])
    return Answer(_shown(kind, call, row))


def show_usages(kind: Kind, call: Call) -> Answer:
    """List what uses the object, by kind."""
    users = _users(kind, call, [_known(kind, call)["name"]])
    return Answer({each.name: [{"name": name} for _, user, name in users if user == each.name] for each in DEPLOYED})


@dataclass(frozen=True, slots=True)
class ResourceBody:
    """A body with two optional objects."""

    metadata: dict[str, Any]
    spec: dict[str, Any] | None

    def name(self) -> str:
        """The name of a new object.

        Raises:
            ApiError: 400: it is missing or invalid.
        """
        name = self.metadata.get("name")
        check("metadata.name", resource_name, name)
        return str(name)

    def check_name(self, name: str) -> None:
        """Raise a 400 if the body has another name."""
        if self.metadata.get("name", name) != name:
            raise bad_request("metadata.name cannot be changed")

    def fields(self, kind: Kind, before: ResourceFields, flags: Collection[BehaviorFlag]) -> ResourceFields:
        """The writable part of an object after this request.

        Raises:
            ApiError: 400: a field is invalid or missing.
        """
        kept = ResourceFields() if BehaviorFlag.PUT_REPLACES in flags else before
        given = {key: self.metadata[key] for key in METADATA if key in self.metadata}
        metadata_rules = limited(METADATA, flags)
        for key, value in given.items():
            check(f"metadata.{key}", metadata_rules[key], value)
        return ResourceFields(
            display_name=given.get("displayName", kept.display_name),
            external_id=given.get("externalId", kept.external_id),
            labels=given.get("labels", kept.labels),
            spec=_spec(kind, self.spec, before.spec, flags),
        )


def read_resource(content: bytes) -> ResourceBody:
    """Parse the body of a request.

    Raises:
        ApiError: 400: it is not an object of objects.
    """
    parsed = json_object(content)
    metadata, spec = parsed.get("metadata", {}), parsed.get("spec", {})
    if not isinstance(metadata, dict):
        raise bad_request("metadata must be an object")
    check("spec", an_object, spec)
    return ResourceBody(metadata, spec if "spec" in parsed else None)


def _spec(
    kind: Kind, given: dict[str, Any] | None, before: dict[str, Any], flags: Collection[BehaviorFlag]
) -> dict[str, Any]:
    """The spec after the request: the new one if given, else the stored one."""
    if given is None or BehaviorFlag.SPEC_MERGES in flags:
        given = {**before, **(given or {})}
    elif (
        kind.masked_field in before and BehaviorFlag.PUT_REPLACES not in flags
    ):  # a client that cannot read it cannot send it back
        given = {kind.masked_field: before[kind.masked_field], **given}
    if kind.fields is None:
        return given
    for key, rule in kind.fields.items():
        if key in given:
            check(f"spec.{key}", rule, given[key])
    known = {key: value for key, value in given.items() if key in kind.fields and value not in EMPTY}
    for key in kind.required:
        if key not in known:
            raise bad_request(f"spec.{key} is required")
    if kind.masked_field in known:
        known[kind.masked_field] = stored_secret(known[kind.masked_field], before.get(kind.masked_field, {}), flags)
    return known


def _scope(kind: Kind, call: Call) -> ResourceScope:
    return ResourceScope(call.space.id, kind.name)


def _known(kind: Kind, call: Call, name: str = "") -> sqlite3.Row:
    """The object with this name or, without a name, the one named by the path."""
    row = resource.find(call.db, _scope(kind, call), name or call.inbound.path["resource_name"])
    if row is None:
        raise not_found(f"{kind.label} not found")
    return row


def _shown(kind: Kind, call: Call, row: sqlite3.Row) -> dict[str, Any]:
    payload = resource.payload(row, call.space.name)
    return {**payload, "spec": shown_spec(payload["spec"], kind.masked_field, call.flags)}


def _listed(kind: Kind, call: Call, rows: list[sqlite3.Row]) -> list[dict[str, Any]]:
    shown = [_shown(kind, call, row) for row in rows]
    if not kind.shows_usage:
        return shown
    users = Counter((used, user) for used, user, _ in _users(kind, call, [row["name"] for row in rows]))
    return [
        {**payload, "usage": {each.name: users[payload["metadata"]["name"], each.name] for each in DEPLOYED}}
        for payload in shown
    ]


def _users(kind: Kind, call: Call, names: list[str]) -> list[tuple[str, str, str]]:
    """The deployed objects that use these names, as tuples: the name used, the kind and the name of its user."""
    deployed = {each.name for each in DEPLOYED}
    users = resource.users(call.db, call.space.id, kind.used_by, names)
    return [user for user in users if user[1] in deployed]


def _routes(kind: Kind) -> Iterator[Route]:
    """The routes of one kind."""
    one, body = f"{kind.path}/<resource_name>", f"{kind.schema}_request"
    deletes = TAKEN if kind.protected_in_use else frozenset()
    yield replace(
        _route(kind, "GET", kind.path, "list", list_resources),
        response=f"{kind.schema}_list",
        page=f"{kind.schema}_page" if kind.paged else "",
        query=pagination.PAGE_PARAMETERS if kind.paged else (EXTERNAL_ID,),
    )
    needs = ("metadata.name", "spec") if kind.required else ("metadata.name",)
    yield replace(
        _route(kind, "POST", kind.path, "create", create_resource),
        request=body,
        required_fields=needs,
        errors=TAKEN,
    )
    yield _route(kind, "GET", one, "get", show_resource)
    yield replace(_route(kind, "PUT", one, "update", update_resource), request=body)
    yield replace(_route(kind, "DELETE", one, "delete", delete_resource), errors=deletes)
    if kind.by_external_id:
        yield _route(kind, "GET", f"{kind.path}/by-external-id/<external_id>", "get", show_by_external_id)
    if kind.shows_usage:
        yield replace(_route(kind, "GET", f"{one}/usages", "get", show_usages), response="policy_usages")


def _route(kind: Kind, method: str, rule: str, verb: str, handle: Callable[[Kind, Call], Answer]) -> Route:
    """A route that returns one object of the kind."""
    return Route(
        method, rule, kind.permission(verb), partial(handle, kind), response=kind.schema, beamlit_only=kind.beamlit_only
    )


ROUTES = tuple(route for kind in KINDS for route in _routes(kind))
