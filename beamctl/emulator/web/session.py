"""Who is signed in: a signed token in a cookie, good for a working day, and the key by which every form shows that it
is one of our own. It must not know how somebody came to sign in."""

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
    """What the cookies of a request say.

    Attributes:
        person: Who is signed in; None for nobody.
        nonce: What ties forms to this browser.
        secure: Whether the browser came by HTTPS, and so must not send the cookies without.
        form_key: What a form of this browser must carry; another browser's, or another session's, differs.
    """

    person: Person | None
    nonce: str
    secure: bool
    form_key: str


def read(plane: ControlPlane) -> Session:
    """The session of the current request."""
    shown = request.cookies.get(COOKIE, "")
    nonce = request.cookies.get(FORM_COOKIE, "") or secrets.token_urlsafe(16)
    with plane.database.reading() as rows:
        key = secret.token_secret(rows)
        sub = token.subject(key, shown, token.Use.SESSION, plane.now())
        known = person.by_sub(rows, sub) if sub else None
    bound = shown if known else ""
    public = urlsplit(str(plane.public_url))  # behind a proxy, only this tells
    secure = request.is_secure or (public.scheme == "https" and request.host == public.netloc)
    return Session(known, nonce, secure, token.signature(key, f"form:{nonce}:{bound}"))


def begin(plane: ControlPlane, before: Session, somebody: Person, response: Response) -> Response:
    """The response, with a new session for a person in place of the one before."""
    with plane.database.reading() as rows:
        key = secret.token_secret(rows)
    _set(response, COOKIE, token.issue(key, somebody.sub, token.Use.SESSION, plane.now()), secure=before.secure)
    return response


def end(response: Response) -> Response:
    """The response, with the session taken out of the browser."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
    return response


def keep_nonce(session: Session, response: Response) -> None:
    """Ties the forms of the response to the browser, where they are not yet."""
    if request.cookies.get(FORM_COOKIE) != session.nonce:
        _set(response, FORM_COOKIE, session.nonce, secure=session.secure)


def form_mark(session: Session) -> Markup:
    """The hidden field by which a form shows that it is ours."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_FIELD, session.form_key)


def _set(response: Response, name: str, value: str, *, secure: bool) -> None:
    # Lax, not Strict: whoever follows the link in an e-mail is still signed in. Nothing is changed by following one.
    response.set_cookie(name, value, httponly=True, samesite="Lax", secure=secure)
