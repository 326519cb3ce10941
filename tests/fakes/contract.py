"""Every request that beamctl's client makes in a test is one that the API takes: a route that is known, and the body
that its schema in `schemas/api` describes, with no field beside. The fakes and the emulator report what they are sent
here; `tests/conftest.py` fails the test that sent something else."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from beamctl.emulator import schemas
from beamctl.emulator.call import Route
from beamctl.emulator.openapi.payload import body_schema
from beamctl.emulator.routes import ROUTES

CLIENT = "beamctl/"
"""How the User-Agent of beamctl begins."""

wrong: list[str] = []
"""What was sent and should not have been, since the last look."""

_MAP = Map(
    [Rule(route.rule, methods=[route.method], endpoint=index) for index, route in enumerate(ROUTES)],
    merge_slashes=False,
)


def observe(method: str, path: str, body: object) -> None:
    """Notes what is wrong with a request.

    Args:
        method: The HTTP method.
        path: Below the base path, with or without a query.
        body: What is sent as JSON; None for no body.
    """
    fault = _fault(method, unquote(path.partition("?")[0]), json.dumps(body, sort_keys=True))
    if fault:
        wrong.append(f"{method} {path}: {fault}")


def observe_bytes(method: str, path: str, agent: str, body: bytes) -> None:
    """The same for a request as it came in; those of other clients are not looked at."""
    if agent.startswith(CLIENT):
        observe(method, path, json.loads(body) if body else None)


@cache
def _fault(method: str, path: str, body: str) -> str:
    try:
        index, _ = _MAP.bind("localhost").match(path, method)
    except HTTPException as error:
        return f"no such route ({error.code})"
    route, content = ROUTES[index], json.loads(body)
    if not route.takes:
        return "" if content is None else "it takes no body"
    return "; ".join(f"{error.json_path}: {error.message}" for error in _validator(route).iter_errors(content))


@cache
def _validator(route: Route) -> Draft202012Validator:
    contents = [closed(schema) for schema in schemas.load().values()]
    registry: Registry[Any] = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in contents)
    return Draft202012Validator(body_schema(route), registry=registry)


def closed(schema: Any) -> Any:
    """The schema with every object that lists its properties closed to others."""
    match schema:
        case list():
            return [closed(item) for item in schema]
        case Mapping():
            inner = {key: closed(value) for key, value in schema.items()}
            is_open = inner.get("type") == "object" and "properties" in inner and "additionalProperties" not in inner
            return inner | {"additionalProperties": False} if is_open else inner
        case _:
            return schema
