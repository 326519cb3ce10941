"""In-process access to the application, as the operator or as a person, without a credential."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from beamctl.emulator import rules
from beamctl.emulator.app import BASE_PATH, CALLER_KEY, plane_of
from beamctl.emulator.caller import Caller, Operator
from beamctl.emulator.errors import EmulatorError, NoAddressError
from beamctl.emulator.store import device_login, directory, person
from beamctl.emulator.store.device_login import DeviceLogin, State

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask


def as_operator(app: Flask) -> WSGIApplication:
    """Return the application for the operator, with every permission in every workspace."""
    return _as(app, Operator())


def as_person(app: Flask, email: str) -> WSGIApplication:
    """Return the application for one person; new people are signed up.

    Raises:
        EmulatorError: `email` is not an e-mail address.
    """
    _check_address(email)
    plane = plane_of(app)
    with plane.database.writing() as db:
        known = person.sign_up(db, email, plane.now())
    return _as(app, known)


def approve_login(app: Flask, user_code: str, email: str) -> None:
    """Approve a device login as a person; new people are signed up.

    Raises:
        NoAddressError: `email` is not an e-mail address.
        EmulatorError: No login with this code is pending; the message says why.
    """
    _check_address(email)
    plane = plane_of(app)
    moment = plane.now()
    with plane.database.writing() as db:
        login = _waiting(db, user_code, moment)
        device_login.approve(db, login, person.sign_up(db, email, moment).sub, moment)


def deny_login(app: Flask, user_code: str) -> None:
    """Deny a device login.

    Raises:
        EmulatorError: No login with this code is pending; the message says why.
    """
    plane = plane_of(app)
    moment = plane.now()
    with plane.database.writing() as db:
        device_login.deny(db, _waiting(db, user_code, moment), moment)


def synchronize_directory(app: Flask) -> list[tuple[str, str]]:
    """Re-add missing members that a directory manages; return pairs of address and workspace."""
    plane = plane_of(app)
    with plane.database.writing() as db:
        return directory.synchronize(db, plane.now())


def _check_address(email: str) -> None:
    if rules.email(email):
        raise NoAddressError(f"{email!r} is not an e-mail address")


def _waiting(db: sqlite3.Connection, user_code: str, moment: datetime) -> DeviceLogin:
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
    """Make one request in this process and return the status and the body."""
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
