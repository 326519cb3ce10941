"""Reads e-mails back from a maildir."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.parser import Parser
from email.policy import default
from pathlib import Path
from typing import Any

from beamctl.emulator.mail.maildir import Maildir
from beamctl.emulator.mail.message import UnwritableEmailError, deliverable
from beamctl.emulator.rules import folded

_GIVES_UP = (ValueError, LookupError, AttributeError)
"""What Python's parser raises for malformed e-mails."""


@dataclass(frozen=True, slots=True)
class Received:
    """An e-mail in a maildir. Its texts are untrusted: escape them before display.

    Attributes:
        path: The file.
        to: The recipient; empty if unknown.
        subject: Its subject.
        date: Its date, by the emulator's clock; None if unknown.
    """

    path: Path
    to: str
    subject: str
    date: datetime | None

    def text(self) -> str:
        """The plain text; empty if there is none that can be read.

        Raises:
            OSError: The file is gone.
        """
        try:
            part = _parsed(self.path, with_body=True).get_body(("plain",))
            return str(part.get_content()) if part else ""
        except _GIVES_UP:
            return ""


def received(maildir: Path, to: str | None) -> list[Received]:
    """Return the e-mails, oldest first, optionally only those to one address.

    Raises:
        OSError: They cannot be read.
    """
    emails = []
    for path in Maildir(maildir).files():
        try:
            emails.append(_head(path))
        except FileNotFoundError:  # a mail program moved it meanwhile
            continue
    if to is None:
        return emails
    address = _compared(to)
    return [email for email in emails if _compared(email.to) == address]


def _head(path: Path) -> Received:
    message = _parsed(path, with_body=False)
    addresses = getattr(_header(message, "To"), "addresses", ())
    date = getattr(_header(message, "Date"), "datetime", None)
    return Received(path, addresses[0].addr_spec if addresses else "", str(_header(message, "Subject") or ""), date)


def _header(message: EmailMessage, name: str) -> Any:  # noqa: ANN401 - each header has a class of its own
    try:
        return message[name]
    except _GIVES_UP:
        return None


def _parsed(path: Path, *, with_body: bool) -> EmailMessage:
    text = path.read_text("utf-8", errors="replace")
    message = Parser(policy=default).parsestr(text, headersonly=not with_body)
    assert isinstance(message, EmailMessage)  # noqa: S101 - as the policy specifies
    return message


def _compared(email: str) -> str:
    """The address normalized for comparison."""
    try:
        return folded(deliverable(email))
    except UnwritableEmailError:
        return folded(email)
