"""Every request that beamctl's client makes in a test is one that the API takes: a route that is known, and the body
that its schema in `schemas/api` describes, with no field beside. Every answer of the emulator is one that its route
promises, in the same way. The fakes and the emulator report here; `tests/conftest.py` fails the test where something
else was sent."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from beamctl.emulator import openapi
from beamctl.emulator.call import Route
from beamctl.emulator.openapi import body_schema
from beamctl.emulator.routes import ROUTES

_REFUSED = HTTPStatus.BAD_REQUEST
_NO_ROUTE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})

CLIENT = "beamctl/"
"""How the User-Agent of beamctl begins."""

wrong: list[str] = []
"""What was sent or answered and should not have been, since the last look."""

_MAP = Map(
    [Rule(route.rule, methods=[route.method], endpoint=index) for index, route in enumerate(ROUTES)],
    merge_slashes=False,
)
_BY_RULE = {(route.method, route.rule): route for route in ROUTES}


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


def observe_bytes(method: str, path: str, headers: Mapping[str, str] | Headers, body: bytes) -> None:
    """The same for a request as it came in. Not looked at are those of other clients, and those whose sender was
    stopped half-way."""
    if headers.get("User-Agent", "").startswith(CLIENT) and len(body) == int(headers.get("Content-Length") or 0):
        observe(method, path, json.loads(body) if body else None)


def observe_answer(method: str, rule: str, status: int, content_type: str, body: bytes) -> None:
    """Notes what is wrong with an answer of the emulator.

    Args:
        method: The HTTP method of the request.
        rule: The rule of the route that answered; empty where there is none.
        status: The HTTP status.
        content_type: The type of the body.
        body: As it is sent.
    """
    fault = _answer_fault("GET" if method == "HEAD" else method, rule, status, content_type, body)
    if fault:
        wrong.append(f"the answer to {method} {rule}: {fault}")


def observe_logged(method: str, rule: str, status: int) -> None:
    """The same as far as the emulator's own log tells it: of a process that nothing else can be seen of."""
    route = _BY_RULE.get(("GET" if method == "HEAD" else method, rule.partition("?")[0]))
    if status not in (route.statuses if route else _NO_ROUTE):
        wrong.append(f"the answer to {method} {rule}: {status} is not declared")


@lru_cache(4096)
def _answer_fault(method: str, rule: str, status: int, content_type: str, body: bytes) -> str:
    return answer_fault(_BY_RULE.get((method, rule)), status, content_type, body)


def answer_fault(route: Route | None, status: int, content_type: str, body: bytes) -> str:
    """Why this is no answer that the route promises, in words; empty where it is. Without a route it is a refusal."""
    if content_type != "application/json":
        return f"it is {content_type}"
    if status not in (route.statuses if route else _NO_ROUTE):
        return f"{status} is not declared"
    content = json.loads(body)
    if status >= _REFUSED and content.get("code", status) != status:
        return f"it says that it is {content['code']}, and is {status}"
    schema = validator(_schema_of(route, status, content))
    return "; ".join(f"{error.json_path}: {error.message}" for error in schema.iter_errors(content))


def _schema_of(route: Route | None, status: int, content: Any) -> str:
    if route is None or status >= _REFUSED:
        return "api_version_error" if content.get("error") == "invalid_api_version" else "error"
    if status == HTTPStatus.ACCEPTED:
        return route.accepted_schema
    return route.page_schema if route.page_schema and isinstance(content, dict) else route.response_schema


@cache
def validator(name: str) -> Draft202012Validator:
    """The schema of that name, with no field that it does not name."""
    contents = [closed(schema) for schema in openapi.load_schemas().values()]
    registry: Registry[Any] = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in contents)
    return Draft202012Validator({"$ref": openapi.SCHEMA_PREFIX + name}, registry=registry, format_checker=_FORMATS)


_FORMATS = FormatChecker(["email"])


@_FORMATS.checks("date-time", raises=ValueError)
def is_moment(value: object) -> bool:
    return str(value).endswith("Z") and bool(datetime.fromisoformat(str(value)))


@cache
def _fault(method: str, path: str, body: str) -> str:
    try:
        index, _ = _MAP.bind("localhost").match(path, method)
    except HTTPException as error:
        return f"no such route ({error.code})"
    route, content = ROUTES[index], json.loads(body)
    if not route.request_schema:
        return "" if content is None else "it takes no body"
    return "; ".join(f"{error.json_path}: {error.message}" for error in _validator(route).iter_errors(content))


@cache
def _validator(route: Route) -> Draft202012Validator:
    contents = [closed(schema) for schema in openapi.load_schemas().values()]
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
