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

from beamctl.emulator.mail.emails import Email
from beamctl.emulator.mail.maildir import Maildir
from beamctl.emulator.mail.message import UnwritableEmailError, compose
from beamctl.emulator.mail.smtp import relay

_log = logging.getLogger(__name__)


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


def open_post(maildir: Path | None, smtp: str | None) -> Mailer:
    """Create a mailer for a maildir, an SMTP server, both or neither.

    Raises:
        WrongOptionError: `smtp` is not a mail server.
    """
    places: list[Delivery] = []
    if maildir is not None:
        places.append(Maildir(maildir))
    if smtp is not None:
        places.append(relay(smtp))
    return Mailer(tuple(places))


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
