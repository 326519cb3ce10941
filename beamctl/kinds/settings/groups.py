"""Group mappings give people their roles: what a change to them takes away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.kinds.settings.live import GROUPS, normal
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.model.identity import Role, live_role, takes_away
from beamctl.model.text import printable
from beamctl.plan.comparison import AdminGroups
from beamctl.plan.hazard import Hazard, Risk

_ROLES = frozenset(role.value for role in Role)


def hazards(before: Sequence[Any], after: Sequence[Any] | None) -> tuple[Hazard, ...]:
    """One hazard per group whose access is reduced. How many people it has is unknown."""
    names = {printable(group): role for group, role in _reduced(before, after).items()}
    return tuple(
        Hazard(
            Risk.UNMAPS_ADMINS if _is_admin(role) else Risk.UNMAPS_GROUP,
            name,
            fact(Code.GROUP_MAPPED, name=name, role=role),
        )
        for name, role in sorted(names.items())
    )


def admin_groups(before: Sequence[Any], after: Sequence[Any] | None) -> AdminGroups:
    """What happens to the groups that make people admins."""
    if not any(map(_is_admin, _reduced(before, after).values())):
        return AdminGroups.KEPT
    left = any(_is_admin(role) for _, role in normal(GROUPS, after))
    return AdminGroups.FEWER if left else AdminGroups.NONE


def revokes_access(name: str, before: Any, after: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether a change to a setting reduces access: a group is unmapped, or mapped to a lower role."""
    return name == GROUPS and bool(_reduced(before, after))


def gives(before: Sequence[Any], after: Sequence[Any]) -> bool:
    """Whether a change to group mappings grants access: a group is newly mapped, or mapped to a higher role."""
    had = {group: live_role(role) for group, role in normal(GROUPS, before)}
    for group, role in normal(GROUPS, after):
        less = had.get(group)
        if group not in had or (isinstance(less, Role) and takes_away(live_role(role), less)):
            return True
    return False


def can_be_given(name: str, value: Any) -> bool:  # noqa: ANN401 - a setting
    """Whether it contains only known roles."""
    return name != GROUPS or all(each["role"] in _ROLES for each in value)


def _reduced(before: Sequence[Any], after: Sequence[Any] | None) -> Mapping[str, str]:
    """Groups that would be unmapped or mapped to a lower role, with their current role (admin if there are several)."""
    if after is None:
        return {}
    roles = {each["groupName"]: Role(each["role"]) for each in after}
    now = sorted(normal(GROUPS, before), key=lambda each: _is_admin(each[1]))
    return {group: role for group, role in now if group not in roles or takes_away(live_role(role), roles[group])}


def _is_admin(role: str) -> bool:
    return role == Role.ADMIN.value
