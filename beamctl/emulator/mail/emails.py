"""The contents of the control plane's e-mails."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

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
    """The facts in an invitation e-mail.

    Attributes:
        email: The invitee.
        role: The role.
        workspace: The name of the workspace.
        display_name: Its display name; may be empty.
        inviter: The inviter's display name.
        expires: When it expires.
    """

    email: str
    role: str
    workspace: str
    display_name: str
    inviter: str
    expires: datetime


def invitation(invited: Invited, link: str) -> Email:
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
            f"The invitation is for {invited.email} and expires on {_until(invited.expires)}.",
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


def sign_in(email: str, link: str, minutes: int) -> Email:
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


def _until(moment: datetime) -> str:
    shown = moment.astimezone(UTC)
    return f"{shown.day} {_MONTHS[shown.month - 1]} {shown.year}, {shown:%H:%M} UTC"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""Not `%B`, which depends on the locale."""
