"""Whether a change to a person that was read from a file could have been planned.

A module of its own: only saved plans and run records need it."""

from __future__ import annotations

from datetime import date

from beamctl.kinds.member.live import LONGEST_TEXT
from beamctl.model.email import fault, folded
from beamctl.model.identity import Role, live_role, reduces_access
from beamctl.model.text import is_whole
from beamctl.plan.change import Action, Change, Reason

_ANY_DAY = "2000-01-01"


def is_valid(change: Change) -> bool:
    """Whether its values belong together."""
    sides = [side for side in (change.before, change.after) if side is not None]
    if change.key != folded(change.name) or any(side["email"] != change.name for side in sides):
        return False
    if ("since" in change.declared) is not (change.reason is Reason.LEFT):
        return False
    days = (change.declared.get(name, _ANY_DAY) for name in ("until", "since"))
    return _is_name(change) and all(map(_is_day, days)) and _sets_only_role(change)


def _is_name(change: Change) -> bool:
    """Whether this can be a person's address. A person to be removed may have an invalid address."""
    name = change.name
    if change.after is not None:
        return not fault(name)
    return bool(name.strip(".")) and is_whole(name) and len(name) <= LONGEST_TEXT


def _sets_only_role(change: Change) -> bool:
    if change.action is not Action.SET_ROLE or change.before is None or change.after is None:
        return True
    role = Role(change.after["role"])
    lowers = role is not Role.ADMIN and reduces_access(live_role(change.before["role"]), role)
    return change.after == {**change.before, "role": role.value} and lowers is change.revokes_access


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
