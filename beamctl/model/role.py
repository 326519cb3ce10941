"""Roles: the three known ones, and any other that a live workspace may show."""

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


def takes_away(before: LiveRole, after: Role) -> bool:
    """Whether changing from `before` to `after` may revoke a permission.

    An unknown role may hold any permission, so leaving it counts.
    """
    return isinstance(before, UnknownRole) or _RANK[after] < _RANK[before]
