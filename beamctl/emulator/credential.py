"""Generates keys and secrets, and the digests that are stored instead. No key is ever stored, logged or in an error."""

from __future__ import annotations

import hashlib
import secrets
import string
import uuid

_KEY_ALPHABET = string.ascii_lowercase + string.digits
_SECRET_ALPHABET = string.ascii_uppercase + string.digits
_LENGTH = 32
_USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels and no digits, as RFC 8628 recommends: no words, no look-alikes."""
_USER_CODE_HALF = 4


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
