"""Private clusters: flat objects, published from December 2024 to November 2025."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Any

from beamctl.emulator import rules
from beamctl.emulator.call import Answer, Call, check, json_object
from beamctl.emulator.errors import TAKEN, bad_request, conflict, not_found
from beamctl.emulator.kind import CLUSTERS, EMPTY
from beamctl.emulator.permission import Permission
from beamctl.emulator.routing import Route
from beamctl.emulator.store import resource
from beamctl.emulator.store.resource import ResourceFields, ResourceScope


def list_clusters(call: Call) -> Answer:
    """List the private clusters."""
    rows = resource.rows_from(call.db, resource.ListQuery(_scope(call)))
    return Answer([_shown(call, row) for row in rows])


def create_cluster(call: Call) -> Answer:
    """Create a private cluster; the name must be free."""
    content = json_object(call.inbound.body)
    name = content.get("name")
    check("name", rules.resource_name, name)
    if resource.find(call.db, _scope(call), str(name)):
        raise conflict(f"{CLUSTERS.label} {name} already exists")
    fields = ResourceFields(spec=_spec(content, {}))
    resource.add(call.db, _scope(call), str(name), fields, call.who.name, call.moment)
    return Answer(_shown(call, _known(call, str(name))))


def show_cluster(call: Call) -> Answer:
    """Return one private cluster."""
    return Answer(_shown(call, _known(call)))


def update_cluster(call: Call) -> Answer:
    """Update the fields that the body gives. Official clients send no body, which changes nothing."""
    row = _known(call)
    content = json_object(call.inbound.body or b"{}")
    if content.get("name", row["name"]) != row["name"]:
        raise bad_request("name cannot be changed")
    return _changed(call, row, _spec(content, resource.fields(row).spec))


def delete_cluster(call: Call) -> Answer:
    """Delete a private cluster."""
    row = _known(call)
    resource.remove(call.db, _scope(call), row["name"])
    return Answer(_shown(call, row))


def show_health(call: Call) -> Answer:
    """Return whether a private cluster is healthy, and when it last said so."""
    return Answer(_health(_shown(call, _known(call))))


def report_health(call: Call) -> Answer:
    """Record that a private cluster is healthy."""
    row = _known(call)
    spec = {**resource.fields(row).spec, "healthy": True, "lastHealthCheckTime": call.now}
    shown = _changed(call, row, spec).body
    assert isinstance(shown, dict)  # noqa: S101 - one object
    return Answer(_health(shown))


def _health(shown: dict[str, Any]) -> dict[str, Any]:
    return {key: shown[key] for key in ("name", "healthy", "lastHealthCheckTime") if key in shown}


def _spec(content: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """The stored fields after a request; empty ones are absent, other ones are ignored.

    Raises:
        ApiError: 400: a field is invalid.
    """
    given = {key: content[key] for key in CLUSTERS.fields or () if key in content}
    for key, rule in (CLUSTERS.fields or {}).items():
        if key in given:
            check(key, rule, given[key])
    return {key: value for key, value in {**before, **given}.items() if value not in EMPTY}


def _changed(call: Call, row: sqlite3.Row, spec: dict[str, Any]) -> Answer:
    resource.change(call.db, _scope(call), row["name"], ResourceFields(spec=spec), call.who.name, call.moment)
    return Answer(_shown(call, _known(call)))


def _scope(call: Call) -> ResourceScope:
    return ResourceScope(call.space.id, CLUSTERS.name)


def _known(call: Call, name: str = "") -> sqlite3.Row:
    row = resource.find(call.db, _scope(call), name or call.inbound.path["cluster_name"])
    if row is None:
        raise not_found(f"{CLUSTERS.label} not found")
    return row


def _shown(call: Call, row: sqlite3.Row) -> dict[str, Any]:
    payload = resource.payload(row, call.space.name)
    return {"healthy": False, **payload["spec"], **payload["metadata"]}


_ONE = f"{CLUSTERS.path}/<cluster_name>"
_route = partial(Route, response="private_cluster", unversioned=True)
ROUTES = (
    _route("GET", CLUSTERS.path, Permission.RESOURCES_LIST, list_clusters, response="private_cluster_list"),
    _route(
        "POST",
        CLUSTERS.path,
        Permission.RESOURCES_CREATE,
        create_cluster,
        request="private_cluster_request",
        required_fields=("name",),
        errors=TAKEN,
    ),
    _route("GET", _ONE, Permission.RESOURCES_GET, show_cluster),
    _route("PUT", _ONE, Permission.RESOURCES_UPDATE, update_cluster, request="private_cluster_request"),
    _route("DELETE", _ONE, Permission.RESOURCES_DELETE, delete_cluster),
    _route("GET", f"{_ONE}/health", Permission.RESOURCES_GET, show_health, response="private_cluster_health"),
    _route("POST", f"{_ONE}/health", Permission.RESOURCES_UPDATE, report_health, response="private_cluster_health"),
)
