"""Sends e-mails by SMTP to a nearby server, such as a development mail catcher, without encryption or login."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import urlsplit

from beamctl.emulator.errors import WrongOptionError
from beamctl.emulator.mail.message import recipient

DEFAULT_PORT = 25
PATIENCE = 5.0
"""Timeout in seconds for each step."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """An SMTP server.

    Attributes:
        host: Its name or address.
        port: Its port.
    """

    host: str
    port: int

    def deliver(self, message: EmailMessage) -> None:
        """Send an e-mail.

        Raises:
            OSError: The server is unreachable or rejects it (`smtplib.SMTPException` is an `OSError`).
        """
        # An explicit EHLO name avoids a slow lookup of the machine's own.
        with smtplib.SMTP(self.host, self.port, local_hostname="localhost", timeout=PATIENCE) as relay:
            relay.send_message(message, message["From"].addresses[0].addr_spec, [recipient(message)])


def relay(text: str) -> Smtp:
    """Parse a server such as `localhost:1025` or `[::1]:1025`.

    Raises:
        WrongOptionError: It is invalid.
    """
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.netloc != text or "@" in text or not text.isprintable() or " " in text or port == 0:
        raise WrongOptionError(f"{text!r} is not a mail server: write HOST or HOST:PORT")
    return Smtp(host, port or DEFAULT_PORT)
