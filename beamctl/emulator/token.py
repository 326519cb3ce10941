"""Signed tokens: JWTs with HMAC-SHA-256, each for one use and with the lifetime of that use."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from enum import StrEnum

LIFETIME = timedelta(hours=2)
"""Lifetime of an access token (documented)."""


DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
"""The grant of RFC 8628."""

GRANTS = ("client_credentials", "refresh_token", DEVICE_GRANT)
"""The supported grant types."""


class Use(StrEnum):
    """The use of a token: the `typ` of its header."""

    ACCESS = "at+jwt"
    REFRESH = "rt+jwt"
    SIGN_IN = "sign-in+jwt"
    SESSION = "session+jwt"


LIFETIMES = {Use.ACCESS: LIFETIME, Use.SIGN_IN: timedelta(minutes=15), Use.SESSION: timedelta(hours=12)}
"""Lifetimes by use; other tokens do not expire."""


def issue(secret: bytes, subject: str, use: Use, moment: datetime) -> str:
    """Return a signed token for `subject`."""
    issued = int(moment.timestamp())
    claims: dict[str, object] = {"iat": issued, "sub": subject}
    if use in LIFETIMES:
        claims["exp"] = issued + int(LIFETIMES[use].total_seconds())
    signed = f"{_header(use)}.{encode(json.dumps(claims).encode())}"
    return f"{signed}.{signature(secret, signed)}"


def subject(secret: bytes, token: str, use: Use, moment: datetime) -> str | None:
    """The subject of a token; None if it is not ours, is for another use, or has expired."""
    signed, _, shown = token.rpartition(".")
    header, _, claims = signed.partition(".")
    if header != _header(use) or not token.isascii() or not is_signed(secret, signed, shown):
        return None
    content = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    if use in LIFETIMES and content["exp"] <= moment.timestamp():
        return None
    return str(content["sub"])


def _header(use: Use) -> str:
    return encode(json.dumps({"alg": "HS256", "typ": use.value}).encode())


def signature(secret: bytes, text: str) -> str:
    """The signature of a text."""
    return encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())


def is_signed(secret: bytes, text: str, shown: str) -> bool:
    """Whether `shown` is the signature of the text; both are ASCII."""
    return hmac.compare_digest(shown, signature(secret, text))


def encode(content: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
