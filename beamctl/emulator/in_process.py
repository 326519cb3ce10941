"""The application for those inside the process that runs it: as the operator, or as a person, without a credential. It
must not know what they ask for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from beamctl.emulator import rules
from beamctl.emulator.app import BASE_PATH, INSIDER, plane_of
from beamctl.emulator.caller import Caller, Operator
from beamctl.emulator.errors import EmulatorError, NoAddressError
from beamctl.emulator.store import device_login, directory, person
from beamctl.emulator.store.device_login import DeviceLogin, State

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask


def as_operator(app: Flask) -> WSGIApplication:
    """The application for whoever owns it: every request may everything, in every workspace."""
    return _as(app, Operator())


def as_person(app: Flask, email: str) -> WSGIApplication:
    """The application for one person, who is signed up if they have no account yet.

    Raises:
        EmulatorError: That is no e-mail address.
    """
    _check_address(email)
    plane = plane_of(app)
    with plane.database.writing() as rows:
        known = person.sign_up(rows, email, plane.now())
    return _as(app, known)


def approve_login(app: Flask, user_code: str, email: str) -> None:
    """Lets the device that shows this code act as a person, who is signed up if they have no account yet.

    Raises:
        NoAddressError: That is no e-mail address.
        EmulatorError: There is no such login that waits; the text says what has become of it.
    """
    _check_address(email)
    plane = plane_of(app)
    moment = plane.now()
    with plane.database.writing() as rows:
        login = _waiting(rows, user_code, moment)
        device_login.approve(rows, login, person.sign_up(rows, email, moment).sub, moment)


def deny_login(app: Flask, user_code: str) -> None:
    """Turns the device that shows this code away.

    Raises:
        EmulatorError: There is no such login that waits; the text says what has become of it.
    """
    plane = plane_of(app)
    moment = plane.now()
    with plane.database.writing() as rows:
        device_login.deny(rows, _waiting(rows, user_code, moment), moment)


def synchronize_directory(app: Flask) -> list[tuple[str, str]]:
    """Brings back whoever the directory wants in a workspace; their addresses, and the workspaces."""
    plane = plane_of(app)
    with plane.database.writing() as rows:
        return directory.synchronize(rows, plane.now())


def _check_address(email: str) -> None:
    if rules.email(email):
        raise NoAddressError(f"{email!r} is not an e-mail address")


def _waiting(rows: sqlite3.Connection, user_code: str, moment: datetime) -> DeviceLogin:
    """The login with that code, if it can still be approved."""
    login = device_login.by_user_code(rows, user_code)
    if login is None:
        raise EmulatorError(f"no device shows the code {user_code!r}")
    if login.can_be_approved(moment):
        return login
    if login.state is State.PENDING:
        raise EmulatorError(f"the login with the code {user_code!r} expired at {login.expires_at}")
    raise EmulatorError(f"the login with the code {user_code!r} is {login.state.value} already")


def ask(app: WSGIApplication, method: str, path: str, body: object = None, workspace: str = "") -> tuple[int, str]:
    """One request inside this process: the status, and the body as text."""
    from werkzeug.test import Client

    headers = {"X-Blaxel-Workspace": workspace} if workspace else {}
    answer = Client(app).open(f"{BASE_PATH}/{path.lstrip('/')}", method=method, json=body, headers=headers)
    return answer.status_code, answer.get_data(as_text=True)


def _as(app: Flask, caller: Caller) -> WSGIApplication:
    def inside(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = _tunnelled(environ.get("PATH_INFO", ""))
        return app({**environ, INSIDER: caller, "PATH_INFO": path}, start_response)

    return inside


def _tunnelled(path: str) -> str:
    """The path with one character for each byte, as WSGI has it; some in-process clients put the text itself there."""
    try:
        path.encode("latin-1").decode()
    except UnicodeError:
        return path.encode(errors="replace").decode("latin-1")
    return path
