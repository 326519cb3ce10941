"""Who beamctl runs as, as far as the credential tells. It must not know how a credential is kept or sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """What a credential says of its owner; every field may be empty.

    Attributes:
        sub: The API's id of a person or a service account, from a token (not verified: for display and guards only).
        email: Of a person, from a token (as above).
        client_id: Of a service account.
    """

    sub: str = ""
    email: str = ""
    client_id: str = ""

    @property
    def name(self) -> str:
        """What people know it by; empty where nothing tells."""
        return self.email or self.client_id or self.sub
