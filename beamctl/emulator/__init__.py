"""The public interface of the emulator: a Beamlit (Blaxel) control plane on this machine, stored in one SQLite file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beamctl.emulator.behavior import Quirk
from beamctl.emulator.clock import MovableClock, read_moment, utc_now
from beamctl.emulator.duration import read_duration
from beamctl.emulator.errors import EmulatorError, FaultError, NoAddressError, SeedError, WrongOptionError
from beamctl.emulator.fault.connection_reset import ConnectionCut
from beamctl.emulator.fault.kind import Fault, FaultKind
from beamctl.emulator.fault.read import read_rule
from beamctl.emulator.fault.rule import Rule, When
from beamctl.emulator.fault.script import FaultScript
from beamctl.emulator.instruments import Instruments, instrument
from beamctl.emulator.request_log import Entry, LogFile, RequestLog
from beamctl.emulator.seed.key import KeyKind, MadeKey

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from flask import Flask

    from beamctl.emulator.mail.mailer import Mailer
    from beamctl.emulator.mail.received import Received

__all__ = [
    "ConnectionCut",
    "EmulatorError",
    "Entry",
    "Fault",
    "FaultError",
    "FaultKind",
    "FaultScript",
    "Instruments",
    "KeyKind",
    "LogFile",
    "MadeKey",
    "MovableClock",
    "NoAddressError",
    "Quirk",
    "RequestLog",
    "Rule",
    "SeedError",
    "When",
    "WrongOptionError",
    "approve_login",
    "as_operator",
    "as_person",
    "ask",
    "create_app",
    "deny_login",
    "instrument",
    "load_seed",
    "open_post",
    "openapi_document",
    "read_duration",
    "read_moment",
    "read_rule",
    "received_letters",
    "serve",
    "synchronize_directory",
    "url_for_people",
    "utc_now",
]


def create_app(
    db: Path,
    *,
    quirks: frozenset[Quirk] = frozenset(),
    now: Callable[[], datetime] = utc_now,
    post: Mailer | None = None,
    public_url: str | None = None,
) -> Flask:
    """Create the control plane over a database file, creating the file (mode 0600) if it does not exist.

    Args:
        db: The file. Several applications and processes may share it.
        quirks: Behaviors that the real API may have instead of the assumed ones.
        now: The clock.
        post: Where e-mails are delivered, see `open_post`; None to send none.
        public_url: Base URL of links in e-mails, such as `https://beam.example.com`; None for the address that the
            emulator listens on.

    Raises:
        EmulatorError: The file cannot be opened, is not an emulator database, or has another version.
        WrongOptionError: The public URL is invalid.
    """
    from beamctl.emulator.app import build
    from beamctl.emulator.mail.mailer import Mailer

    return build(db, quirks, now, post or Mailer(), public_url)


def open_post(maildir: Path | None = None, smtp: str | None = None) -> Mailer:
    """Return a mailer for `create_app` that writes each e-mail to a maildir, sends it by SMTP, or both.

    Args:
        maildir: The folder; created for its owner only, with the first e-mail.
        smtp: The mail server, such as `localhost:1025`.

    Raises:
        WrongOptionError: `smtp` is not a mail server.
    """
    from beamctl.emulator.mail import mailer

    return mailer.open_post(maildir, smtp)


def received_letters(maildir: Path, to: str | None = None) -> list[Received]:
    """Return the e-mails in a maildir, oldest first; an empty list if there is no maildir.

    Args:
        maildir: The folder.
        to: Only e-mails to this address; None for all.

    Raises:
        OSError: They cannot be read.
    """
    from beamctl.emulator.mail.received import received

    return received(maildir, to)


def load_seed(db: Path, data: object, *, now: Callable[[], datetime] = utc_now) -> list[MadeKey]:
    """Add the workspaces, people, invitations and service accounts of a seed: all of them or none.

    Args:
        db: The database file; created if it does not exist.
        data: The parsed seed file.
        now: The clock.

    Returns:
        The generated keys and secrets. They cannot be read again.

    Raises:
        EmulatorError: The file cannot be opened.
        SeedError: The seed is invalid; the error lists all problems.
    """
    from beamctl.emulator.seed.load import load

    return load(db, data, now())


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the emulator, also served at `/v0/openapi.json`; it is not the real API's.

    Raises:
        EmulatorError: The installation is incomplete.
    """
    from beamctl.emulator.app import BASE_PATH
    from beamctl.emulator.openapi.document import document

    return document(BASE_PATH)


def as_operator(app: Flask) -> WSGIApplication:
    """Return the application for the operator: no credential, every permission, listed as a member nowhere."""
    from beamctl.emulator import in_process

    return in_process.as_operator(app)


def as_person(app: Flask, email: str) -> WSGIApplication:
    """Return the application for one person, without a credential; new people are signed up.

    Raises:
        EmulatorError: `email` is not an e-mail address.
    """
    from beamctl.emulator import in_process

    return in_process.as_person(app, email)


def approve_login(app: Flask, user_code: str, email: str) -> None:
    """Approve the device login with this user code as a person; new people are signed up.

    The code may be in any case, with or without its hyphen.

    Raises:
        NoAddressError: `email` is not an e-mail address.
        EmulatorError: No login with this code is pending; the message says why.
    """
    from beamctl.emulator import in_process

    in_process.approve_login(app, user_code, email)


def deny_login(app: Flask, user_code: str) -> None:
    """Deny the device login with this user code.

    Raises:
        EmulatorError: No login with this code is pending; the message says why.
    """
    from beamctl.emulator import in_process

    in_process.deny_login(app, user_code)


def synchronize_directory(app: Flask) -> list[tuple[str, str]]:
    """Re-add members that a directory manages and that are missing; return pairs of address and workspace."""
    from beamctl.emulator import in_process

    return in_process.synchronize_directory(app)


def url_for_people(app: Flask) -> str:
    """Return the base URL for browsers: the public URL given to `create_app`, else the address listened on."""
    from beamctl.emulator.app import plane_of

    return str(plane_of(app).public_url)


def ask(app: WSGIApplication, method: str, path: str, body: object = None, workspace: str = "") -> tuple[int, str]:
    """Make one request in this process and return the status and the body.

    Args:
        app: The result of `as_operator` or `as_person`.
        method: The HTTP method.
        path: Path below the base path, percent-encoded.
        body: Sent as JSON; None for no body.
        workspace: The workspace, if the path does not name one.
    """
    from beamctl.emulator import in_process

    return in_process.ask(app, method, path, body, workspace)


def serve(app: Flask, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve on a socket until KeyboardInterrupt or SIGTERM, then return.

    Args:
        app: The result of `create_app`.
        host: The address to listen on.
        port: The port; 0 for any free port.
        on_ready: Called with the base URL, such as `http://127.0.0.1:8080/v0`, when the port is open and before the
            first request is answered. An exception from it ends the server.

    Raises:
        EmulatorError: The address cannot be listened on.
    """
    from beamctl.emulator import server

    server.serve(app, host, port, on_ready)
