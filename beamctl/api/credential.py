"""Credentials, as values that never show themselves, and how each is spelled where users keep it.
It must not know where a spelling was found, nor how a credential travels."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import assert_never

from beamctl.errors import UsageError

LONGEST = 16_384
"""Characters of a credential: far above any token, below what servers take as a header."""


@dataclass(frozen=True, slots=True)
class ApiKeyCredential:
    """A key of a person or a service account; sent with every request."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Of a service account: exchanged for a token that lives two hours.

    Attributes:
        id: The `client_id`; no secret.
        secret: The `client_secret`.
    """

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoginTokens:
    """What the official CLI keeps after a person logged in.

    Attributes:
        access: A token, probably expired by now; may be empty where there is `refresh`.
        refresh: What a new token is asked for with; may be empty.
        device_code: Sent along with `refresh` where the CLI kept it; may be empty.
    """

    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)
    device_code: str = field(default="", repr=False)


Credential = ApiKeyCredential | ClientCredentials | LoginTokens


def basic(credentials: ClientCredentials) -> str:
    """Client credentials as HTTP's Basic scheme spells them: base64 of `id:secret`."""
    return base64.b64encode(f"{credentials.id}:{credentials.secret}".encode()).decode()


def secrets_of(credential: Credential) -> tuple[str, ...]:
    """Every text that must never be shown."""
    match credential:
        case ApiKeyCredential(key):
            found: tuple[str, ...] = (key,)
        case ClientCredentials(_, secret):
            found = (secret, basic(credential))
        case LoginTokens(access, refresh, device_code):
            found = (access, refresh, device_code)
        case _:
            assert_never(credential)
    return tuple(text for text in found if text)


def api_key(value: str, origin: str) -> ApiKeyCredential:
    """The key spelled by `value`, which was found at `origin`.

    Raises:
        UsageError: No header can carry it. The message does not show it.
    """
    return ApiKeyCredential(checked(value, origin))


def client_credentials(value: str, origin: str) -> ClientCredentials:
    """The client credentials spelled by `value`: `id:secret`, or base64 of that.

    Raises:
        UsageError: It is neither. The message does not show it.
    """
    checked(value, origin)
    plain = value if ":" in value else _decoded(value)
    client_id, _, secret = plain.partition(":")
    if not client_id or not secret:
        raise UsageError(
            f"{origin} is neither `client_id:client_secret` nor base64 of that",
            "Encode it anew: printf '%s' \"$CLIENT_ID:$CLIENT_SECRET\" | base64 --wrap=0",
        )
    return ClientCredentials(checked(client_id, origin), checked(secret, origin))


def sendable(value: str) -> bool:
    """Whether a header can carry the text: visible ASCII, and not too much of it."""
    return value.isascii() and value.isprintable() and " " not in value and 0 < len(value) <= LONGEST


def checked(value: str, origin: str) -> str:
    """The value, if a header can carry it.

    Raises:
        UsageError: It cannot. The message does not show it.
    """
    if sendable(value):
        return value
    if not value or len(value) > LONGEST:
        raise UsageError(f"{origin} is {'longer than any' if value else 'an empty'} credential", "Set it anew.")
    raise UsageError(
        f"{origin} has white space, a line break or another character that no credential has",
        "Copy it again, without quotes, spaces or a line break around it.",
    )


def _decoded(value: str) -> str:
    try:
        padded = value + "=" * (-len(value) % 4)
        return base64.b64decode(padded, altchars=b"-_" if set("-_") & set(value) else None, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
