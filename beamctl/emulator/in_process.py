"""In-process access to the application, as the operator or as a person, without a credential."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from beamctl.emulator import rules
from beamctl.emulator.control_plane import BASE_PATH, CALLER_KEY, plane_of
from beamctl.emulator.errors import EmulatorError, NoAddressError
from beamctl.emulator.permission import Caller, Operator
from beamctl.emulator.store import device_login, people
from beamctl.emulator.store.device_login import DeviceLogin, State

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask


def as_operator(app: Flask) -> WSGIApplication:
    """Return the application for the operator: no credential, every permission, listed as a member nowhere."""
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
        device_login.approve(db, login, people.sign_up(db, email, moment).sub, moment)


def deny_login(app: Flask, user_code: str) -> None:
    """Deny the device login with this user code.

    Raises:
        EmulatorError: No login with this code is pending; the message says why.
    """
    plane = plane_of(app)
    moment = plane.now()
    with plane.database.writing() as db:
        device_login.deny(db, _pending(db, user_code, moment), moment)


def synchronize_directory(app: Flask) -> list[tuple[str, str]]:
    """Re-add members that a directory manages and that are missing; return pairs of address and workspace."""
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
    login = device_login.by_user_code(db, user_code)
    if login is None:
        raise EmulatorError(f"no device login has the code {user_code!r}")
    if login.can_be_approved(moment):
        return login
    if login.state is State.PENDING:
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
        path = _tunnelled(environ.get("PATH_INFO", ""))
        return app({**environ, CALLER_KEY: caller, "PATH_INFO": path}, start_response)

    return inside


def _tunnelled(path: str) -> str:
    """The path with one character per byte, as WSGI requires; some in-process clients pass decoded text."""
    try:
        path.encode("latin-1").decode()
    except UnicodeError:
        return path.encode(errors="replace").decode("latin-1")
    return path
