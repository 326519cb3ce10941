"""The control plane of Beamlit (Blaxel) on this machine: workspaces, users, invitations, over one SQLite file. This is
its whole public interface; Flask is imported when it is first needed, and nothing else of beamctl is known here."""

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

    from beamctl.emulator.mail.mailer import Post
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
    post: Post | None = None,
    public_url: str | None = None,
) -> Flask:
    """The control plane over a database file, which is made, readable by its owner only, where there is none.

    Args:
        db: The file. Several applications and processes may share it.
        quirks: Behaviours that the real API may have instead of the ones assumed.
        now: The clock.
        post: Where letters to people are put, such as `open_post` gives; None to write none.
        public_url: Where people reach it, such as `https://beam.example.com`, for the links in letters; None for where
            it listens, or will listen.

    Raises:
        EmulatorError: The file cannot be opened, is no emulator's database, or is one of another version.
        WrongOptionError: The public URL is none.
    """
    from beamctl.emulator.app import build
    from beamctl.emulator.mail.mailer import Post

    return build(db, quirks, now, post or Post(), public_url)


def open_post(maildir: Path | None = None, smtp: str | None = None) -> Post:
    """The post that `create_app` takes: each letter is put into the maildir, and sent by SMTP, where they are given.

    Args:
        maildir: The folder; made, for its owner only, with the first letter.
        smtp: The relay, such as `localhost:1025`.

    Raises:
        WrongOptionError: `smtp` names no relay.
    """
    from beamctl.emulator.mail import mailer

    return mailer.open_post(maildir, smtp)


def received_letters(maildir: Path, to: str | None = None) -> list[Received]:
    """The letters in a maildir, the newest last; none where there is no maildir.

    Args:
        maildir: The folder.
        to: The address whose letters are wanted; None for all.

    Raises:
        OSError: They cannot be read.
    """
    from beamctl.emulator.mail.received import received

    return received(maildir, to)


def load_seed(db: Path, data: object, *, now: Callable[[], datetime] = utc_now) -> list[MadeKey]:
    """Adds the workspaces, people, invitations and service accounts of a seed, all of them or none.

    Args:
        db: The database file, which is made where there is none.
        data: The parsed seed file: plain maps, lists and texts.
        now: The clock.

    Returns:
        The keys and secrets that the seed did not give, and that are told this once only.

    Raises:
        EmulatorError: The file cannot be opened.
        SeedError: The seed is wrong; it carries all that is wrong with it.
    """
    from beamctl.emulator.seed.load import load

    return load(db, data, now())


def openapi_document() -> dict[str, Any]:
    """The emulator's own OpenAPI 3.1 document, which it also serves at `/v0/openapi.json`; it is not the real API's.

    Raises:
        EmulatorError: The installation is incomplete.
    """
    from beamctl.emulator.app import BASE_PATH
    from beamctl.emulator.openapi.document import document

    return document(BASE_PATH)


def as_operator(app: Flask) -> WSGIApplication:
    """The application for whoever owns it: no credential, every permission in every workspace, listed nowhere."""
    from beamctl.emulator import in_process

    return in_process.as_operator(app)


def as_person(app: Flask, email: str) -> WSGIApplication:
    """The application for one person without a credential; they are signed up if they have no account yet.

    Raises:
        EmulatorError: That is no e-mail address.
    """
    from beamctl.emulator import in_process

    return in_process.as_person(app, email)


def approve_login(app: Flask, user_code: str, email: str) -> None:
    """Approves the device login whose code a person was shown, as that person, who is signed up if they are new.

    The code may be in any case, with or without its hyphen.

    Raises:
        NoAddressError: That is no e-mail address.
        EmulatorError: There is no such login that waits; the text says what has become of it.
    """
    from beamctl.emulator import in_process

    in_process.approve_login(app, user_code, email)


def deny_login(app: Flask, user_code: str) -> None:
    """Denies the device login whose code somebody was shown.

    Raises:
        EmulatorError: There is no such login that waits; the text says what has become of it.
    """
    from beamctl.emulator import in_process

    in_process.deny_login(app, user_code)


def synchronize_directory(app: Flask) -> list[tuple[str, str]]:
    """Brings back whoever the directory wants in a workspace and is gone: their addresses, and the workspaces."""
    from beamctl.emulator import in_process

    return in_process.synchronize_directory(app)


def url_for_people(app: Flask) -> str:
    """Where people reach it: as `create_app` was told, else where it listens, or will listen."""
    from beamctl.emulator.app import plane_of

    return str(plane_of(app).public_url)


def ask(app: WSGIApplication, method: str, path: str, body: object = None, workspace: str = "") -> tuple[int, str]:
    """Make one request inside this process: the status, and the body as text.

    Args:
        app: What `as_operator` or `as_person` gave.
        method: The HTTP method.
        path: Below the base path, percent-encoded.
        body: What is sent as JSON; None for no body.
        workspace: The workspace, where the path does not name one.
    """
    from beamctl.emulator import in_process

    return in_process.ask(app, method, path, body, workspace)


def serve(app: Flask, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serves on a socket until KeyboardInterrupt or SIGTERM, and then returns.

    Args:
        app: What `create_app` made.
        host: The address to listen on.
        port: The port; 0 for one that is free.
        on_ready: Is told the base URL, such as `http://127.0.0.1:8080/v0`, once the port is listened on and before the
            first request is answered; what it raises ends the serving.

    Raises:
        EmulatorError: The address cannot be listened on.
    """
    from beamctl.emulator import server

    server.serve(app, host, port, on_ready)
