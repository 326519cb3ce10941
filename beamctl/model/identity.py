"""Roles, and the identity that beamctl runs as.

A module of its own: every layer uses these two."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A role that a document can assign. `viewer` exists in newer workspaces only."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class UnknownRole:
    """A role that beamctl does not know. It is shown as is, and changed only if the document asks for it."""

    name: str

    def __str__(self) -> str:
        return self.name


LiveRole = Role | UnknownRole

_KNOWN = {role.value: role for role in Role}
_RANK = {Role.VIEWER: 1, Role.MEMBER: 2, Role.ADMIN: 3}


def live_role(name: str) -> LiveRole:
    """The role with that API name; an unknown one is kept as is."""
    return _KNOWN.get(name) or UnknownRole(name)


def reduces_access(before: LiveRole, after: Role) -> bool:
    """Whether changing from `before` to `after` may revoke a permission.

    An unknown role may hold any permission, so leaving it counts.
    """
    return isinstance(before, UnknownRole) or _RANK[after] < _RANK[before]


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
