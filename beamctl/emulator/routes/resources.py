"""All objects with a name, metadata and a spec: list, create, get, update, delete, usages. See `kind` for the kinds."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from beamctl.emulator import body, pagination
from beamctl.emulator.call import EXTERNAL_ID, Answer, Call, Route
from beamctl.emulator.errors import TAKEN, bad_request, conflict, not_found
from beamctl.emulator.kind import DEPLOYED, KINDS, Kind, shown_spec
from beamctl.emulator.store import resource
from beamctl.emulator.store.resource import Fields, ListQuery, Place


def list_resources(kind: Kind, call: Call) -> Answer:
    """List the objects of a kind: all of them, or one page in API versions with pages."""
    place = _place(kind, call)
    if kind.paged and pagination.has_pages(call.inbound.headers.get("Blaxel-Version")):
        found = pagination.page(call.db, place, call.inbound.query, call.moment)
        return Answer({"data": _listed(kind, call, found.rows), "meta": found.meta})
    query = ListQuery(place, external_id="" if kind.paged else call.inbound.query.get("externalId", ""))
    return Answer(_listed(kind, call, resource.rows_from(call.db, query)))


def create_resource(kind: Kind, call: Call) -> Answer:
    """Create an object; the name must be free."""
    content = body.read_resource(call.inbound.body)
    name = content.name()
    after = content.fields(kind, Fields(), call.flags)
    if resource.find(call.db, _place(kind, call), name):
        raise conflict(f"{kind.word} {name} already exists")
    resource.add(call.db, _place(kind, call), name, after, call.who.name, call.moment)
    return Answer(_shown(kind, call, _known(kind, call, name)))


def show_resource(kind: Kind, call: Call) -> Answer:
    """Return one object."""
    return Answer(_shown(kind, call, _known(kind, call)))


def update_resource(kind: Kind, call: Call) -> Answer:
    """Update metadata and spec of an existing object."""
    row = _known(kind, call)
    content = body.read_resource(call.inbound.body)
    content.check_name(row["name"])
    after = content.fields(kind, resource.fields(row), call.flags)
    resource.change(call.db, _place(kind, call), row["name"], after, call.who.name, call.moment)
    return Answer(_shown(kind, call, _known(kind, call)))


def delete_resource(kind: Kind, call: Call) -> Answer:
    """Delete an object, unless it is built in, or in use and protected."""
    row = _known(kind, call)
    if row["name"] in kind.built_in:
        raise bad_request(f"{kind.word} {row['name']} is built in and cannot be deleted")
    if kind.kept_while_used and (users := _users(kind, call, [row["name"]])):
        first = ", ".join(f"{user}/{name}" for _, user, name in users[:3])
        raise conflict(f"{kind.word} {row['name']} is in use by {first}")
    resource.remove(call.db, _place(kind, call), row["name"])
    return Answer(_shown(kind, call, row))


def show_usages(kind: Kind, call: Call) -> Answer:
    """List what uses the object, by kind."""
    users = _users(kind, call, [_known(kind, call)["name"]])
    return Answer({each.name: [{"name": name} for _, user, name in users if user == each.name] for each in DEPLOYED})


def _place(kind: Kind, call: Call) -> Place:
    return Place(call.here.id, kind.name)


def _known(kind: Kind, call: Call, name: str = "") -> sqlite3.Row:
    """The object with this name or, without a name, the one named by the path."""
    row = resource.find(call.db, _place(kind, call), name or call.inbound.path["resource_name"])
    if row is None:
        raise not_found(f"{kind.word} not found")
    return row


def _shown(kind: Kind, call: Call, row: sqlite3.Row) -> dict[str, Any]:
    payload = resource.payload(row, call.here.name)
    return {**payload, "spec": shown_spec(payload["spec"], kind.hidden, call.flags)}


def _listed(kind: Kind, call: Call, rows: list[sqlite3.Row]) -> list[dict[str, Any]]:
    shown = [_shown(kind, call, row) for row in rows]
    if not kind.tells_usage:
        return shown
    users = Counter((used, user) for used, user, _ in _users(kind, call, [row["name"] for row in rows]))
    return [
        {**payload, "usage": {each.name: users[payload["metadata"]["name"], each.name] for each in DEPLOYED}}
        for payload in shown
    ]


def _users(kind: Kind, call: Call, names: list[str]) -> list[tuple[str, str, str]]:
    """Deployed objects that use these names: tuples of (name used, kind of the user, name of the user)."""
    deployed = {each.name for each in DEPLOYED}
    users = resource.users(call.db, call.here.id, kind.used_by, names)
    return [user for user in users if user[1] in deployed]


def _routes(kind: Kind) -> Iterator[Route]:
    """The routes of one kind."""
    one, body = f"{kind.path}/<resource_name>", f"{kind.schema}_request"
    deletes = TAKEN if kind.kept_while_used else frozenset()
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
    if kind.tells_usage:
        yield replace(_route(kind, "GET", f"{one}/usages", "get", show_usages), response="policy_usages")


def _route(kind: Kind, method: str, rule: str, verb: str, handle: Callable[[Kind, Call], Answer]) -> Route:
    """A route that returns one object of the kind."""
    return Route(
        method, rule, kind.permission(verb), partial(handle, kind), response=kind.schema, beamlit_only=kind.beamlit_only
    )


ROUTES = tuple(route for kind in KINDS for route in _routes(kind))
