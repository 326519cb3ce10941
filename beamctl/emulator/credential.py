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


def new_api_key() -> str:
    """An API key as they are seen in the wild: `bl_` and 32 small letters and digits."""
    return "bl_" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(_LENGTH))


def new_client_secret() -> str:
    """A client secret: 32 capital letters and digits."""
    return "".join(secrets.choice(_SECRET_ALPHABET) for _ in range(_LENGTH))


def new_identifier() -> str:
    """An identifier for a person, a service account, a workspace or an invitation."""
    return str(uuid.uuid4())


def digest(secret: str) -> str:
    """The SHA-256 of a secret, which is all that is kept of it."""
    return hashlib.sha256(secret.encode()).hexdigest()
