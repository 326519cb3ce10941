"""Whether a change that was read from a file is one that beamctl itself plans for people: it says of whom it is, and is
about nobody else; it takes nothing in a stage that gives. It must not know whether the change is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from beamctl.model.email import fault, folded
from beamctl.model.role import Role, live_role, takes_away
from beamctl.plan.change import OF_SECRETS, Action, Change, Stage

_STANDINGS = frozenset({"accepted", "invited", "expired"})
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
"""Whether there is somebody before, and after."""


def is_sound(change: Change) -> bool:
    """Whether beamctl itself could have planned this."""
    if change.stage not in _STAGES.get(change.action, ()) or change.attribute != "role" or change.reason in OF_SECRETS:
        return False
    if _SIDES[change.action] != (change.before is not None, change.after is not None):
        return False
    if fault(change.name) or change.key != folded(change.name):
        return False
    if "until" in change.declared and not _is_day(change.declared["until"]):
        return False
    sides = (side for side in (change.before, change.after) if side is not None)
    return all(_is_person(side, change.key) for side in sides) and _is_in_its_stage(change)


def _is_person(side: Mapping[str, Any], key: str) -> bool:
    match side:
        case {"email": str(email), "role": str(), "standing": str(standing), "source": str()}:
            return folded(email) == key and standing in _STANDINGS
        case _:
            return False


def _is_in_its_stage(change: Change) -> bool:
    if change.after is None:
        return True
    if change.after["role"] not in set(Role):
        return False
    role = Role(change.after["role"])
    lowers = change.before is not None and role is not Role.ADMIN and takes_away(live_role(change.before["role"]), role)
    return change.action is not Action.SET_ROLE or lowers is change.takes


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
