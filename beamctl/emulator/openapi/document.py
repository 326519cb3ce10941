"""The OpenAPI document: all operations and shared components."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from beamctl.emulator import schemas
from beamctl.emulator.authentication import WORKSPACE_HEADERS
from beamctl.emulator.openapi import security
from beamctl.emulator.openapi.operation import VERSION, WORKSPACE, operation, path
from beamctl.emulator.openapi.payload import answer, embedded
from beamctl.emulator.parameter import Parameter
from beamctl.emulator.routes import ROUTES

_VERSION_OF_OPENAPI = "3.1.0"

_ABOUT = """\
What beamctl's emulator of the Beamlit (Blaxel) control plane accepts and returns. This is not the published description
of the real API, and was never compared with the real service: each field says whether it is documented, known from
client code or guessed. `x-allowed-to` on an operation lists the workspace roles, or the sorts of callers, that may call
it, from the emulator's permission table."""


def document(base_path: str) -> dict[str, Any]:
    """Build the document.

    Args:
        base_path: Base path of the API, such as `/v0`; the only server in the document.

    Raises:
        EmulatorError: The installation is incomplete.
    """
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(path(route), {})[route.method.lower()] = operation(route)
    return {
        "openapi": _VERSION_OF_OPENAPI,
        "info": {"title": "beamctl's emulator of the Beamlit control plane", "version": "v0", "description": _ABOUT},
        "servers": [{"url": base_path}],
        "paths": paths,
        "components": {
            "schemas": {name: embedded(schema) for name, schema in schemas.load().items()},
            "parameters": _parameters(),
            "responses": _responses(),
            "securitySchemes": security.schemes(base_path),
        },
    }


def _parameters() -> dict[str, Any]:
    """All query and header parameters by name; each means the same everywhere."""
    in_query = {each.name: each for route in ROUTES for each in route.query} | {WORKSPACE.name: WORKSPACE}
    in_headers = [Parameter(name, WORKSPACE.meaning, WORKSPACE.schema) for name in WORKSPACE_HEADERS] + [VERSION]
    return {
        each.name: {"name": each.name, "in": place, "description": each.meaning, "schema": dict(each.schema)}
        for place, those in (("query", in_query.values()), ("header", in_headers))
        for each in those
    }


def _responses() -> dict[str, Any]:
    """The error responses by status name."""
    refused = frozenset[HTTPStatus]().union(*(route.statuses for route in ROUTES)) - {HTTPStatus.OK}
    shared = {status.name: answer(status, "error") for status in sorted(refused)}
    bad = HTTPStatus.BAD_REQUEST
    return {**shared, bad.name: answer(bad, "error", "api_version_error")}
