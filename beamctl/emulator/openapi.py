"""The OpenAPI document, generated from the routes, the permission tables and the JSON Schemas of the API."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any

from beamctl.emulator.control_plane import BASE_PATH
from beamctl.emulator.errors import EmulatorError
from beamctl.emulator.pagination import API_VERSIONS, FIRST_VERSION_WITH_PAGES
from beamctl.emulator.permission import BY_CALLER_TYPE, BY_ROLE, Permission
from beamctl.emulator.routes import ROUTES, VARIABLES
from beamctl.emulator.routing import BEARER_HEADERS, KEY_HEADERS, WORKSPACE_HEADERS, Parameter, Reach, Route

SCHEMA_PREFIX = "urn:beamctl:api:"
"""Prefix of each `$id`; the rest is the schema's name."""

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "schemas" / "api", _PACKAGE.parent / "schemas" / "api")


@cache
def load_schemas() -> Mapping[str, dict[str, Any]]:
    """Every schema by name, read once. Do not modify them.

    Raises:
        EmulatorError: The installation is incomplete.
    """
    for folder in _FOLDERS:
        paths = sorted(folder.glob("*.json"))
        if paths:
            return MappingProxyType({path.stem: json.loads(path.read_text("utf-8")) for path in paths})
    raise EmulatorError("the beamctl installation is incomplete: the schemas of the API are missing; reinstall it")


_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_SCHEMAS = "#/components/schemas/"


def _answer(status: HTTPStatus, *names: str) -> dict[str, Any]:
    """A response that matches any of these schemas."""
    found = [{"$ref": _SCHEMAS + name} for name in names]
    schema = found[0] if len(found) == 1 else {"anyOf": found}
    return {"description": status.phrase, "content": {_JSON: {"schema": schema}}}


def _request_body(route: Route) -> dict[str, Any]:
    """The request body of a route."""
    content = {"schema": _embedded(body_schema(route))}
    return {"required": True, "content": {_JSON: content, _FORM: content} if route.allows_form else {_JSON: content}}


def body_schema(route: Route) -> dict[str, Any]:
    """The schema of a body, with the additional required fields of the route."""
    return {"$ref": SCHEMA_PREFIX + route.request, **_required(route.required_fields)}


