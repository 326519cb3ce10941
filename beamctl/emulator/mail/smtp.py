"""Sending by SMTP to a relay nearby, such as a development mail catcher: without encryption and without a login. It
must not know what a letter says."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import urlsplit

from beamctl.emulator.errors import WrongOptionError
from beamctl.emulator.mail.message import recipient

DEFAULT_PORT = 25
PATIENCE = 5.0
"""Seconds to wait for the relay, at each step."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """A relay.

    Attributes:
        host: Its name or address.
        port: Its port.
    """

    host: str
    port: int

    def deliver(self, message: EmailMessage) -> None:
        """Hands a letter to the relay.

        Raises:
            OSError: It is not reached, or does not take the letter (`smtplib.SMTPException` is one).
        """
        # The name to say hello with is given: to find out the machine's own may take a slow look-up.
        with smtplib.SMTP(self.host, self.port, local_hostname="localhost", timeout=PATIENCE) as relay:
            relay.send_message(message, message["From"].addresses[0].addr_spec, [recipient(message)])


def relay(text: str) -> Smtp:
    """The relay that a text such as `localhost:1025` or `[::1]:1025` names.

    Raises:
        WrongOptionError: It names none.
    """
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.netloc != text or "@" in text or not text.isprintable() or " " in text or port == 0:
        raise WrongOptionError(f"{text!r} is no mail server: write HOST or HOST:PORT")
    return Smtp(host, port or DEFAULT_PORT)
