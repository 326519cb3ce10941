"""Request and response bodies in the OpenAPI document, as references to the API's schemas."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from beamctl.emulator import schemas
from beamctl.emulator.call import Route

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_SCHEMAS = "#/components/schemas/"


def answer(status: HTTPStatus, *names: str) -> dict[str, Any]:
    """A response that matches any of these schemas."""
    found = [{"$ref": _SCHEMAS + name} for name in names]
    return {
        "description": status.phrase,
        "content": {_JSON: {"schema": found[0] if len(found) == 1 else {"anyOf": found}}},
    }


def request_body(route: Route) -> dict[str, Any]:
    """The request body of a route."""
    content = {"schema": embedded(body_schema(route))}
    return {"required": True, "content": {_JSON: content, _FORM: content} if route.allows_form else {_JSON: content}}


def body_schema(route: Route) -> dict[str, Any]:
    """The schema of a body, with the additional required fields of the route."""
    return {"$ref": schemas.PREFIX + route.request_schema, **_required(route.required_fields)}


def embedded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema as part of the document: without its own ID, with references into the document."""
    kept = {key: _embedded_part(value) for key, value in schema.items() if key not in ("$id", "$schema")}
    if "$ref" in kept:
        kept["$ref"] = _SCHEMAS + kept["$ref"].removeprefix(schemas.PREFIX)
    return kept


def _embedded_part(part: object) -> Any:  # noqa: ANN401 - any JSON
    match part:
        case dict():
            return embedded(part)
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
