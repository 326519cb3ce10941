"""Roles: the three the API documents or its clients know, and any other that a live workspace may show.
It must not know who has one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A role that a document can give. `viewer` exists in newer workspaces only."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class UnknownRole:
    """A role the API shows and beamctl does not know: shown as it is, never touched without being asked."""

    name: str

    def __str__(self) -> str:
        return self.name


LiveRole = Role | UnknownRole

_KNOWN = {role.value: role for role in Role}
_RANK = {Role.VIEWER: 1, Role.MEMBER: 2, Role.ADMIN: 3}


def live_role(name: str) -> LiveRole:
    """The role of that name as the API spells it; one that is not known is kept as it is."""
    return _KNOWN.get(name) or UnknownRole(name)


def takes_away(before: LiveRole, after: Role) -> bool:
    """Whether going from `before` to `after` may take a permission away.

    A role that is not known may hold any permission, so leaving it counts as taking away.
    """
    return isinstance(before, UnknownRole) or _RANK[after] < _RANK[before]
