"""The Flask application of the console: checks before and after each page, and the error pages."""

from __future__ import annotations

import hmac
import logging
import sqlite3
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, redirect, render_template, request, url_for
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException

from beamctl.emulator.call import context_of
from beamctl.emulator.console import (
    forms,
    resource_sections,
    resources,
    service_accounts,
    session,
    sign_in,
    team,
    wording,
    workspaces,
)
from beamctl.emulator.console.session import FORM_FIELD, Session, Visit
from beamctl.emulator.control_plane import is_local_host
from beamctl.emulator.errors import ApiError, forbidden, raised_at
from beamctl.emulator.permission import Role

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from beamctl.emulator.control_plane import ControlPlane

PLANE_KEY = "beamctl.emulator.plane"
"""WSGI environment key of the console's control plane. Headers become `HTTP_…`, so they cannot set it."""

_LARGEST_FORM = 256 * 1024

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_SCRIPTED = {"Content-Security-Policy": f"{_HEADERS['Content-Security-Policy']}; script-src 'self'"}
"""For the pages with a secret: their copy button is the only script."""

_OWN_SITE = ("", "same-origin", "none")
"""`Sec-Fetch-Site` of our own forms; browsers omit it for untrustworthy hosts."""

STALE_FORM = (
    "This form has expired or is not from this page. Nothing was changed. Go back, reload the page and try again."
)

_log = logging.getLogger(__name__)


@cache
def console() -> Flask:
    """The console, shared by all control planes in this process. Each request carries its control plane."""
    site = Flask("beamctl.emulator.console", static_folder=None, template_folder="templates")
    site.config["MAX_CONTENT_LENGTH"] = _LARGEST_FORM
    site.url_map.merge_slashes = False
    site.jinja_env.undefined = StrictUndefined
    site.jinja_env.trim_blocks = site.jinja_env.lstrip_blocks = True
    site.jinja_env.filters["moment"] = wording.moment
    site.jinja_env.filters["with_code"] = wording.with_code
    site.jinja_env.globals.update(wording=wording, roles=[(role.value, role.value) for role in Role])
    site.jinja_env.globals.update(
        facts_of=resource_sections.facts,
        resource_types=resource_sections.RESOURCE_TYPES,
        token_counts=resource_sections.TOKEN_COUNTS,
        granularities=resource_sections.GRANULARITIES,
        pairs_of=resource_sections.pairs_of,
    )
    for pages in (sign_in, workspaces, team, service_accounts, resources):
        site.register_blueprint(pages.page)
    site.add_url_rule("/style.css", view_func=_style)
    site.add_url_rule("/icon.svg", view_func=_icon)
    site.add_url_rule("/copy.js", view_func=_copy_script)
    site.before_request(_begin)
    site.after_request(_end)
    site.context_processor(_shared)
    site.register_error_handler(ApiError, _api_error)
    site.register_error_handler(HTTPException, _http_error)
    site.register_error_handler(sqlite3.OperationalError, _busy)
    site.register_error_handler(Exception, _broken)
    return site


def _begin() -> None:
    plane: ControlPlane = request.environ[PLANE_KEY]
    context = context_of(request.environ)
    context.page = request.url_rule.rule if request.url_rule else ""
    check_host(str(plane.public_url))
    g.visit = Visit(plane, session.read_session(plane))
    if g.visit.session.person:
        context.record_caller(g.visit.session.person)
    if request.url_rule:  # otherwise there is no page to protect
        check_form(g.visit.session)


def _end(response: Response) -> Response:
    if "visit" in g:
        session.keep_nonce(g.visit.session, response)
    return add_security_headers(response)


def check_host(public_url: str) -> None:
    """Reject foreign host names, against DNS rebinding.

    Args:
        public_url: The public base URL. Besides its host, `localhost` and IP addresses are accepted.

    Raises:
        ApiError: 421.
    """
    host = urlsplit(f"//{request.host}").hostname or ""
    if is_local_host(request.host) or host.endswith(".localhost") or host == urlsplit(public_url).hostname:
        return
    text = "The emulator does not accept this host name. Open it as localhost, or start it with --public-url."
    raise ApiError(HTTPStatus.MISDIRECTED_REQUEST, text)


def check_form(session: Session) -> None:
    """Reject forms that were not made for this site, browser and session.

    Raises:
        ApiError: 403.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    shown = request.form.get(FORM_FIELD, "").encode()
    own = request.headers.get("Sec-Fetch-Site", "") in _OWN_SITE
    if not own or not hmac.compare_digest(shown, session.form_key.encode()):
        raise forbidden(STALE_FORM)


def add_security_headers(response: Response) -> Response:
    """Add the security headers."""
    response.headers.update(_HEADERS | _SCRIPTED if "has_secret" in g else _HEADERS)
    return response


def _shared() -> dict[str, Any]:
    """Variables of every template: the signed-in person, the form key, the notice."""
    current = g.visit.session if "visit" in g else None
    return {
        "person": current.person if current else None,
        "form_key_field": session.form_key_field(current) if current else "",
        "notice": forms.notice_text(request.args.get("done", "")),
    }


def _style() -> Response:
    return Response(_file("style.css"), content_type="text/css; charset=utf-8")


def _icon() -> Response:
    return Response(_file("icon.svg"), content_type="image/svg+xml")


def _copy_script() -> Response:
    return Response(_file("copy.js"), content_type="text/javascript; charset=utf-8")


def _file(name: str) -> bytes:
    return (files("beamctl.emulator.console") / "static" / name).read_bytes()


def _api_error(error: ApiError) -> AnyResponse | tuple[str, int]:
    """An API error. If no one is signed in, redirect to the sign-in page and return afterwards."""
    if error.status is HTTPStatus.UNAUTHORIZED:
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("sign_in.show", next=back), HTTPStatus.SEE_OTHER)
    return _error(error.status, wording.error_sentence(error))


def _http_error(error: HTTPException) -> tuple[str | dict[str, Any], int]:
    """Unknown paths, wrong methods, forms that are too large."""
    missing = error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
    if missing and "text/html" not in request.headers.get("Accept", ""):  # an API client whose URL lacks the base path
        return {"error": error.name, "code": error.code}, error.code or 0
    text = "There is no page at this address. The API is below /v0." if missing else "The request cannot be read."
    return _error(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, text)


def _busy(error: sqlite3.OperationalError) -> tuple[str, int]:
    _log.error("%s %s: the database: %s", request.method, request.url_rule, error)
    text = "The emulator's database is not available. Try again in a moment."
    return _error(HTTPStatus.SERVICE_UNAVAILABLE, text)


def _broken(error: Exception) -> tuple[str, int]:
    """A bug. The log gets the rule, not the path, because links in e-mails are credentials."""
    _log.error("%s %s: %s at %s", request.method, request.url_rule, type(error).__name__, raised_at(error))
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error. The emulator's log says where.")


def _error(status: int, text: str) -> tuple[str, int]:
    return render_template("error.html", title=wording.error_title(status), text=text), int(status)
