"""Sessions and request checks of the console: cookies, form keys, hosts, and security headers."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Response, request
from markupsafe import Markup

from beamctl.emulator.credentials import TokenUse, form_key, issue_token, token_subject
from beamctl.emulator.errors import Refusal, forbidden
from beamctl.emulator.permission import Person
from beamctl.emulator.store import people, signing_secret

if TYPE_CHECKING:
    from beamctl.emulator.control_plane import ControlPlane

COOKIE = "beamctl_emulator_session"
FORM_COOKIE = "beamctl_emulator_form"
FORM_FIELD = "form_key"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_OWN_SITE = ("", "same-origin", "none")
"""`Sec-Fetch-Site` of our own forms; browsers omit it for untrustworthy hosts."""

STALE_FORM = (
    "This form has expired or is not from this page. Nothing was changed. Go back, reload the page and try again."
)


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


def read_session(plane: ControlPlane) -> Session:
    """The session of the current request."""
    shown = request.cookies.get(COOKIE, "")
    nonce = request.cookies.get(FORM_COOKIE, "") or secrets.token_urlsafe(16)
    with plane.database.reading() as db:
        key = signing_secret(db)
        sub = token_subject(key, shown, TokenUse.SESSION, plane.now())
        known = people.person_by_sub(db, sub) if sub else None
    bound = shown if known else ""
    public = urlsplit(str(plane.public_url))  # behind a proxy, only the public URL tells
    secure = request.is_secure or (public.scheme == "https" and request.host == public.netloc)
    return Session(known, nonce, secure, form_key(key, nonce, bound))


def begin_session(plane: ControlPlane, before: Session, person: Person, response: Response) -> Response:
    """Add a new session for a person to the response, replacing the old one."""
    with plane.database.reading() as db:
        key = signing_secret(db)
    token = issue_token(key, person.sub, TokenUse.SESSION, plane.now())
    _set(response, COOKIE, token, secure=before.secure)
    return response


def end_session(response: Response) -> Response:
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


def check_host(public_url: str) -> None:
    """Reject foreign host names, against DNS rebinding.

    Args:
        public_url: The public base URL. Besides its host, `localhost` and IP addresses are accepted.

    Raises:
        Refusal: 421.
    """
    host = urlsplit(f"//{request.host}").hostname or ""
    if host == "localhost" or host.endswith(".localhost") or host == urlsplit(public_url).hostname:
        return
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return
    text = "The emulator does not accept this host name. Open it as localhost, or start it with --public-url."
    raise Refusal(HTTPStatus.MISDIRECTED_REQUEST, text)


def check_form(session: Session) -> None:
    """Reject forms from other sites, browsers or sessions.

    Raises:
        Refusal: 403.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    shown = request.form.get(FORM_FIELD, "").encode()
    own = request.headers.get("Sec-Fetch-Site", "") in _OWN_SITE
    if not own or not hmac.compare_digest(shown, session.form_key.encode()):
        raise forbidden(STALE_FORM)


def harden(response: Response) -> Response:
    """Add the security headers."""
    response.headers.update(_HEADERS)
    return response
