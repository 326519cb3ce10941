"""The Flask application: runs each request as one transaction and writes the response as JSON."""

from __future__ import annotations

import json
import logging
import sqlite3
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from beamctl.emulator import api_version
from beamctl.emulator.authorization import admit
from beamctl.emulator.behavior import Quirk
from beamctl.emulator.call import Answer, Call, Inbound, Route
from beamctl.emulator.caller import Operator, Person, ServiceAccount
from beamctl.emulator.database import Database
from beamctl.emulator.errors import Refusal, raised_at
from beamctl.emulator.mail.emails import Email
from beamctl.emulator.mail.mailer import Mailer
from beamctl.emulator.openapi.document import document
from beamctl.emulator.public_url import PublicUrl
from beamctl.emulator.request_context import context_of
from beamctl.emulator.routes import ROUTES
from beamctl.emulator.web.dispatch import Dispatcher

BASE_PATH = "/v0"
CALLER_KEY = "beamctl.emulator.in_process"
"""WSGI environment key for the caller of an in-process request. Headers become `HTTP_…`, so they cannot set it."""

_OPENAPI = "/openapi.json"
_LARGEST_BODY = 1024 * 1024

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """State shared by all requests to one application."""

    database: Database
    quirks: frozenset[Quirk]
    now: Callable[[], datetime]
    mailer: Mailer
    public_url: PublicUrl

    def run(self, route: Route, inbound: Inbound) -> Answer:
        """Answer one request in one transaction, then send the e-mails it caused.

        Raises:
            Refusal: The response is an error; nothing was changed.
        """
        database = self.database
        with database.writing() if route.writes else database.reading() as db:
            call = Call(inbound, db, self.now(), self.quirks, public_url=str(self.public_url))
            answer = route.handle(admit(route, call))
        self.send(*answer.emails)
        return answer

    def send(self, *emails: Email) -> None:
        """Send e-mails. A failed delivery is logged and never raised."""
        self.mailer.send(emails, str(self.public_url), self.now())


def build(
    db: Path, quirks: frozenset[Quirk], now: Callable[[], datetime], mailer: Mailer, public_url: str | None
) -> Flask:
    """Build the application over one database file."""
    app = Flask("beamctl.emulator", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    app.url_map = _url_map()
    reached = PublicUrl(public_url)  # before the database may be created: an invalid URL leaves no file behind
    plane = ControlPlane(Database(db), quirks, now, mailer, reached)
    app.extensions[CALLER_KEY] = plane
    weakref.finalize(app, plane.database.close)
    app.view_functions = {rule: _view(plane, routes) for rule, routes in _by_rule().items()}
    app.view_functions[_OPENAPI] = _show_openapi
    app.before_request(_check_version)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(sqlite3.OperationalError, _busy)
    app.register_error_handler(Exception, _broken)
    app.wsgi_app = Dispatcher(app.wsgi_app, BASE_PATH, plane)  # type: ignore[method-assign] # as Flask says
    return app


def plane_of(app: Flask) -> ControlPlane:
    """Return the shared state of an application."""
    plane = app.extensions[CALLER_KEY]
    assert isinstance(plane, ControlPlane)  # noqa: S101 - `build` put it there
    return plane


@cache
def _url_map() -> Map:
    """All rules; each is its own endpoint. Building one takes a millisecond, so applications share them."""
    rules = [Rule(BASE_PATH + rule, endpoint=rule, methods=list(routes)) for rule, routes in _by_rule().items()]
    own = Rule(BASE_PATH + _OPENAPI, endpoint=_OPENAPI, methods=["GET"])
    return Map([*rules, own], merge_slashes=False, strict_slashes=False)


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
        base_url = request.host_url.rstrip("/") + BASE_PATH
        context = context_of(request.environ)
        inbound = Inbound(request.headers, request.args, path, request.get_data(), base_url, known, context)
        answer = plane.run(route, inbound)
        return _json(answer.body, answer.status, answer.headers)

    return view


def _show_openapi() -> Response:
    """Serve the emulator's OpenAPI document; the real API has no such route."""
    return _json(document(BASE_PATH), HTTPStatus.OK)


def _json(body: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers, content_type="application/json")


def _error(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return _json({"error": text, "code": int(status)}, status, headers)


def _check_version() -> Response | None:
    if request.routing_exception:  # no such route in any version
        return None
    fault = api_version.fault(request.headers.get("Blaxel-Version"))
    return _json(fault, HTTPStatus.BAD_REQUEST) if fault else None


def _refused(refusal: Refusal) -> Response:
    return _error(refusal.status, refusal.text, refusal.headers)


def _http_error(error: HTTPException) -> Response:
    """Unknown routes and methods, and bodies that are too large."""
    headers = {key: value for key, value in error.get_headers() if key == "Allow"}
    return _error(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, error.name, headers)


def _busy(error: sqlite3.OperationalError) -> Response:
    _log.error("%s %s: the database: %s", request.method, request.path, error)
    return _error(HTTPStatus.SERVICE_UNAVAILABLE, "the emulator's database is not available; try again")


def _broken(error: Exception) -> Response:
    """An unexpected exception. Only its type and location are logged: its message may contain request data."""
    _log.error("%s %s: %s at %s", request.method, request.path, type(error).__name__, raised_at(error))
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")
