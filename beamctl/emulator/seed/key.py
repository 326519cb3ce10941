"""Keys that are generated while a seed is loaded, and shown once."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class KeyKind(StrEnum):
    """The kind of a generated key."""

    PERSONAL = "personal API key"
    SERVICE_ACCOUNT = "service account API key"
    CLIENT_CREDENTIALS = "client credentials"
    """`client_id:client_secret`, for `POST /oauth/token`."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A generated key.

    Attributes:
        who: A person's e-mail address, or `workspace/name` of a service account.
        key: The key itself; not in the `repr`.
        kind: Its kind.
    """

    who: str
    key: str = field(repr=False)
    kind: KeyKind
