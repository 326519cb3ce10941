"""One route as an OpenAPI operation: path, parameters, responses, permission, and links."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from beamctl.emulator import api_version
from beamctl.emulator.authentication import WORKSPACE_HEADERS
from beamctl.emulator.call import Reach, Route
from beamctl.emulator.openapi import security
from beamctl.emulator.openapi.payload import answer, request_body
from beamctl.emulator.parameter import Parameter
from beamctl.emulator.permission import BY_ROLE, BY_SORT, Permission
from beamctl.emulator.routes import ROUTES

WORKSPACE = Parameter(
    "workspace",
    "The workspace; optional if the caller has only one. Headers take precedence over the query.",
    {"type": "string"},
)
VERSION = Parameter(
    "Blaxel-Version",
    f"Documented: the API version; from {api_version.FIRST_WITH_PAGES} on, some listings have pages.",
    {"type": "string", "enum": [*api_version.KNOWN, *(f"{version}.preview" for version in api_version.KNOWN)]},
)

_VARIABLE = re.compile(r"<(?:(\w+):)?(\w+)>")
_PARAMETERS = "#/components/parameters/"
_RESPONSES = "#/components/responses/"
_VARIABLES = {
    "name": ("The name of a workspace.", "/name"),
    "who": ("The sub or e-mail address of a member or invitee.", "/email"),
    "client_id": ("The client ID of a service account.", "/client_id"),
    "key_id": ("The ID of an API key, not the key itself.", "/id"),
    "key": ("The key of a feature flag.", "/featureKey"),
    "thing": ("The name of the object.", "/metadata/name"),
}
"""The meaning of each path variable, and its place in the response of the POST that creates the object."""


def path(route: Route) -> str:
    """The path in OpenAPI syntax."""
    return _VARIABLE.sub(r"{\2}", route.rule)


def operation(route: Route) -> dict[str, Any]:
    """Build the operation of a route."""
    described = (getattr(route.handle, "func", route.handle).__doc__ or "").strip()
    shown: dict[str, Any] = {
        "operationId": _operation_id(route),
        "tags": [route.rule.split("/")[1]],
        "summary": described.partition("\n")[0],
        "parameters": _parameters(route),
        "responses": {str(int(status)): _response(route, status) for status in sorted(route.statuses)},
        "security": security.alternatives(route.permission),
    }
    if route.permission:
        shown["x-allowed-to"] = _allowed_to(route, route.permission)
    if route.beamlit_only:
        shown["deprecated"] = True
        shown["description"] = "Beamlit era only: 404 without a header that begins with X-Beamlit-."
    if route.request_schema:
        shown["requestBody"] = request_body(route)
    return shown


def _operation_id(route: Route) -> str:
    return "_".join([route.method.lower(), *re.findall(r"\w+", _VARIABLE.sub(r"\2", route.rule))])


def _parameters(route: Route) -> list[dict[str, Any]]:
    """Path, query and header parameters, without the credential."""
    variables = _VARIABLE.findall(route.rule)
    shared = [each.name for each in route.query]
    if route.reach is Reach.WORKSPACE and "name" not in [name for _, name in variables]:
        shared += [*WORKSPACE_HEADERS, WORKSPACE.name]
    return [
        *(_variable(name, slashes=kind == "path") for kind, name in variables),
        *({"$ref": _PARAMETERS + name} for name in (*shared, VERSION.name)),
    ]


def _variable(name: str, *, slashes: bool) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1} | ({} if slashes else {"pattern": "^[^/]+$"})
    return {"name": name, "in": "path", "required": True, "description": _VARIABLES[name][0], "schema": schema}


def _allowed_to(route: Route, permission: Permission) -> list[str]:
    table = BY_SORT if route.reach is Reach.CALLER else BY_ROLE
    return sorted(each.value for each in table[permission])


def _response(route: Route, status: HTTPStatus) -> dict[str, Any]:
    if status is HTTPStatus.ACCEPTED:
        return answer(status, route.accepted_schema)
    if status is not HTTPStatus.OK:
        return {"$ref": _RESPONSES + status.name}
    success, links = (
        answer(status, *(name for name in (route.response_schema, route.page_schema) if name)),
        _links(route),
    )
    return {**success, "links": links} if links else success


def _links(route: Route) -> dict[str, Any]:
    """Links from a POST response to operations on the new object."""
    found: dict[str, Any] = {}
    outer = {name: f"$request.path.{name}" for _, name in _VARIABLE.findall(route.rule)}
    for other in ROUTES if route.method == "POST" else ():
        rest = other.rule.removeprefix(f"{route.rule}/")
        inner = _VARIABLE.match(rest)
        if rest != other.rule and inner and len(_VARIABLE.findall(rest)) == 1:
            described = {**outer, inner[2]: f"$response.body#{_VARIABLES[inner[2]][1]}"}
            found[_operation_id(other)] = {"operationId": _operation_id(other), "parameters": described}
    return found
