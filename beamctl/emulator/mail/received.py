"""The letters in a maildir, read back for people who have no mail program at hand. It must not know how they came
there, nor print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.parser import Parser
from email.policy import default
from pathlib import Path
from typing import Any

from beamctl.emulator.mail.maildir import Maildir
from beamctl.emulator.mail.message import UnwritableLetterError, deliverable
from beamctl.emulator.rules import folded

_GIVES_UP = (ValueError, LookupError, AttributeError)
"""What Python's parser raises at letters that nobody here has written."""


@dataclass(frozen=True, slots=True)
class Received:
    """One letter in a maildir. Its texts may hold anything: whoever shows them escapes them.

    Attributes:
        path: The file.
        to: The address it is to; empty where it does not say.
        subject: Its subject.
        date: When it was written, by the clock of the emulator; None where it does not say.
    """

    path: Path
    to: str
    subject: str
    date: datetime | None

    def text(self) -> str:
        """What it says, as plain text; empty where it has none that can be read.

        Raises:
            OSError: It is not there any more.
        """
        try:
            part = _parsed(self.path, whole=True).get_body(("plain",))
            return str(part.get_content()) if part else ""
        except _GIVES_UP:
            return ""


def received(maildir: Path, to: str | None) -> list[Received]:
    """The letters, the newest last; those to one address only, where one is given.

    Raises:
        OSError: They cannot be read.
    """
    letters = []
    for path in Maildir(maildir).files():
        try:
            letters.append(_head(path))
        except FileNotFoundError:  # a mail program moved it meanwhile
            continue
    if to is None:
        return letters
    wanted = _compared(to)
    return [letter for letter in letters if _compared(letter.to) == wanted]


def _head(path: Path) -> Received:
    message = _parsed(path, whole=False)
    addresses = getattr(_header(message, "To"), "addresses", ())
    date = getattr(_header(message, "Date"), "datetime", None)
    return Received(path, addresses[0].addr_spec if addresses else "", str(_header(message, "Subject") or ""), date)


def _header(message: EmailMessage, name: str) -> Any:  # noqa: ANN401 - each header has a class of its own
    try:
        return message[name]
    except _GIVES_UP:
        return None


def _parsed(path: Path, *, whole: bool) -> EmailMessage:
    text = path.read_text("utf-8", errors="replace")
    message = Parser(policy=default).parsestr(text, headersonly=not whole)
    assert isinstance(message, EmailMessage)  # noqa: S101 - that is what the policy makes
    return message


def _compared(email: str) -> str:
    """The address as two are compared: as it stands in a letter, whatever its case."""
    try:
        return folded(deliverable(email))
    except UnwritableLetterError:
        return folded(email)
