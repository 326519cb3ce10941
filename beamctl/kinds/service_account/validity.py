"""Whether a change to a service account that was read from a file is one that beamctl would plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beamctl.kinds.create_with_secret import says_where
from beamctl.kinds.creation_key import is_creation_key
from beamctl.kinds.service_account.decide import lowers, stage_of_orphan
from beamctl.kinds.service_account.desired import is_name
from beamctl.kinds.service_account.pending_marker import Description, description
from beamctl.model.identity import Role
from beamctl.plan.change import Action, Change, Reason, Stage

_ROLES = frozenset(role.value for role in Role)
_MADE = frozenset({"name", "role", "description"})
_SHOWN = _MADE | {"clientId", "unfinished"}


def is_valid(change: Change) -> bool:
    """Whether beamctl itself could have planned this."""
    before, after = change.before, change.after
    if not (_is_account(before, _SHOWN) if before is not None else True) or change.serial_group or change.declared:
        return False
    match change.action:
        case Action.CREATE if before is None and after is not None:
            return _is_creation(change, after)
        case Action.SET_ROLE | Action.UPDATE if before is not None and after is not None:
            return not change.secrets and _is_account(after, _SHOWN) and _is_update(change, before, after)
        case Action.DELETE if before is not None and after is None:
            return not change.secrets and _is_named(change, before) and _is_deletion(change, before)
        case _:
            return False


def _is_creation(change: Change, after: Mapping[str, Any]) -> bool:
    if not _is_account(after, _MADE) or after["role"] not in _ROLES or not is_name(after["name"]):
        return False
    if not _has_no_marker(after["description"]):
        return False
    if not says_where(change.secrets) or (change.stage, change.attribute) != (Stage.CREATE, "role"):
        return False
    reasons = (Reason.NOT_THERE, Reason.NOT_HANDED_OVER, Reason.UNDOES)
    return change.reason in reasons and is_creation_key(change.key, after["name"]) and change.name == after["name"]


def _is_update(change: Change, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    same = ("clientId", "unfinished")
    if change.key != before["clientId"] or any(before[key] != after[key] for key in same):
        return False
    differs = [key for key in ("role", "name", "description") if before[key] != after[key]]
    if not differs or change.attribute != differs[0] or change.name != after["name"]:
        return False
    if "description" in differs and not _has_no_marker(after["description"]):
        return False
    if change.attribute != "role":
        return (change.action, change.stage) == (Action.UPDATE, Stage.UPDATE)
    if change.action is not Action.SET_ROLE or after["role"] not in _ROLES:
        return False
    reduces = lowers(before["role"], after["role"])
    return change.stage in ((Stage.DEMOTE, Stage.OURSELVES) if reduces else (Stage.PROMOTE,))


def _has_no_marker(text: str) -> bool:
    """Whether a description has no marker, which would say that the account may be deleted."""
    return description(text) == Description(text)


def _is_deletion(change: Change, before: Mapping[str, Any]) -> bool:
    if change.key != before["clientId"] or change.attribute != "role":
        return False
    if change.reason is Reason.NOT_HANDED_OVER:
        stages = stage_of_orphan(before), Stage.DELETE, Stage.OURSELVES
        return bool(before["unfinished"]) and change.stage in stages
    return change.reason is not Reason.SUPERSEDED and change.stage in (Stage.DELETE, Stage.OURSELVES)


def _is_named(change: Change, before: Mapping[str, Any]) -> bool:
    return change.name in (before["name"], f"{before['name']} ({before['clientId']})")


def _is_account(side: Mapping[str, Any], keys: frozenset[str]) -> bool:
    return side.keys() == keys and all(isinstance(each, str) for each in side.values())
