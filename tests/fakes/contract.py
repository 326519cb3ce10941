"""Checks the requests of beamctl's client and the responses of the emulator in every test. A request must have a known
route and a body that conforms to its schema in `schemas/api`, without other fields. A response must be one that its
route declares. The fakes and the emulator report here; `tests/conftest.py` fails a test that sent anything else."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, lru_cache, partial
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from beamctl.emulator import openapi
from beamctl.emulator.openapi import body_schema
from beamctl.emulator.routes import ROUTES
from beamctl.emulator.routing import Route

_REFUSED = HTTPStatus.BAD_REQUEST
_NOT_SERVED = frozenset({HTTPStatus.NOT_IMPLEMENTED})
_NO_ROUTE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}) | _NOT_SERVED

CLIENT = "beamctl/"
"""The start of beamctl's User-Agent."""

wrong: list[str] = []
"""Invalid requests and responses since the list was last cleared."""

_MAP = Map(
    [Rule(route.rule, methods=[route.method], endpoint=index) for index, route in enumerate(ROUTES)],
    merge_slashes=False,
)
_BY_RULE = {(route.method, route.rule): route for route in ROUTES}


def observe(method: str, path: str, body: object) -> None:
    """Report a request that is not valid.

    Args:
        method: The HTTP method.
        path: Relative to the base path, with or without a query.
        body: Sent as JSON; None for no body.
    """
    fault = _fault(method, unquote(path.partition("?")[0]), json.dumps(body, sort_keys=True))
    if fault:
        wrong.append(f"{method} {path}: {fault}")


def observe_bytes(method: str, path: str, headers: Mapping[str, str] | Headers, body: bytes) -> None:
    """Report a raw request that is not valid. Requests of other clients and incomplete requests are ignored."""
    if headers.get("User-Agent", "").startswith(CLIENT) and len(body) == int(headers.get("Content-Length") or 0):
        observe(method, path, json.loads(body) if body else None)


def observe_answer(method: str, rule: str, status: int, content_type: str, body: bytes) -> None:
    """Report a response of the emulator that is not valid.

    Args:
        method: The HTTP method of the request.
        rule: The rule of the route; empty if there is none.
        status: The HTTP status.
        content_type: The type of the body.
        body: The raw body.
    """
    fault = _answer_fault("GET" if method == "HEAD" else method, rule, status, content_type, body)
    if fault:
        wrong.append(f"the answer to {method} {rule}: {fault}")


def observe_logged(method: str, rule: str, status: int) -> None:
    """Report a response of which only the emulator's log is known, because it runs in another process."""
    route = _BY_RULE.get(("GET" if method == "HEAD" else method, rule.partition("?")[0]))
    if status not in (route.statuses | _NOT_SERVED if route else _NO_ROUTE):
        wrong.append(f"the answer to {method} {rule}: {status} is not declared")


@lru_cache(4096)
def _answer_fault(method: str, rule: str, status: int, content_type: str, body: bytes) -> str:
    return answer_fault(_BY_RULE.get((method, rule)), status, content_type, body)


def answer_fault(route: Route | None, status: int, content_type: str, body: bytes) -> str:
    """Why the route does not declare this response; empty if it does. Without a route, only an error is valid."""
    if content_type != "application/json":
        return f"it is {content_type}"
    if status not in (route.statuses | _NOT_SERVED if route else _NO_ROUTE):
        return f"{status} is not declared"
    content = json.loads(body)
    if status >= _REFUSED and content.get("code", status) != status:
        return f"it says that it is {content['code']}, and is {status}"
    name = _schema_of(route, status, content)
    if _quick_validator(name).is_valid(content):
        return ""
    return "; ".join(f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(content))


def _schema_of(route: Route | None, status: int, content: Any) -> str:
    if route is None or status >= _REFUSED:
        return "api_version_error" if content.get("error") == "invalid_api_version" else "error"
    if status == HTTPStatus.ACCEPTED:
        return route.accepted
    return route.page if route.page and isinstance(content, dict) else route.response


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of the schema `name`, which allows no other fields."""
    contents = [closed(schema) for schema in openapi.load_schemas().values()]
    registry: Registry[Any] = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in contents)
    return Draft202012Validator({"$ref": openapi.SCHEMA_PREFIX + name}, registry=registry, format_checker=_FORMATS)


@cache
def _quick_validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """The same in Rust, as most responses are valid. It refuses no less; `validator` says what is wrong."""
    registry = jsonschema_rs.Registry([(one["$id"], one) for one in map(closed, openapi.load_schemas().values())])
    formats: dict[str, Callable[[str], bool]] = {
        each: partial(_FORMATS.conforms, format=each) for each in ("email", "date-time")
    }
    schema = {"$ref": openapi.SCHEMA_PREFIX + name}
    return jsonschema_rs.Draft202012Validator(schema, registry=registry, formats=formats, validate_formats=True)


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
    if not route.request:
        return "" if content is None else "it takes no body"
    return "; ".join(f"{error.json_path}: {error.message}" for error in _validator(route).iter_errors(content))


@cache
def _validator(route: Route) -> Draft202012Validator:
    contents = [closed(schema) for schema in openapi.load_schemas().values()]
    registry: Registry[Any] = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in contents)
    return Draft202012Validator(body_schema(route), registry=registry)


def closed(schema: Any) -> Any:
    """The schema with `additionalProperties: false` in every object that lists its properties."""
    match schema:
        case list():
            return [closed(item) for item in schema]
        case Mapping():
            inner = {key: closed(value) for key, value in schema.items()}
            is_open = inner.get("type") == "object" and "properties" in inner and "additionalProperties" not in inner
            return inner | {"additionalProperties": False} if is_open else inner
        case _:
            return schema
