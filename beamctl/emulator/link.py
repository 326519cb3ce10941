"""Links in e-mails, which act as credentials. They are signed with the database's secret and stored nowhere."""

from __future__ import annotations

from datetime import datetime

from beamctl.emulator import token
from beamctl.emulator.token import Use


def to_invitation(public_url: str, secret: bytes, invitation_id: str) -> str:
    """The link to an invitation, `…/invitation/<id>/<key>`. It works as long as the invitation exists."""
    return f"{public_url}/invitation/{invitation_id}/{token.signature(secret, _signed(invitation_id))}"


def opens_invitation(secret: bytes, invitation_id: str, key: str) -> bool:
    """Whether `key` is the key in the link to that invitation, whether or not the invitation exists."""
    return key.isascii() and token.is_signed(secret, _signed(invitation_id), key)


def to_sign_in(public_url: str, secret: bytes, email: str, moment: datetime) -> str:
    """The sign-in link for an address, `…/sign-in/<token>`, valid for 15 minutes."""
    return f"{public_url}/sign-in/{token.issue(secret, email, Use.SIGN_IN, moment)}"


def address_signing_in(secret: bytes, shown: str, moment: datetime) -> str | None:
    """The address that a sign-in token is for; None if it is invalid or has expired."""
    return token.subject(secret, shown, Use.SIGN_IN, moment)


def _signed(invitation_id: str) -> str:
    """The signed text of a key. No token or cursor contains spaces, so none of their signatures is a valid key."""
    return f"link to invitation {invitation_id}"