def _embedded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema as part of the document: without its own ID, with references into the document."""
    kept = {key: _embedded_part(value) for key, value in schema.items() if key not in ("$id", "$schema")}
    if "$ref" in kept:
        kept["$ref"] = _SCHEMAS + kept["$ref"].removeprefix(SCHEMA_PREFIX)
    return kept


def _embedded_part(part: object) -> Any:  # noqa: ANN401 - any JSON
    match part:
        case dict():
            return _embedded(part)
        case list():
            return [_embedded_part(item) for item in part]
        case _:
            return part


def _required(names: tuple[str, ...]) -> dict[str, Any]:
    """A schema that requires these fields, which may be nested."""
    inner: dict[str, tuple[str, ...]] = {}
    for name in names:
        field, _, rest = name.partition(".")
        inner[field] = inner.get(field, ()) + ((rest,) if rest else ())
    nested = {field: _required(rest) for field, rest in inner.items() if rest}
    return ({"required": list(inner)} if inner else {}) | ({"properties": nested} if nested else {})


def _security_schemes() -> dict[str, Any]:
    """The security schemes by name; the OAuth2 scopes are the permissions."""
    token = f"{BASE_PATH}/oauth/token"
    scopes = {permission.value: f"See x-allowed-to: {permission.value}." for permission in Permission}
    flow = {"tokenUrl": token, "refreshUrl": token, "scopes": scopes}
    bearers = dict.fromkeys(BEARER_HEADERS, "`Bearer`, a space, and an API key or a token.")
    keys = dict.fromkeys(KEY_HEADERS, "An API key.")
    headers = {
        name: {"type": "apiKey", "in": "header", "name": name, "description": description}
        for name, description in (bearers | keys).items()
        if name != "Authorization"
    }
    bearer = {"type": "http", "scheme": "bearer", "description": "An API key or a token."}
    return {"OAuth2": {"type": "oauth2", "flows": {"clientCredentials": flow}}, "Bearer": bearer, **headers}


WORKSPACE = Parameter(
    "workspace",
    "The workspace; optional if the caller has only one. Headers take precedence over the query.",
    {"type": "string"},
)
VERSION = Parameter(
    "Blaxel-Version",
    f"Documented: the API version; from {FIRST_VERSION_WITH_PAGES} on, some listings have pages.",
    {"type": "string", "enum": [*API_VERSIONS, *(f"{version}.preview" for version in API_VERSIONS)]},
)

_VARIABLE = re.compile(r"<(?:(\w+):)?(\w+)>")
_PARAMETERS = "#/components/parameters/"
_RESPONSES = "#/components/responses/"

_BEAMLIT_ONLY = "Beamlit era only: 404 without a header that begins with X-Beamlit-."
_UNVERSIONED = "Published until November 2025: 404 with a Blaxel-Version header."


def _operation(route: Route) -> dict[str, Any]:
    """Build the operation of a route."""
    described = (getattr(route.handle, "func", route.handle).__doc__ or "").strip()
    shown: dict[str, Any] = {
        "operationId": _operation_id(route),
        "tags": [route.rule.split("/")[1]],
        "summary": described.partition("\n")[0],
        "parameters": _parameters(route),
        "responses": {str(int(status)): _response(route, status) for status in sorted(route.statuses)},
        "security": [{scheme: [route.permission.value]} for scheme in _security_schemes()] if route.permission else [],
    }
    if route.permission:
        table = BY_CALLER_TYPE if route.reach is Reach.CALLER else BY_ROLE
        shown["x-allowed-to"] = sorted(each.value for each in table[route.permission])
    if route.beamlit_only or route.unversioned:
        shown |= {"deprecated": True, "description": _BEAMLIT_ONLY if route.beamlit_only else _UNVERSIONED}
    if route.request:
        shown["requestBody"] = _request_body(route)
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
    return {"name": name, "in": "path", "required": True, "description": VARIABLES[name][0], "schema": schema}


def _response(route: Route, status: HTTPStatus) -> dict[str, Any]:
    if status is HTTPStatus.ACCEPTED:
        return _answer(status, route.accepted)
    if status is not HTTPStatus.OK:
        return {"$ref": _RESPONSES + status.name}
    success = _answer(status, *filter(None, (route.response, route.page)))
    links = _links(route)
    return {**success, "links": links} if links else success


def _links(route: Route) -> dict[str, Any]:
    """Links from a POST response to operations on the new object."""
    found: dict[str, Any] = {}
    outer = {name: f"$request.path.{name}" for _, name in _VARIABLE.findall(route.rule)}
    for other in ROUTES if route.method == "POST" else ():
        rest = other.rule.removeprefix(f"{route.rule}/")
        inner = _VARIABLE.match(rest)
        if rest != other.rule and inner and len(_VARIABLE.findall(rest)) == 1:
            described = {**outer, inner[2]: f"$response.body#{VARIABLES[inner[2]][1]}"}
            found[_operation_id(other)] = {"operationId": _operation_id(other), "parameters": described}
    return found


_ABOUT = """\
What beamctl's emulator of the Beamlit (Blaxel) control plane accepts and returns. This is not the published description
of the real API, and was never compared with the real service: each field says whether it is documented, known from
client code or guessed. `x-allowed-to` on an operation lists the workspace roles, or the sorts of callers, that may call
it, from the emulator's permission table."""


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the emulator, also served at `/v0/openapi.json`.

    Raises:
        EmulatorError: The installation is incomplete.
    """
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(_VARIABLE.sub(r"{\2}", route.rule), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "beamctl's emulator of the Beamlit control plane", "version": "v0", "description": _ABOUT},
        "servers": [{"url": BASE_PATH}],
        "paths": paths,
        "components": {
            "schemas": {name: _embedded(schema) for name, schema in load_schemas().items()},
            "parameters": _shared_parameters(),
            "responses": _shared_responses(),
            "securitySchemes": _security_schemes(),
        },
    }


def _shared_parameters() -> dict[str, Any]:
    """All query and header parameters by name; each means the same everywhere."""
    in_query = {each.name: each for route in ROUTES for each in route.query} | {WORKSPACE.name: WORKSPACE}
    in_headers = [Parameter(name, WORKSPACE.meaning, WORKSPACE.schema) for name in WORKSPACE_HEADERS] + [VERSION]
    return {
        each.name: {"name": each.name, "in": place, "description": each.meaning, "schema": dict(each.schema)}
        for place, those in (("query", in_query.values()), ("header", in_headers))
        for each in those
    }


def _shared_responses() -> dict[str, Any]:
    """The error responses by status name."""
    refused = frozenset[HTTPStatus]().union(*(route.statuses for route in ROUTES)) - {HTTPStatus.OK}
    shared = {status.name: _answer(status, "error") for status in sorted(refused)}
    bad = HTTPStatus.BAD_REQUEST
    return {**shared, bad.name: _answer(bad, "error", "api_version_error")}
