"""Deployments of a model to environments, as in the Beamlit era until December 2024: flat objects in snake case."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Any

from beamctl.emulator import rules
from beamctl.emulator.call import Answer, Call, check, json_object
from beamctl.emulator.errors import bad_request, not_found
from beamctl.emulator.kind import EMPTY, ENVIRONMENTS, FLAVORS, list_of
from beamctl.emulator.permission import Permission
from beamctl.emulator.routing import Route
from beamctl.emulator.store import resource
from beamctl.emulator.store.resource import ResourceFields, ResourceScope, deployments_of

DEFAULT_ENVIRONMENT = "production"
"""Documented: what a query means that names no environment."""

_LAST_PORT = 65535


def _port(value: object) -> str:
    """A port."""
    fine = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LAST_PORT
    return "" if fine else f"must be a port, 1 to {_LAST_PORT}"


FIELDS: dict[str, rules.Rule] = {
    "enabled": rules.flag,
    "flavors": FLAVORS,
    "labels": rules.labels,
    "metric_port": _port,
    "model_provider_ref": rules.an_object,
    "pod_template": rules.an_object,
    "policies": list_of(rules.filled_text, "names of policies"),
    "runtime": rules.an_object,
    "serverless_config": rules.an_object,
    "serving_port": _port,
}
"""The writable fields."""


def list_deployments(call: Call) -> Answer:
    """List the deployments of a model."""
    rows = resource.rows_from(call.db, resource.ListQuery(_scope(call)))
    return Answer([_shown(call, row) for row in rows])


def show_deployment(call: Call) -> Answer:
    """Return the deployment of a model to one environment."""
    return Answer(_shown(call, _known(call)))


def put_deployment(call: Call) -> Answer:
    """Create the deployment, or update the fields that the body gives."""
    scope, name, content = _scope(call), call.inbound.path["environment"], json_object(call.inbound.body)
    if resource.find(call.db, ResourceScope(call.space.id, ENVIRONMENTS.name), name) is None:
        raise not_found(f"{ENVIRONMENTS.label} not found")
    for key, expected in (("environment", name), ("model", call.inbound.path["resource_name"])):
        if content.get(key, expected) != expected:
            raise bad_request(f"{key} must be the one in the path")
    given = {key: value for key, value in content.items() if key in FIELDS and value is not None}
    for key, value in given.items():
        check(key, FIELDS[key], value)
    row = resource.find(call.db, scope, name)
    before = resource.fields(row).spec if row else {}
    spec = {key: value for key, value in {**before, **given}.items() if value not in EMPTY}
    write = resource.change if row else resource.add
    write(call.db, scope, name, ResourceFields(spec=spec), call.who.name, call.moment)
    return Answer(_shown(call, _known(call)))


def delete_deployment(call: Call) -> Answer:
    """Delete the deployment of a model to one environment."""
    row = _known(call)
    resource.remove(call.db, _scope(call), row["name"])
    return Answer(_shown(call, row))


def _scope(call: Call) -> ResourceScope:
    """The deployments of the model in the path, which must exist."""
    model = call.inbound.path["resource_name"]
    if resource.find(call.db, ResourceScope(call.space.id, "models"), model) is None:
        raise not_found("Model not found")
    return deployments_of(call.space.id, model)


def _known(call: Call) -> sqlite3.Row:
    row = resource.find(call.db, _scope(call), call.inbound.path["environment"])
    if row is None:
        raise not_found("Model deployment not found")
    return row


def _shown(call: Call, row: sqlite3.Row) -> dict[str, Any]:
    own = {key: row[key] for key in ("created_at", "updated_at", "created_by", "updated_by")}
    place = {"environment": row["name"], "model": call.inbound.path["resource_name"], "workspace": call.space.name}
    return {"enabled": True, **resource.fields(row).spec, **place, **own}


_LISTING = "/models/<resource_name>/deployments"
_ONE = f"{_LISTING}/<environment>"
_route = partial(Route, response="model_deployment", beamlit_only=True)
ROUTES = (
    _route("GET", _LISTING, Permission.RESOURCES_LIST, list_deployments, response="model_deployment_list"),
    _route("GET", _ONE, Permission.RESOURCES_GET, show_deployment),
    _route("PUT", _ONE, Permission.RESOURCES_UPDATE, put_deployment, request="model_deployment_request"),
    _route("DELETE", _ONE, Permission.RESOURCES_DELETE, delete_deployment),
)
