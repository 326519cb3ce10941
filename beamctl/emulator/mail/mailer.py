"""Delivers e-mails to a maildir, an SMTP server, or both. Failures are logged, without any link."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from beamctl.emulator.errors import WrongOptionError
from beamctl.emulator.mail import Email, UnwritableEmailError, compose, recipient
from beamctl.emulator.mail.maildir import Maildir

DEFAULT_PORT = 25
PATIENCE = 5.0
"""Timeout in seconds for each step."""

_log = logging.getLogger(__name__)


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


def read_smtp_server(text: str) -> Smtp:
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


class Delivery(Protocol):
    """A destination of e-mails."""

    def deliver(self, message: EmailMessage) -> None:
        """Deliver one e-mail.

        Raises:
            OSError: The delivery failed.
        """


@dataclass(frozen=True, slots=True)
class Mailer:
    """The destinations of every e-mail.

    Attributes:
        deliveries: The destinations; if empty, no e-mail is composed.
    """

    deliveries: tuple[Delivery, ...] = ()

    def send(self, emails: Iterable[Email], public_url: str, moment: datetime) -> None:
        """Send e-mails. Failures are logged, not raised: the change they report has been made."""
        for email in emails if self.deliveries else ():
            try:
                message = compose(email, public_url, moment)
            except UnwritableEmailError as error:
                _log.warning("cannot compose an e-mail to %s: %s", email.to, error)
                continue
            for delivery in self.deliveries:
                try:
                    delivery.deliver(message)
                except (OSError, ValueError) as error:
                    _log.warning("an e-mail to %s was not delivered: %s", email.to, _reason(error))


def open_mailer(maildir: Path | None = None, smtp: str | None = None) -> Mailer:
    """Return a mailer for `create_app` that writes each e-mail to a maildir, sends it by SMTP, or both.

    Args:
        maildir: The folder; created for its owner only, with the first e-mail.
        smtp: The mail server, such as `localhost:1025`.

    Raises:
        WrongOptionError: `smtp` is not a mail server.
    """
    deliveries: list[Delivery] = []
    if maildir is not None:
        deliveries.append(Maildir(maildir))
    if smtp is not None:
        deliveries.append(read_smtp_server(smtp))
    return Mailer(tuple(deliveries))


def _reason(error: Exception) -> str:
    """The reason of a failure, without the server's response: it may quote the e-mail and its link."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = ", ".join(str(code) for code, _ in error.recipients.values())
            return f"the mail server rejects the address ({codes})"
        case smtplib.SMTPResponseException():
            return f"the mail server responded with {error.smtp_code}"
        case smtplib.SMTPException():
            return f"the mail server: {type(error).__name__}"
        case OSError() if error.strerror:
            return f"{error.strerror}{f': {error.filename}' if error.filename else ''}"
        case _:
            return type(error).__name__
