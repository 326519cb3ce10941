"""Whether a change to a person that was read from a file is one that beamctl would plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from beamctl.kinds.member.live import LONGEST_TEXT
from beamctl.model.email import fault, folded
from beamctl.model.identity import Role, live_role, takes_away
from beamctl.model.text import is_whole
from beamctl.plan.change import Action, Change, Stage

_SHOWN = frozenset({"email", "role", "standing", "source"})
_DECLARED = frozenset({"until", "reason", "owner"})
_ANY_DAY = "2000-01-01"
_BEFORE = {
    Action.RESEND: frozenset({"expired"}),
    Action.SET_ROLE: frozenset({"accepted", "invited"}),
    Action.REMOVE: frozenset({"accepted"}),
    Action.REVOKE: frozenset({"invited", "expired"}),
}
"""The standings each action applies to."""
_STAGES = {
    Action.INVITE: frozenset({Stage.INVITE}),
    Action.RESEND: frozenset({Stage.INVITE}),
    Action.SET_ROLE: frozenset({Stage.PROMOTE, Stage.DEMOTE, Stage.OURSELVES}),
    Action.REMOVE: frozenset({Stage.REMOVE, Stage.OURSELVES}),
    Action.REVOKE: frozenset({Stage.REVOKE, Stage.OURSELVES}),
}
_SIDES = {
    Action.INVITE: (False, True),
    Action.RESEND: (True, True),
    Action.SET_ROLE: (True, True),
    Action.REMOVE: (True, False),
    Action.REVOKE: (True, False),
}
"""Whether the person exists before, and after."""


def is_valid(change: Change) -> bool:
    """Whether beamctl itself could have planned this."""
    if change.stage not in _STAGES.get(change.action, ()) or change.attribute != "role":
        return False
    if _SIDES[change.action] != (change.before is not None, change.after is not None):
        return False
    if not _is_name(change) or change.key != folded(change.name) or change.serial_group or change.secrets:
        return False
    if not _DECLARED.issuperset(change.declared) or not _is_day(change.declared.get("until", _ANY_DAY)):
        return False
    before = change.before
    if before is not None and not (_is_person(before, change.name) and before["standing"] in _BEFORE[change.action]):
        return False
    return change.after is None or _leads_to(change, change.after)


def _is_name(change: Change) -> bool:
    """Whether this can be a person's address. A person to be removed may have an invalid address."""
    name = change.name
    if change.after is not None:
        return not fault(name)
    return bool(name.strip(".")) and is_whole(name) and len(name) <= LONGEST_TEXT


def _is_person(side: Mapping[str, Any], email: str) -> bool:
    texts = all(isinstance(text, str) for text in side.values())
    return texts and side.keys() == _SHOWN and side["email"] == email


def _leads_to(change: Change, after: Mapping[str, Any]) -> bool:
    """Whether the change sets a valid role and nothing else."""
    if after.get("role") not in set(Role):
        return False
    role = Role(after["role"])
    if change.action is not Action.SET_ROLE:
        return after == {"email": change.name, "role": role.value, "standing": "invited", "source": "invitation"}
    before = change.before or {}
    lowers = role is not Role.ADMIN and takes_away(live_role(before["role"]), role)
    return after == {**before, "role": role.value} and lowers is change.revokes_access


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
