"""The session: a signed token in a cookie, valid for 12 hours, and the key that protects forms."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Response, request
from markupsafe import Markup

from beamctl.emulator import token
from beamctl.emulator.caller import Person
from beamctl.emulator.store import person, secret

if TYPE_CHECKING:
    from beamctl.emulator.app import ControlPlane

COOKIE = "beamctl_emulator_session"
FORM_COOKIE = "beamctl_emulator_form"
FORM_FIELD = "form_key"


@dataclass(frozen=True, slots=True)
class Session:
    """The cookies of a request.

    Attributes:
        person: Who is signed in; None if no one is.
        nonce: Ties forms to this browser.
        secure: Whether the browser uses HTTPS, so the cookies are HTTPS-only.
        form_key: The key of this browser's and session's forms.
    """

    person: Person | None
    nonce: str
    secure: bool
    form_key: str


def read(plane: ControlPlane) -> Session:
    """The session of the current request."""
    shown = request.cookies.get(COOKIE, "")
    nonce = request.cookies.get(FORM_COOKIE, "") or secrets.token_urlsafe(16)
    with plane.database.reading() as db:
        key = secret.token_secret(db)
        sub = token.subject(key, shown, token.Use.SESSION, plane.now())
        known = person.by_sub(db, sub) if sub else None
    bound = shown if known else ""
    public = urlsplit(str(plane.public_url))  # behind a proxy, only the public URL tells
    secure = request.is_secure or (public.scheme == "https" and request.host == public.netloc)
    return Session(known, nonce, secure, token.signature(key, f"form:{nonce}:{bound}"))


def begin(plane: ControlPlane, before: Session, person: Person, response: Response) -> Response:
    """Add a new session for a person to the response, replacing the old one."""
    with plane.database.reading() as db:
        key = secret.token_secret(db)
    _set(response, COOKIE, token.issue(key, person.sub, token.Use.SESSION, plane.now()), secure=before.secure)
    return response


def end(response: Response) -> Response:
    """Delete the session cookie in the response."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
    return response


def keep_nonce(session: Session, response: Response) -> None:
    """Set the nonce cookie if the browser has none."""
    if request.cookies.get(FORM_COOKIE) != session.nonce:
        _set(response, FORM_COOKIE, session.nonce, secure=session.secure)


def form_key_field(session: Session) -> Markup:
    """The hidden field with the form key."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_FIELD, session.form_key)


def _set(response: Response, name: str, value: str, *, secure: bool) -> None:
    # Lax, not Strict: a link in an e-mail opens the signed-in session. Following a link changes nothing.
    response.set_cookie(name, value, httponly=True, samesite="Lax", secure=secure)
