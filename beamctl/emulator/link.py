"""The links in letters, which let their holder in: how they are made, and how they are checked. A link is kept nowhere:
it is signed with the secret of the database. It must not know rows, nor what is behind a link."""

from __future__ import annotations

from datetime import datetime

from beamctl.emulator import token
from beamctl.emulator.token import Use


def to_invitation(public_url: str, secret: bytes, invitation_id: str) -> str:
    """The link to an invitation: `…/invitation/<id>/<key>`. It is good for as long as the invitation is there."""
    return f"{public_url}/invitation/{invitation_id}/{token.signature(secret, _signed(invitation_id))}"


def opens_invitation(secret: bytes, invitation_id: str, key: str) -> bool:
    """Whether that is the key in the link to that invitation; whether the invitation exists is not looked at."""
    return key.isascii() and token.is_signed(secret, _signed(invitation_id), key)


def to_sign_in(public_url: str, secret: bytes, email: str, moment: datetime) -> str:
    """The link with which whoever reads that address' mail signs in: `…/sign-in/<token>`, for a quarter of an hour."""
    return f"{public_url}/sign-in/{token.issue(secret, email, Use.SIGN_IN, moment)}"


def address_signing_in(secret: bytes, shown: str, moment: datetime) -> str | None:
    """The address that the token of a sign-in link is for; None where it is not ours or has expired."""
    return token.subject(secret, shown, Use.SIGN_IN, moment)


def _signed(invitation_id: str) -> str:
    """What the key signs: with spaces, as in no token and no cursor, so that no signature of theirs is a key."""
    return f"link to invitation {invitation_id}"
