"""Signed tokens: JWTs with HMAC-SHA-256, each for one use, which says how long it is good. It must not know who the
subject is, nor read the time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from enum import StrEnum

LIFETIME = timedelta(hours=2)
"""How long an access token is valid (documented)."""


DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
"""The grant of RFC 8628."""

GRANTS = ("client_credentials", "refresh_token", DEVICE_GRANT)
"""What tokens are given for."""


class Use(StrEnum):
    """What a token is good for: the `typ` of its header."""

    ACCESS = "at+jwt"
    REFRESH = "rt+jwt"
    SIGN_IN = "sign-in+jwt"
    SESSION = "session+jwt"


LIFETIMES = {Use.ACCESS: LIFETIME, Use.SIGN_IN: timedelta(minutes=15), Use.SESSION: timedelta(hours=12)}
"""How long a token is good; one for another use, without an end."""


def issue(secret: bytes, subject: str, use: Use, moment: datetime) -> str:
    """A signed token about `subject`."""
    issued = int(moment.timestamp())
    claims: dict[str, object] = {"iat": issued, "sub": subject}
    if use in LIFETIMES:
        claims["exp"] = issued + int(LIFETIMES[use].total_seconds())
    signed = f"{_header(use)}.{encode(json.dumps(claims).encode())}"
    return f"{signed}.{signature(secret, signed)}"


def subject(secret: bytes, token: str, use: Use, moment: datetime) -> str | None:
    """Whom a token is about; None where it is not ours, is for another use, or has expired."""
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
    """The signature under a text."""
    return encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())


def is_signed(secret: bytes, text: str, shown: str) -> bool:
    """Whether that is the signature under the text; both are ASCII."""
    return hmac.compare_digest(shown, signature(secret, text))


def encode(content: bytes) -> str:
    """The content as URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
