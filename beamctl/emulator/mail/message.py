"""A letter as an e-mail (RFC 5322): plain text, the same as HTML, and headers that nothing in the letter can add to.
It must not know what a letter is about, nor how it is delivered."""

from __future__ import annotations

import uuid
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from functools import lru_cache
from html import escape
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import idna

from beamctl.emulator.mail.emails import Letter

SENDER = "beamctl emulator"

_LONGEST_LINE = 998
"""What a mail server must take (RFC 5322)."""

_ALWAYS = (
    ("Auto-Submitted", "auto-generated"),
    ("MIME-Version", "1.0"),
    ("Content-Type", "multipart/alternative"),
)

_HTML = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{subject}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 36rem">
{before}
<p><a href="{link}">{label}</a></p>
<p>Or copy this into the address bar of a browser:<br>{link}</p>
{after}
</body>
</html>
"""


class UnwritableLetterError(Exception):
    """There is no e-mail that says this; the text tells why, without the letter's content."""


def compose(letter: Letter, public_url: str, moment: datetime) -> EmailMessage:
    """The letter as an e-mail.

    Args:
        letter: What it says.
        public_url: Where the control plane is reached; names the sender's domain.
        moment: When it is written.

    Raises:
        UnwritableLetterError: The address, or a line, cannot stand in an e-mail.
    """
    to, sender = deliverable(letter.to), deliverable(f"no-reply@{_domain(public_url)}")
    message = EmailMessage(policy=SMTP if f"{to}{sender}".isascii() else SMTPUTF8)
    try:
        message["From"] = _sender(sender)
        message["To"] = Address("", *_halves(to))
        message["Subject"] = letter.subject.replace("=?", "= ?")  # see `deliverable`
        message["Date"] = moment
        message["Message-ID"] = f"<{uuid.uuid4()}@{sender.rpartition('@')[2]}>"
        for name, value in _ALWAYS:
            message[name] = _header(name, value)
        message.attach(_part(_text(letter), "plain"))
        message.attach(_part(_html(letter), "html"))
    except (ValueError, IndexError, LookupError) as error:  # the last two: the header parser's way to give up
        raise UnwritableLetterError(f"it cannot stand in an e-mail ({type(error).__name__})") from None
    _check_headers(message, to)
    return message


def recipient(message: EmailMessage) -> str:
    """The one address that a composed message is for."""
    return str(message["To"].addresses[0].addr_spec)


def deliverable(email: str) -> str:
    """The address as it stands in a letter: with its host in ASCII.

    Python decodes `=?…?=` wherever it stands in a header that is set, line breaks included, and so it must not stand
    there.

    Raises:
        UnwritableLetterError: It has that in it, or its host has no such spelling.
    """
    local, _, host = email.rpartition("@")
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise UnwritableLetterError("what is behind the @ cannot be the name of a host") from None
    if "=?" in local or "=?" in host:
        raise UnwritableLetterError("an address with =? in it cannot be written to")
    return f"{local}@{host}"


def _halves(address: str) -> tuple[str, str]:
    local, _, host = address.rpartition("@")
    return local, host


@lru_cache(maxsize=64)
def _header(name: str, value: str) -> Any:  # noqa: ANN401 - each header has a class of its own
    """A header that many letters have: to parse them anew made up half the time that a letter took."""
    return SMTP.header_factory(name, value)


@lru_cache(maxsize=64)
def _sender(address: str) -> Any:  # noqa: ANN401 - as above
    return SMTP.header_factory("From", str(Address(SENDER, *_halves(address))))


def _domain(public_url: str) -> str:
    """The host of the control plane, where it has a name."""
    host = urlsplit(public_url).hostname or "localhost"
    try:
        ip_address(host)
    except ValueError:
        return host
    return "localhost"


def _check_headers(message: EmailMessage, to: str) -> None:
    """Nothing breaks a line, and the letter goes to whom it is for and to nobody else: looked at, not believed."""
    whole = all(str(value).isprintable() for value in message.values())
    if not whole or [address.addr_spec for address in message["To"].addresses] != [to]:
        raise UnwritableLetterError("its headers would not say what they should")


def _text(letter: Letter) -> str:
    linked = f"{letter.label}:\n{letter.link}"
    return "\n\n".join((*letter.before, linked, *letter.after)) + "\n"


def _html(letter: Letter) -> str:
    return _HTML.format(
        subject=escape(letter.subject),
        before=_paragraphs(letter.before),
        link=escape(letter.link),
        label=escape(letter.label),
        after=_paragraphs(letter.after),
    )


def _paragraphs(paragraphs: tuple[str, ...]) -> str:
    return "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)


def _part(text: str, subtype: str) -> EmailMessage:
    """A part of the letter: as it is, where every server takes that, so that the link can be read in the file."""
    part = EmailMessage(policy=SMTP)
    if text.isascii() and all(len(line) <= _LONGEST_LINE for line in text.splitlines()):
        part["Content-Type"] = _header("Content-Type", f'text/{subtype}; charset="us-ascii"')
        part.set_payload(text)
    else:
        part.set_content(text, subtype=subtype, cte="quoted-printable")
    return part
