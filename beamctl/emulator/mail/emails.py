"""The contents of the control plane's e-mails."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from beamctl.emulator.unseen import can_be_seen

_ORIGIN = "This letter was written by the beamctl emulator, a control plane for trying things out."


@dataclass(frozen=True, slots=True)
class Letter:
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


def invitation(invited: Invited, link: str) -> Letter:
    """The e-mail of an invitation."""
    title = plain(invited.display_name) or invited.workspace
    named = title if title == invited.workspace else f"{title} ({invited.workspace})"
    role = plain(invited.role)
    return Letter(
        to=invited.email,
        subject=f"Invitation to the workspace {title}",
        before=(
            "Hello,",
            f"{plain(invited.inviter)} invites you to the workspace {named}, with the role {role}.",
            f"The invitation is for {invited.email}, and can be accepted until {_until(invited.expires)}.",
            "Opening the link decides nothing yet: there you can accept or decline.",
            "If you have no account, you sign up there; if you have one, you sign in to it afterwards, as always.",
        ),
        label="See the invitation",
        link=link,
        after=(
            "Do not pass this letter on: whoever has the link can accept, or sign up, in your place.",
            "You did not expect this? Then do nothing: the invitation ends by itself. Or open the link and decline.",
            _ORIGIN,
        ),
    )


def sign_in(email: str, link: str, minutes: int) -> Letter:
    """The e-mail with a sign-in link.

    Args:
        email: Who signs in.
        link: The sign-in link.
        minutes: How long it is valid.
    """
    return Letter(
        to=email,
        subject="Your link to sign in",
        before=("Hello,", f"with this link you sign in as {email}. It works for {minutes} minutes."),
        label="Sign in",
        link=link,
        after=(
            "Do not pass this letter on: whoever has the link can sign in as you.",
            "You did not ask for it? Then do nothing: the link ends by itself.",
            _ORIGIN,
        ),
    )


def plain(text: str) -> str:
    """The text on one line, with unprintable characters escaped: control and bidirectional characters."""
    line = " ".join(text.split())
    return "".join(char if can_be_seen(char) else char.encode("unicode_escape").decode() for char in line)


def _until(moment: datetime) -> str:
    shown = moment.astimezone(UTC)
    return f"{shown.day} {_MONTHS[shown.month - 1]} {shown.year}, {shown:%H:%M} UTC"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""Not `%B`, which depends on the locale."""
