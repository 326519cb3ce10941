"""Checks the host and origin of console requests, and sets the security headers of responses."""

from __future__ import annotations

import hmac
import ipaddress
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Response, request

from beamctl.emulator.errors import Refusal, forbidden
from beamctl.emulator.web.session import FORM_FIELD, Session

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
