"""The keys that loading a seed makes up and tells once. It must not know how they are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class KeyKind(StrEnum):
    """What a made-up key is."""

    PERSONAL = "personal API key"
    SERVICE_ACCOUNT = "service account API key"
    CLIENT_CREDENTIALS = "client credentials"
    """`client_id:client_secret`, for `POST /oauth/token`."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key that the seed did not give.

    Attributes:
        who: A person's e-mail address, or `workspace/name` of a service account.
        key: The key itself; no `repr` shows it.
        kind: What it is.
    """

    who: str
    key: str = field(repr=False)
    kind: KeyKind
