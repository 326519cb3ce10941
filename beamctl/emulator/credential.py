"""Keys and secrets: how they are made, and the digest by which they are kept. It must not know whose they are. No key
is ever stored, logged or put into an error."""

from __future__ import annotations

import hashlib
import secrets
import string
import uuid

_KEY_ALPHABET = string.ascii_lowercase + string.digits
_SECRET_ALPHABET = string.ascii_uppercase + string.digits
_LENGTH = 32
_USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels and no digits, as RFC 8628 advises: no words, nothing that looks like something else."""
_USER_CODE_HALF = 4


def new_api_key() -> str:
    """An API key as they are seen in the wild: `bl_` and 32 small letters and digits."""
    return "bl_" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(_LENGTH))


def new_client_secret() -> str:
    """A client secret: 32 capital letters and digits."""
    return "".join(secrets.choice(_SECRET_ALPHABET) for _ in range(_LENGTH))


def new_identifier() -> str:
    """An identifier for a person, a service account, a workspace or an invitation."""
    return str(uuid.uuid4())


def new_device_code() -> str:
    """The code by which a device asks again whether its login was approved: 43 letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(32)


def new_user_code() -> str:
    """The code that a person compares or types to approve a login, such as `WDJB-MJHT`."""
    first, second = ("".join(secrets.choice(_USER_CODE_ALPHABET) for _ in range(_USER_CODE_HALF)) for _ in range(2))
    return f"{first}-{second}"


def user_code_digest(typed: str) -> str:
    """The digest of a user code as a person typed it: whatever its case, with or without the hyphen."""
    return digest("".join(letter for letter in typed.upper() if letter in _USER_CODE_ALPHABET))


def digest(secret: str) -> str:
    """The SHA-256 of a secret, which is all that is kept of it."""
    return hashlib.sha256(secret.encode()).hexdigest()
