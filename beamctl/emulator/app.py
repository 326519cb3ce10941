"""The Flask application: runs each request as one transaction and writes the response as JSON."""

from __future__ import annotations

import json
import logging
import sqlite3
import weakref
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from beamctl.emulator import pagination
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.call import Inbound, context_of
from beamctl.emulator.clock import MovableClock
from beamctl.emulator.control_plane import BASE_PATH, CALLER_KEY, ControlPlane, PublicUrl, plane_of
from beamctl.emulator.errors import ApiError, EmulatorError, raised_at
from beamctl.emulator.mail.mailer import Mailer
from beamctl.emulator.openapi import openapi_document
from beamctl.emulator.permission import Operator, Person, ServiceAccount
from beamctl.emulator.published import names_it_literally, published_operation
from beamctl.emulator.routes import ROUTES
from beamctl.emulator.routing import Route
from beamctl.emulator.store import ClockOffset, Database

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_OPENAPI = "/openapi.json"
_LARGEST_BODY = 1024 * 1024

_log = logging.getLogger(__name__)


def create_app(  # noqa: PLR0913 - the last two are former names
    db: Path,
    *,
    flags: frozenset[BehaviorFlag] = frozenset(),
    now: Callable[[], datetime] | None = None,
    mailer: Mailer | None = None,
    public_url: str | None = None,
    quirks: frozenset[BehaviorFlag] = frozenset(),
    post: Mailer | None = None,
) -> Flask:
    """Create the control plane over a database file, creating the file (mode 0600) if it does not exist.

    Args:
        db: The file. Several applications and processes may share it.
        flags: Behaviors that the real API may have instead of the assumed ones.
        now: The clock; None for the one of the database, which all processes share.
        mailer: Where e-mails are delivered, see `open_mailer`; None to send none.
        public_url: Base URL of links in e-mails, such as `https://beam.example.com`; None for the address that the
            emulator listens on.
        quirks: The name of `flags` in 0.1.0.
        post: The name of `mailer` in 0.1.0.

    Raises:
        EmulatorError: The file cannot be opened, is not an emulator database, or has another version.
        WrongOptionError: The public URL is invalid.
    """
    app = Flask("beamctl.emulator", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    app.url_map = _url_map()
    reached = PublicUrl(public_url)  # before the database may be created: an invalid URL leaves no file behind
    database = Database(db)
    clock = now or MovableClock(offset=ClockOffset(database))
    plane = ControlPlane(database, flags | quirks, clock, mailer or post or Mailer(), reached)
    app.extensions[CALLER_KEY] = plane
    weakref.finalize(app, plane.database.close)
    app.view_functions = {rule: _view(plane, routes) for rule, routes in _by_rule().items()}
    app.view_functions[_OPENAPI] = _show_openapi
    app.before_request(_check_published)
    app.before_request(_check_version)
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(sqlite3.OperationalError, _busy)
    app.register_error_handler(Exception, _broken)
    app.wsgi_app = _Dispatcher(app.wsgi_app, plane)  # type: ignore[method-assign] # as Flask documents it
    return app


def clock_of(app: Flask) -> MovableClock:
    """Return the clock of an application, to move it.

    Raises:
        EmulatorError: The application was created with a clock that cannot be moved.
    """
    now = plane_of(app).now
    if not isinstance(now, MovableClock):
        raise EmulatorError("this clock cannot be moved: create the application with a MovableClock")
    return now


@cache
def _url_map() -> Map:
    """All rules; each is its own endpoint. Building one takes a millisecond, so applications share them."""
    rules = [Rule(BASE_PATH + rule, endpoint=rule, methods=list(routes)) for rule, routes in _by_rule().items()]
    aliases = [Rule(alias, endpoint=route.rule, methods=[route.method]) for route in ROUTES for alias in route.aliases]
    own = Rule(BASE_PATH + _OPENAPI, endpoint=_OPENAPI, methods=["GET"])
    return Map([*rules, *aliases, own], merge_slashes=False, strict_slashes=False)


_ALIASES = frozenset(alias for route in ROUTES for alias in route.aliases)


def _is_api(path: str) -> bool:
    return path == BASE_PATH or path.startswith(f"{BASE_PATH}/")


def _by_rule() -> dict[str, dict[str, Route]]:
    """The routes by rule and method."""
    rules: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        rules.setdefault(route.rule, {})[route.method] = route
    return rules


def _view(plane: ControlPlane, routes: Mapping[str, Route]) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        route = routes["GET" if request.method == "HEAD" else request.method]
        in_process_caller = request.environ.get(CALLER_KEY)
        known = in_process_caller if isinstance(in_process_caller, Operator | Person | ServiceAccount) else None
        host = request.host_url.rstrip("/")
        issuer = host + BASE_PATH if _is_api(request.path) else host
        context = context_of(request.environ)
        body = request.get_data()
        inbound = Inbound(request.headers, request.args, path, body, host + BASE_PATH, known, context, issuer)
        answer = plane.run(route, inbound)
        return _json(answer.body, answer.status, answer.headers)

    return view


def _show_openapi() -> Response:
    """Serve the emulator's OpenAPI document; the real API has no such route."""
    return _json(openapi_document(), HTTPStatus.OK)


def _json(body: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers, content_type="application/json")


def _error(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return _json({"code": int(status), "error": text}, status, headers)


def _check_published() -> None:
    """Reject a published path without variables that a route with a variable would take for the name of an object."""
    path = request.path.removeprefix(BASE_PATH)
    if request.url_rule and request.url_rule.arguments and names_it_literally(request.method, path):
        raise _not_served(f"{request.method} {path}")


def _not_served(operation: str) -> ApiError:
    text = f"the published API has {operation}, but the emulator does not implement it"
    return ApiError(HTTPStatus.NOT_IMPLEMENTED, text, {"x-should-retry": "false"})


def _check_version() -> Response | None:
    if request.routing_exception:  # no such route in any version
        return None
    fault = pagination.version_error(request.headers.get("Blaxel-Version"))
    return _json(fault, HTTPStatus.BAD_REQUEST) if fault else None


def _api_error(error: ApiError) -> Response:
    return _error(error.status, error.text, error.headers)


def _http_error(error: HTTPException) -> Response:
    """Unknown routes and methods (501 if they are published), and bodies that are too large."""
    no_route = error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
    if no_route and (operation := published_operation(request.method, request.path.removeprefix(BASE_PATH))):
        return _api_error(_not_served(operation))
    headers = {key: value for key, value in error.get_headers() if key == "Allow"}
    return _error(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, error.name, headers)


def _busy(error: sqlite3.OperationalError) -> Response:
    _log.error("%s %s: the database: %s", request.method, request.url_rule, error)
    return _error(HTTPStatus.SERVICE_UNAVAILABLE, "the emulator's database is not available; try again")


def _broken(error: Exception) -> Response:
    """An unexpected exception. Its message and the path may contain secrets, so they are not logged."""
    _log.error("%s %s: %s at %s", request.method, request.url_rule, type(error).__name__, raised_at(error))
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")


class _Dispatcher:
    """Routes requests below the base path, and aliases of routes, to the API, and all others to the console.

    The console is built on first use.
    """

    def __init__(self, api: WSGIApplication, plane: ControlPlane) -> None:
        self._api = api
        self._plane = plane

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Forward one request."""
        path = environ.get("PATH_INFO", "")
        if _is_api(path) or path in _ALIASES:
            return self._api(environ, start_response)
        from beamctl.emulator.console import PLANE_KEY, console

        return console()({**environ, PLANE_KEY: self._plane}, start_response)
