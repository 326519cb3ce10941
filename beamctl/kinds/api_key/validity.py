"""Whether a change to an API key that was read from a file is one that beamctl would plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beamctl.document.scalars import duration
from beamctl.kinds.api_key.decide import EXPIRES_IN, KIND, title
from beamctl.kinds.api_key.live import NEVER
from beamctl.kinds.create_with_secret import says_where
from beamctl.kinds.creation_key import is_creation_key
from beamctl.kinds.service_account.desired import LONGEST, is_name
from beamctl.plan.change import Action, Change, Reason, Stage

_MADE = frozenset({"account", "name", EXPIRES_IN, "clientId"})
_SHOWN = _MADE | {"createdAt", "id", "unfinished"}


def is_valid(change: Change) -> bool:
    """Whether beamctl itself could have planned this."""
    before, after = change.before, change.after
    if change.attribute != EXPIRES_IN or change.declared:
        return False
    if before is not None and not (_has(before, _SHOWN) and change.key == before["id"]):
        return False
    match change.action:
        case Action.CREATE if before is None and after is not None:
            return _is_creation(change, after)
        case Action.DELETE if before is not None and after is None:
            return not change.secrets and not change.serial_group and _is_deletion(change, before)
        case _:
            return False


def _is_creation(change: Change, after: Mapping[str, Any]) -> bool:
    if not _has(after, _MADE) or not is_name(after["account"]) or not is_name(after["name"]):
        return False
    lives = duration(after[EXPIRES_IN])
    if after[EXPIRES_IN] != NEVER and (lives is None or lives > LONGEST):
        return False
    if change.stage is not Stage.CREATE_WITHIN or change.name != title(after["account"], after["name"]):
        return False
    if after["clientId"] == after["account"]:
        return False
    label = after["clientId"] or after["account"]
    serial_group = change.serial_group == f"{KIND} {label}"
    return serial_group and is_creation_key(change.key, f"{label} / {after['name']}") and says_where(change.secrets)


def _is_deletion(change: Change, before: Mapping[str, Any]) -> bool:
    if change.name != title(before["account"], before["name"], before["id"]):
        return False
    if change.reason is Reason.NOT_HANDED_OVER and not (change.depends_on and before["unfinished"]):
        return False
    if change.reason in (Reason.SUPERSEDED, Reason.NOT_HANDED_OVER):
        return change.stage in (Stage.UPDATE, Stage.OURSELVES)
    return change.reason is Reason.NOT_DECLARED and change.stage in (Stage.DELETE, Stage.OURSELVES)


def _has(side: Mapping[str, Any], keys: frozenset[str]) -> bool:
    return side.keys() == keys and all(isinstance(each, str) for each in side.values())
