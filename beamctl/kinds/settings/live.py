"""Settings as the API shows them and as a document would declare them; what a change to group mappings takes away."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.errors import GarbledError
from beamctl.kinds.operations import LATER
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Role, live_role, reduces_access
from beamctl.model.text import printable, unseen
from beamctl.plan.comparison import AdminGroups
from beamctl.plan.hazard import Hazard, Risk
from beamctl.plan.listing import Exported

KIND = "settings"
GROUPS = "groupMappings"
_SANDBOX = "sandbox"
KEYS = ("displayName", "labels", GROUPS, _SANDBOX)
_TYPES: Mapping[str, type] = {"displayName": str, "labels": dict, GROUPS: list, _SANDBOX: dict}
_RUNTIME = "runtime"
"""The API's object with the sandbox settings, and others that are not managed."""

Settings = Mapping[str, Any]
"""Every setting that can be declared, by name."""


def settings(payload: Any) -> Settings:  # noqa: ANN401 - validated here
    """Parse a workspace. Settings that the API omits are empty.

    Raises:
        GarbledError: The payload is not a workspace.
    """
    if not isinstance(payload, dict) or not isinstance(payload.get("name"), str):
        raise GarbledError("the API's response is not a workspace", LATER)
    runtime = payload.get(_RUNTIME)
    shown = {**payload, _SANDBOX: runtime.get(_SANDBOX) if isinstance(runtime, dict) else runtime}
    found = {key: shown.get(key) or kind() for key, kind in _TYPES.items()}
    for key, kind in _TYPES.items():
        if not isinstance(found[key], kind):
            raise GarbledError(f"the API shows {key} in an unknown format", LATER)
    if not all(map(_is_mapping, found[GROUPS])):
        raise GarbledError("the API shows a group mapping in an unknown format", LATER)
    return found


def with_setting(workspace: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """A workspace payload with a new value for one setting."""
    if name != _SANDBOX:
        return {**workspace, name: value}
    runtime = workspace.get(_RUNTIME)
    return {**workspace, _RUNTIME: {**(runtime if isinstance(runtime, dict) else {}), _SANDBOX: value}}


def key_of(name: str) -> str:
    """Sorts settings in display order."""
    return f"{KEYS.index(name)} {name}"


def normal(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value in normal form: the order of group mappings does not matter."""
    if name == GROUPS:
        return sorted((str(each.get("groupName")), str(each.get("role"))) for each in value if isinstance(each, dict))
    return value


def digest(live: Settings) -> str:
    """A fingerprint of all settings."""
    comparable = {name: normal(name, value) for name, value in live.items()}
    return hashlib.sha256(json.dumps(comparable, sort_keys=True).encode()).hexdigest()


def _is_mapping(each: object) -> bool:
    return isinstance(each, dict) and isinstance(each.get("groupName"), str) and isinstance(each.get("role"), str)


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
        if group not in had or (isinstance(less, Role) and reduces_access(live_role(role), less)):
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
    return {group: role for group, role in now if group not in roles or reduces_access(live_role(role), roles[group])}


def _is_admin(role: str) -> bool:
    return role == Role.ADMIN.value


_LONGEST_NAME = 63
"""Maximum length of a display name, as in the schema."""
_UNSEEN = fact(Code.INVISIBLE_IN_NAME)


def export(live: Settings) -> Exported:
    """Every setting that is not empty."""
    whys = {name: _why_not(name, value) for name, value in live.items() if value}
    return Exported(
        entries={name: live[name] for name, why in whys.items() if not why},
        left_out={name: why for name, why in whys.items() if why},
    )


def _why_not(name: str, value: Any) -> Fact | None:  # noqa: ANN401 - a setting
    """Why a document cannot express it, to follow the name; None if it can."""
    match name:
        case "displayName":
            return fact(Code.TOO_LONG) if len(value) > _LONGEST_NAME else None
        case "labels":
            if any(map(unseen, value)):
                return _UNSEEN
            return None if all(isinstance(text, str) for text in value.values()) else fact(Code.VALUE_NOT_STRING)
        case str() if name == GROUPS:
            return _groups(value)
        case str() if name == _SANDBOX:
            known = value.keys() == {"disableProcessLogging"} and isinstance(value["disableProcessLogging"], bool)
            return None if known else fact(Code.HAS_UNKNOWN_SETTING)
        case _:
            raise AssertionError(f"there is no setting {name}")


def _groups(mappings: list[Any]) -> Fact | None:
    if unknown := [each for each in mappings if not can_be_given(GROUPS, [each])]:
        return fact(Code.HAS_UNKNOWN_ROLE, role=str(unknown[0].get("role", "")))
    names = [each["groupName"] for each in mappings]
    if any(map(unseen, names)):
        return _UNSEEN
    whole = all(each.keys() == {"groupName", "role"} and each["groupName"] for each in mappings)
    return None if whole and len(set(names)) == len(names) else fact(Code.MAPPING_NOT_EXPRESSIBLE)
