"""The control plane: the state that requests share, the public URL of links, and in-process access."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from beamctl.emulator import rules
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.call import Answer, Call, Inbound
from beamctl.emulator.errors import EmulatorError, NoAddressError, WrongOptionError
from beamctl.emulator.mail import Email
from beamctl.emulator.mail.mailer import Mailer
from beamctl.emulator.permission import Caller, Operator
from beamctl.emulator.routing import Route, authorize
from beamctl.emulator.store import Database, people
from beamctl.emulator.store.people import DeviceLogin, LoginState

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

BASE_PATH = "/v0"
CALLER_KEY = "beamctl.emulator.in_process"
"""WSGI environment key for the caller of an in-process request. Headers become `HTTP_…`, so they cannot set it."""

DEFAULT_URL = "http://127.0.0.1:8080"
"""Default address of `beamctl emulator serve`: links made in process work there later."""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """State shared by all requests to one application."""

    database: Database
    flags: frozenset[BehaviorFlag]
    now: Callable[[], datetime]
    mailer: Mailer
    public_url: PublicUrl

    def run(self, route: Route, inbound: Inbound) -> Answer:
        """Answer one request in one transaction, then send the e-mails it caused.

        Raises:
            ApiError: The response is an error; nothing was changed.
        """
        database = self.database
        with database.writing() if route.writes else database.reading() as db:
            call = Call(inbound, db, self.now(), self.flags, str(self.public_url))
            answer = route.handle(authorize(route, call))
        self.send(*answer.emails)
        return answer

    def send(self, *emails: Email) -> None:
        """Send e-mails. A failed delivery is logged and never raised."""
        self.mailer.send(emails, str(self.public_url), self.now())


def plane_of(app: Flask) -> ControlPlane:
    """Return the shared state of an application."""
    plane = app.extensions[CALLER_KEY]
    assert isinstance(plane, ControlPlane)  # noqa: S101 - `create_app` sets it
    return plane


class PublicUrl:
    """The base URL of every link: the configured one, else the address listened on, never a `Host` header.

    Final once the emulator listens.
    """

    def __init__(self, given: str | None = None) -> None:
        """Validate the configured URL, such as `https://beam.example.com`.

        Raises:
            WrongOptionError: It is not a public URL.
        """
        self._given = given is not None
        self._text = DEFAULT_URL if given is None else _checked(given)

    def __str__(self) -> str:
        return self._text

    def listens(self, host: str, port: int) -> None:
        """Set the address listened on; used unless a URL was configured."""
        if not self._given:
            self._text = f"http://{_reachable(host)}:{port}"


def _reachable(host: str) -> str:
    """The host as written in a URL; the loopback address if it means all addresses."""
    try:
        address = ip_address(host)
    except ValueError:
        return host or "127.0.0.1"
    if address.is_unspecified:
        address = ip_address("127.0.0.1" if address.version == 4 else "::1")  # noqa: PLR2004 - IPv4
    return f"[{address}]" if ":" in str(address) else str(address)


def _checked(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    bare = text.rstrip("/")
    good = parts.scheme in ("http", "https") and parts.hostname and port != 0 and "@" not in parts.netloc
    if not good or bare != f"{parts.scheme}://{parts.netloc}" or not text.isprintable() or " " in text:
        raise WrongOptionError(f"{text!r} is not a public URL: write it like https://beam.example.com, without a path")
    return bare


def as_operator(app: Flask) -> WSGIApplication:
    """Return the application for the operator: no credential, every permission, not listed as a member."""
    return _as(app, Operator())


def as_person(app: Flask, email: str) -> WSGIApplication:
    """Return the application for one person, without a credential; new people are signed up.

    Raises:
        NoAddressError: `email` is not an e-mail address.
    """
    _check_address(email)
    plane = plane_of(app)
    with plane.database.writing() as db:
        known = people.sign_up(db, email, plane.now())
    return _as(app, known)


def approve_login(app: Flask, user_code: str, email: str) -> None:
    """Approve the device login with this user code as a person; new people are signed up.

    The code may be in any case, with or without its hyphen.

    Raises:
        NoAddressError: `email` is not an e-mail address.
        EmulatorError: No login with this code is pending; the message says why.
    """
    _check_address(email)
    plane = plane_of(app)
    moment = plane.now()
    with plane.database.writing() as db:
        login = _pending(db, user_code, moment)
        people.approve_login(db, login, people.sign_up(db, email, moment).sub, moment)


def deny_login(app: Flask, user_code: str) -> None:
    """Deny the device login with this user code.

    Raises:
        EmulatorError: No login with this code is pending; the message says why.
    """
    plane = plane_of(app)
    moment = plane.now()
    with plane.database.writing() as db:
        people.deny_login(db, _pending(db, user_code, moment), moment)


def synchronize_directory(app: Flask) -> list[tuple[str, str]]:
    """Re-add directory members who were removed or left; return the address and workspace of each."""
    plane = plane_of(app)
    with plane.database.writing() as db:
        return people.synchronize_directory(db, plane.now())


def url_for_people(app: Flask) -> str:
    """Return the base URL for browsers: the public URL given to `create_app`, else the address listened on."""
    return str(plane_of(app).public_url)


def _check_address(email: str) -> None:
    if rules.email(email):
        raise NoAddressError(f"{email!r} is not an e-mail address")


def _pending(db: sqlite3.Connection, user_code: str, moment: datetime) -> DeviceLogin:
    """The login with this code, if it can still be approved."""
    login = people.login_by_user_code(db, user_code)
    if login is None:
        raise EmulatorError(f"no device login has the code {user_code!r}")
    if login.can_be_approved(moment):
        return login
    if login.state is LoginState.PENDING:
        raise EmulatorError(f"the login with the code {user_code!r} expired at {login.expires_at}")
    raise EmulatorError(f"the login with the code {user_code!r} is already {login.state.value}")


def ask(app: WSGIApplication, method: str, path: str, body: object = None, workspace: str = "") -> tuple[int, str]:
    """Make one request in this process and return the status and the body.

    Args:
        app: The result of `as_operator` or `as_person`.
        method: The HTTP method.
        path: Path below the base path, percent-encoded.
        body: Sent as JSON; None for no body.
        workspace: The workspace, if the path does not name one.
    """
    from werkzeug.test import Client

    headers = {"X-Blaxel-Workspace": workspace} if workspace else {}
    answer = Client(app).open(f"{BASE_PATH}/{path.lstrip('/')}", method=method, json=body, headers=headers)
    return answer.status_code, answer.get_data(as_text=True)


def _as(app: Flask, caller: Caller) -> WSGIApplication:
    def inside(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = _wsgi_path(environ.get("PATH_INFO", ""))
        return app({**environ, CALLER_KEY: caller, "PATH_INFO": path}, start_response)

    return inside


def _wsgi_path(path: str) -> str:
    """The path with one character per byte, as WSGI requires; some in-process clients pass decoded text."""
    try:
        path.encode("latin-1").decode()
    except UnicodeError:
        return path.encode(errors="replace").decode("latin-1")
    return path


def is_local_host(host: str) -> bool:
    """Whether a `Host` is an IP address or `localhost`."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost":
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
