"""The control plane: the state shared by all requests to one application, and the public URL of its links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from beamctl.emulator.authorization import admit
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.call import Answer, Call, Inbound, Route
from beamctl.emulator.database import Database
from beamctl.emulator.errors import WrongOptionError
from beamctl.emulator.mail.emails import Email
from beamctl.emulator.mail.mailer import Mailer

if TYPE_CHECKING:
    from flask import Flask

BASE_PATH = "/v0"
CALLER_KEY = "beamctl.emulator.in_process"
"""WSGI environment key for the caller of an in-process request. Headers become `HTTP_…`, so they cannot set it."""

IN_PROCESS = "http://127.0.0.1:8080"
"""Default address of `beamctl emulator serve`: what is done in process can be opened there later."""


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
            Refusal: The response is an error; nothing was changed.
        """
        database = self.database
        with database.writing() if route.writes else database.reading() as db:
            call = Call(inbound, db, self.now(), self.flags, str(self.public_url))
            answer = route.handle(admit(route, call))
        self.send(*answer.emails)
        return answer

    def send(self, *emails: Email) -> None:
        """Send e-mails. A failed delivery is logged and never raised."""
        self.mailer.send(emails, str(self.public_url), self.now())


def plane_of(app: Flask) -> ControlPlane:
    """Return the shared state of an application."""
    plane = app.extensions[CALLER_KEY]
    assert isinstance(plane, ControlPlane)  # noqa: S101 - `create_app` put it there
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
        self._text = IN_PROCESS if given is None else _checked(given)

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
