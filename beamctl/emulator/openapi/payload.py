"""Bodies and answers as an OpenAPI document tells them: references to the schemas of the API, which it carries.
It must not know which routes there are."""

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
    """An answer that any one of these schemas describes."""
    found = [{"$ref": _SCHEMAS + name} for name in names]
    return {
        "description": status.phrase,
        "content": {_JSON: {"schema": found[0] if len(found) == 1 else {"anyOf": found}}},
    }


def request_body(route: Route) -> dict[str, Any]:
    """The body that a route takes."""
    content = {"schema": embedded(body_schema(route))}
    return {"required": True, "content": {_JSON: content, _FORM: content} if route.takes_form else {_JSON: content}}


def body_schema(route: Route) -> dict[str, Any]:
    """The schema of a body: the one that the route names, and what it needs beyond that one."""
    return {"$ref": schemas.PREFIX + route.takes, **_required(route.needs)}


def embedded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema as a part of the document: its references point into the document, it has no name of its own."""
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
    """The schema that these fields, which may be fields of fields, are there."""
    inner: dict[str, tuple[str, ...]] = {}
    for name in names:
        field, _, rest = name.partition(".")
        inner[field] = inner.get(field, ()) + ((rest,) if rest else ())
    nested = {field: _required(rest) for field, rest in inner.items() if rest}
    return ({"required": list(inner)} if inner else {}) | ({"properties": nested} if nested else {})
