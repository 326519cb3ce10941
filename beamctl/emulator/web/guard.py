"""What a request must be like before a page sees it, and what every answer says to the browser: no foreign host, no
foreign form, no script, nothing kept. It must not know pages."""

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
"""What `Sec-Fetch-Site` says of a form of ours; browsers leave it out where the host is not a trustworthy one."""

STALE_FORM = "This form is too old, or is not from this page. Nothing was changed. Go back, reload the page, try again."


def check_host(public_url: str) -> None:
    """Refuses names that could be somebody else's, which a browser was led to believe are ours (DNS rebinding).

    Args:
        public_url: Where people are told that the emulator is. Besides its host, `localhost` and addresses are ours: no
            foreign name is an address.

    Raises:
        Refusal: 421.
    """
    host = urlsplit(f"//{request.host}").hostname or ""
    if host == "localhost" or host.endswith(".localhost") or host == urlsplit(public_url).hostname:
        return
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return
    text = "The emulator is not served under that name. Open it as localhost, or start it with --public-url."
    raise Refusal(HTTPStatus.MISDIRECTED_REQUEST, text)


def check_form(session: Session) -> None:
    """Refuses forms that are not ours, or are not of this browser and session.

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
    """The response, with what the browser must not do."""
    response.headers.update(_HEADERS)
    return response
