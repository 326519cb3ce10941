"""Group mappings give people their roles: what a change of them takes away. It must not know how one is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from beamctl.kinds.settings.live import GROUPS, normal
from beamctl.model.role import Role, live_role, takes_away
from beamctl.model.text import printable

_ROLES = frozenset(role.value for role in Role)


def unmapped_admins(before: Sequence[Any], after: Sequence[Any] | None) -> list[str]:
    """Groups whose people are admins by their group, and would no longer be."""
    if after is None:
        return []
    return [printable(group) for group in sorted(_admins(before) - _admins(after))]


def takes(name: str, before: Any, after: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether a change of a setting takes something from somebody: a group that is no longer mapped, or to less."""
    if name != GROUPS:
        return False
    roles = {each["groupName"]: Role(each["role"]) for each in after}
    return any(group not in roles or takes_away(live_role(role), roles[group]) for group, role in normal(name, before))


def can_be_given(name: str, value: Any) -> bool:  # noqa: ANN401 - a setting
    """Whether no role in it is one that beamctl does not know."""
    return name != GROUPS or all(each["role"] in _ROLES for each in value)


def _admins(mappings: Sequence[Any]) -> set[str]:
    return {group for group, role in normal(GROUPS, mappings) if role == Role.ADMIN.value}
