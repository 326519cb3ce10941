"""The identity that beamctl runs as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """What a credential says about its owner; every field may be empty.

    Attributes:
        sub: Id of the person or service account, from a token (not verified: for display and guards only).
        email: E-mail of the person, from a token (as above).
        client_id: Client id of the service account.
    """

    sub: str = ""
    email: str = ""
    client_id: str = ""

    @property
    def name(self) -> str:
        """The name to display; empty if nothing is known."""
        return self.email or self.client_id or self.sub
