"""E-mails: their contents, and their format (RFC 5322, plain text and HTML, safe against header injection)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from functools import lru_cache
from html import escape
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import idna

from beamctl.emulator.rules import is_visible

_ORIGIN = "This e-mail was sent by the beamctl emulator, a control plane for testing."


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail to one person.

    Attributes:
        to: The address, as given.
        subject: The subject, one printable line.
        before: The paragraphs before the link.
        label: The text of the link.
        link: The link. It is a secret: it acts as a credential.
        after: The paragraphs after it.
    """

    to: str
    subject: str
    before: tuple[str, ...]
    label: str
    link: str = field(repr=False)
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Invited:
    """What an invitation e-mail says. `display_name` is that of the workspace, and may be empty."""

    email: str
    role: str
    workspace: str
    display_name: str
    inviter: str
    expires: datetime


def invitation_email(invited: Invited, link: str) -> Email:
    """The e-mail of an invitation."""
    title = plain(invited.display_name) or invited.workspace
    named = title if title == invited.workspace else f"{title} ({invited.workspace})"
    role = plain(invited.role)
    return Email(
        to=invited.email,
        subject=f"Invitation to the workspace {title}",
        before=(
            "Hello,",
            f"{plain(invited.inviter)} invites you to the workspace {named}, with the role {role}.",
            f"The invitation is for {invited.email} and expires on {_date_text(invited.expires)}.",
            "Open the link to accept or decline. Opening it changes nothing.",
            "If you have no account, you can sign up there. If you have one, sign in afterwards as usual.",
        ),
        label="View the invitation",
        link=link,
        after=(
            "Do not forward this e-mail: anyone who has the link can accept, or sign up, in your place.",
            "If you did not expect this, ignore it: the invitation expires. Or open the link and decline.",
            _ORIGIN,
        ),
    )


def sign_in_email(email: str, link: str, minutes: int) -> Email:
    """The e-mail with a sign-in link.

    Args:
        email: Who signs in.
        link: The sign-in link.
        minutes: How long it is valid.
    """
    return Email(
        to=email,
        subject="Your sign-in link",
        before=("Hello,", f"Use this link to sign in as {email}. It is valid for {minutes} minutes."),
        label="Sign in",
        link=link,
        after=(
            "Do not forward this e-mail: anyone who has the link can sign in as you.",
            "If you did not request this, ignore it: the link expires.",
            _ORIGIN,
        ),
    )


def plain(text: str) -> str:
    """The text on one line, with unprintable characters escaped: control and bidirectional characters."""
    line = " ".join(text.split())
    return "".join(char if is_visible(char) else char.encode("unicode_escape").decode() for char in line)


def _date_text(moment: datetime) -> str:
    shown = moment.astimezone(UTC)
    return f"{shown.day} {_MONTHS[shown.month - 1]} {shown.year}, {shown:%H:%M} UTC"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""Not `%B`, which depends on the locale."""

SENDER = "beamctl emulator"
_LONGEST_LINE = 998
"""The line length that mail servers must accept (RFC 5322)."""

_ALWAYS = {"Auto-Submitted": "auto-generated", "MIME-Version": "1.0", "Content-Type": "multipart/alternative"}

_HTML = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{subject}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 36rem">
{before}
<p><a href="{link}">{label}</a></p>
<p>Or copy this link into your browser:<br>{link}</p>
{after}
</body>
</html>
"""


class UnwritableEmailError(Exception):
    """The e-mail cannot be composed; the message says why, without its content."""


def compose(email: Email, public_url: str, moment: datetime) -> EmailMessage:
    """Compose an e-mail with this date. The sender's domain is the host of the public URL.

    Raises:
        UnwritableEmailError: The address or a line is not allowed in an e-mail.
    """
    to, sender = deliverable(email.to), deliverable(f"no-reply@{_domain(public_url)}")
    message = EmailMessage(policy=SMTP if f"{to}{sender}".isascii() else SMTPUTF8)
    try:
        message["From"] = _sender(sender)
        message["To"] = Address("", *to.rpartition("@")[::2])
        message["Subject"] = email.subject.replace("=?", "= ?")  # see `deliverable`
        message["Date"] = moment
        message["Message-ID"] = f"<{uuid.uuid4()}@{sender.rpartition('@')[2]}>"
        for name, value in _ALWAYS.items():
            message[name] = _header(name, value)
        message.attach(_part(_text(email), "plain"))
        message.attach(_part(_html(email), "html"))
    except (ValueError, IndexError, LookupError) as error:  # the header parser raises all three
        raise UnwritableEmailError(f"not allowed in an e-mail ({type(error).__name__})") from None
    _check_headers(message, to)
    return message


def recipient(message: EmailMessage) -> str:
    """The recipient's address of a composed message."""
    return str(message["To"].addresses[0].addr_spec)


def deliverable(email: str) -> str:
    """The address as written in an e-mail, with its host in ASCII.

    Python decodes `=?…?=` anywhere in a header, including line breaks, so it must not occur.

    Raises:
        UnwritableEmailError: It contains `=?`, or its host has no ASCII form.
    """
    local, _, host = email.rpartition("@")
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise UnwritableEmailError("the part after the @ is not a valid host name") from None
    if "=?" in local or "=?" in host:
        raise UnwritableEmailError("addresses that contain =? are not supported")
    return f"{local}@{host}"


@lru_cache(maxsize=64)
def _header(name: str, value: str) -> Any:  # noqa: ANN401 - each header has a class of its own
    """A header that many e-mails have. Cached, because parsing it takes half the time of an e-mail."""
    return SMTP.header_factory(name, value)


@lru_cache(maxsize=64)
def _sender(address: str) -> Any:  # noqa: ANN401 - as above
    return SMTP.header_factory("From", str(Address(SENDER, *address.rpartition("@")[::2])))


def _domain(public_url: str) -> str:
    """The host of the control plane, if it has a name."""
    host = urlsplit(public_url).hostname or "localhost"
    try:
        ip_address(host)
    except ValueError:
        return host
    return "localhost"


def _check_headers(message: EmailMessage, to: str) -> None:
    """Check that no header breaks a line and that the only recipient is `to`."""
    printable = all(str(value).isprintable() for value in message.values())
    if not printable or [address.addr_spec for address in message["To"].addresses] != [to]:
        raise UnwritableEmailError("its headers would change when parsed")


def _text(email: Email) -> str:
    linked = f"{email.label}:\n{email.link}"
    return "\n\n".join((*email.before, linked, *email.after)) + "\n"


def _html(email: Email) -> str:
    return _HTML.format(
        subject=escape(email.subject),
        before=_paragraphs(email.before),
        link=escape(email.link),
        label=escape(email.label),
        after=_paragraphs(email.after),
    )


def _paragraphs(paragraphs: tuple[str, ...]) -> str:
    return "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)


def _part(text: str, subtype: str) -> EmailMessage:
    """A body part, 7bit if possible, so that the link is readable in the file."""
    part = EmailMessage(policy=SMTP)
    if text.isascii() and all(len(line) <= _LONGEST_LINE for line in text.splitlines()):
        part["Content-Type"] = _header("Content-Type", f'text/{subtype}; charset="us-ascii"')
        part.set_payload(text)
    else:
        part.set_content(text, subtype=subtype, cte="quoted-printable")
    return part
