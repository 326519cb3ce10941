"""Keys, secrets, signed tokens and links. Only digests of keys are stored; no key is ever logged or in an error.

itsdangerous signs the JWTs; PyJWT would be one more dependency.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import string
import uuid
from datetime import datetime, timedelta
from enum import StrEnum

from itsdangerous import BadSignature, Signer, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode

_KEY_ALPHABET = string.ascii_lowercase + string.digits
_SECRET_ALPHABET = string.ascii_uppercase + string.digits
_LENGTH = 32
_USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""As RFC 8628 recommends: without vowels, it spells no words; without digits, no characters look alike."""
_USER_CODE_HALF = 4
ACCESS_LIFETIME = timedelta(hours=2)
"""Lifetime of an access token (documented)."""


def new_api_key() -> str:
    """An API key in the format seen in real keys: `bl_` and 32 lowercase letters and digits."""
    return "bl_" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(_LENGTH))


def new_client_secret() -> str:
    """A client secret: 32 uppercase letters and digits."""
    return "".join(secrets.choice(_SECRET_ALPHABET) for _ in range(_LENGTH))


def new_identifier() -> str:
    """An ID for a person, service account, workspace or invitation."""
    return str(uuid.uuid4())


def new_device_code() -> str:
    """The code with which a device polls for approval: 43 letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(32)


def new_user_code() -> str:
    """The code that a person enters to approve a login, such as `WDJB-MJHT`."""
    first, second = ("".join(secrets.choice(_USER_CODE_ALPHABET) for _ in range(_USER_CODE_HALF)) for _ in range(2))
    return f"{first}-{second}"


def user_code_digest(typed: str) -> str:
    """The digest of a user code as typed, in any case, with or without the hyphen."""
    return digest("".join(letter for letter in typed.upper() if letter in _USER_CODE_ALPHABET))


def digest(secret: str) -> str:
    """The SHA-256 of a secret; the secret itself is not stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


class TokenUse(StrEnum):
    """The use of a token: the `typ` of its header."""

    ACCESS = "at+jwt"
    REFRESH = "rt+jwt"
    SIGN_IN = "sign-in+jwt"
    SESSION = "session+jwt"
    DRIVE = "drive+jwt"


TOKEN_LIFETIMES = {
    TokenUse.ACCESS: ACCESS_LIFETIME,
    TokenUse.SIGN_IN: timedelta(minutes=15),
    TokenUse.SESSION: timedelta(hours=12),
    TokenUse.DRIVE: timedelta(hours=1),
}
"""Lifetimes by use; other tokens do not expire."""


def issue_token(secret: bytes, subject: str, use: TokenUse, moment: datetime) -> str:
    """Return a signed token for `subject`: a JWT with HMAC-SHA-256."""
    issued = int(moment.timestamp())
    claims: dict[str, object] = {"iat": issued, "sub": subject}
    if use in TOKEN_LIFETIMES:
        claims["exp"] = issued + int(TOKEN_LIFETIMES[use].total_seconds())
    return _signer(secret).sign(_encoded(_header(use)) + b"." + _encoded(claims)).decode()


def token_subject(secret: bytes, token: str, use: TokenUse, moment: datetime) -> str | None:
    """The subject of a token; None if it is not ours, is for another use, or has expired."""
    try:
        header, _, claims = _signer(secret).unsign(token).partition(b".")
    except BadSignature:
        return None
    if header != _encoded(_header(use)):
        return None
    content = json.loads(base64_decode(claims))
    if use in TOKEN_LIFETIMES and content["exp"] <= moment.timestamp():
        return None
    return str(content["sub"])


def invitation_link(public_url: str, secret: bytes, invitation_id: str) -> str:
    """The link to an invitation, `…/invitation/<id>/<key>`. It works as long as the invitation exists."""
    return f"{public_url}/invitation/{invitation_id}/{_invitation_key(secret, invitation_id)}"


def opens_invitation(secret: bytes, invitation_id: str, key: str) -> bool:
    """Whether `key` belongs to the link of this invitation, which need not exist."""
    return hmac.compare_digest(key.encode(), _invitation_key(secret, invitation_id).encode())


def sign_in_link(public_url: str, secret: bytes, email: str, moment: datetime) -> str:
    """The sign-in link for an address, `…/sign-in/<token>`, valid for 15 minutes."""
    return f"{public_url}/sign-in/{issue_token(secret, email, TokenUse.SIGN_IN, moment)}"


def sign_in_address(secret: bytes, shown: str, moment: datetime) -> str | None:
    """The address that a sign-in token is for; None if it is invalid or has expired."""
    return token_subject(secret, shown, TokenUse.SIGN_IN, moment)


def form_key(secret: bytes, nonce: str, session: str) -> str:
    """The key of the forms of one browser and session."""
    return _signer(secret).get_signature(f"form:{nonce}:{session}").decode()


def serializer(secret: bytes, purpose: str) -> URLSafeSerializer:
    """The serializer of signed JSON for one purpose, such as a cursor."""
    return URLSafeSerializer(secret, salt=purpose, signer_kwargs={"digest_method": hashlib.sha256})


def _signer(secret: bytes) -> Signer:
    """The signer of JWTs with HS256."""
    return Signer(secret, key_derivation="none", digest_method=hashlib.sha256)


def _header(use: TokenUse) -> dict[str, object]:
    return {"alg": "HS256", "typ": use.value}


def _encoded(content: dict[str, object]) -> bytes:
    return base64_encode(json.dumps(content))


def _invitation_key(secret: bytes, invitation_id: str) -> str:
    """The signature in a link. Tokens contain no spaces, so the signature of a token is never a valid key."""
    return _signer(secret).get_signature(f"link to invitation {invitation_id}").decode()
