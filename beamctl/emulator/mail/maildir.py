"""Writes and reads a maildir: one file per e-mail, readable by its owner only.

Not with the standard library's `mailbox`: it syncs each e-mail to disk, creates files that others can read, and is not
thread-safe.
"""

from __future__ import annotations

import os
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.parser import Parser
from email.policy import default
from pathlib import Path
from typing import Any

from beamctl.emulator.mail import UnwritableEmailError, deliverable
from beamctl.emulator.rules import folded

_GIVES_UP = (ValueError, LookupError, AttributeError)
"""What Python's parser raises for malformed e-mails."""


@dataclass(frozen=True, slots=True)
class Maildir:
    """A folder with `tmp`, `new` and `cur`, created with the first e-mail.

    Attributes:
        path: The folder.
    """

    path: Path

    def deliver(self, message: EmailMessage) -> None:
        """Add an e-mail to `new`, atomically.

        Raises:
            OSError: It cannot be written.
        """
        name = f"{int(time.time())}.{uuid.uuid4().hex}.beamctl"
        content = message.as_bytes(policy=message.policy.clone(linesep="\n"))
        try:
            self._write(name, content)
        except FileNotFoundError:
            self._make()
            self._write(name, content)

    def files(self) -> list[Path]:
        """The files, oldest first; empty if there is no maildir.

        Raises:
            OSError: The folder cannot be read.
        """
        found = [entry for folder in ("new", "cur") for entry in _entries(self.path / folder) if entry.is_file()]
        return [Path(entry.path) for entry in sorted(found, key=_age)]

    def _write(self, name: str, content: bytes) -> None:
        before = self.path / "tmp" / name
        file = os.open(before, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(file, "wb") as opened:  # noqa: PTH123 - a descriptor, not a path
                opened.write(content)
            before.rename(self.path / "new" / name)
        except OSError:
            with suppress(OSError):
                before.unlink()
            raise

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self.path, *(self.path / name for name in ("tmp", "new", "cur"))):
            folder.mkdir(mode=0o700, exist_ok=True)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except FileNotFoundError:
        return []


def _age(entry: os.DirEntry[str]) -> tuple[int, str]:
    return entry.stat().st_mtime_ns, entry.name


@dataclass(frozen=True, slots=True)
class ReceivedEmail:
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


def received_emails(maildir: Path, to: str | None = None) -> list[ReceivedEmail]:
    """Return the e-mails in a maildir, oldest first; an empty list if there is no maildir.

    Args:
        maildir: The folder.
        to: Only e-mails to this address; None for all.

    Raises:
        OSError: They cannot be read.
    """
    emails = []
    for path in Maildir(maildir).files():
        try:
            emails.append(_head(path))
        except FileNotFoundError:  # a mail program moved it in the meantime
            continue
    if to is None:
        return emails
    address = _compared(to)
    return [email for email in emails if _compared(email.to) == address]


def _head(path: Path) -> ReceivedEmail:
    message = _parsed(path, with_body=False)
    addresses = getattr(_header(message, "To"), "addresses", ())
    date = getattr(_header(message, "Date"), "datetime", None)
    return ReceivedEmail(
        path, addresses[0].addr_spec if addresses else "", str(_header(message, "Subject") or ""), date
    )


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
