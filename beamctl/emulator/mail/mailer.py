"""The post: letters go to every place that they are to be put in, and one that does not arrive is logged and nothing
else. It must not know what a letter says; no link is ever logged."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from beamctl.emulator.mail.emails import Letter
from beamctl.emulator.mail.maildir import Maildir
from beamctl.emulator.mail.message import UnwritableLetterError, compose
from beamctl.emulator.mail.smtp import relay

_log = logging.getLogger(__name__)


class Delivery(Protocol):
    """A place that letters are put in."""

    def deliver(self, message: EmailMessage) -> None:
        """Puts one letter there.

        Raises:
            OSError: It cannot.
        """


@dataclass(frozen=True, slots=True)
class Post:
    """All the places that each letter is put in.

    Attributes:
        deliveries: The places; with none, no letter is written.
    """

    deliveries: tuple[Delivery, ...] = ()

    def send(self, letters: Iterable[Letter], public_url: str, moment: datetime) -> None:
        """Sends the letters; what cannot be sent is logged. Nothing is raised: what a letter tells has happened."""
        for letter in letters if self.deliveries else ():
            try:
                message = compose(letter, public_url, moment)
            except UnwritableLetterError as error:
                _log.warning("no letter to %s: %s", letter.to, error)
                continue
            for delivery in self.deliveries:
                try:
                    delivery.deliver(message)
                except (OSError, ValueError) as error:
                    _log.warning("a letter to %s was not delivered: %s", letter.to, _reason(error))


def open_post(maildir: Path | None, smtp: str | None) -> Post:
    """The post to a maildir and by way of a relay, to one of them or to none.

    Raises:
        WrongOptionError: `smtp` names no relay.
    """
    places: list[Delivery] = []
    if maildir is not None:
        places.append(Maildir(maildir))
    if smtp is not None:
        places.append(relay(smtp))
    return Post(tuple(places))


def _reason(error: Exception) -> str:
    """Why, without what a server said: that may quote the letter, and so its link."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = ", ".join(str(code) for code, _ in error.recipients.values())
            return f"the mail server refuses the address ({codes})"
        case smtplib.SMTPResponseException():
            return f"the mail server says {error.smtp_code}"
        case smtplib.SMTPException():
            return f"the mail server: {type(error).__name__}"
        case OSError() if error.strerror:
            return f"{error.strerror}{f': {error.filename}' if error.filename else ''}"
        case _:
            return type(error).__name__
