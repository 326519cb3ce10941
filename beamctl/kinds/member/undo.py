"""Undoes what a run did to people, using the same decision table. People who changed since the run are left alone."""

from __future__ import annotations

from collections.abc import Sequence

from beamctl.kinds.member.decide import MemberDecider
from beamctl.kinds.member.desired import DesiredMember
from beamctl.kinds.member.live import People, Person, attributes
from beamctl.kinds.member.table import Standing
from beamctl.model.code import Code
from beamctl.model.email import fault
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Role, UnknownRole, live_role
from beamctl.plan.change import Action, Change
from beamctl.plan.comparison import Note, UnchangedReason


def undo(decider: MemberDecider, changes: Sequence[Change], live: People) -> None:
    """Decide about everyone whom a run changed. A note says what cannot be undone."""
    for change in changes:
        person = live.get(change.key)
        if _is_as_before(change, person):
            decider.tally[UnchangedReason.AS_BEFORE] += 1
        elif why_not := _why_not(change, person):
            decider.notes.append(Note(why_not))
        else:
            _revert(decider, change, person)
    decider.mark_as_undo()


def _revert(decider: MemberDecider, change: Change, person: Person | None) -> None:
    count = len(decider.changes)
    decider.person(change.key, _before(change), person)
    if len(decider.changes) == count:  # skipped
        return
    if change.action is Action.REMOVE:
        decider.notes.append(Note(fact(Code.INVITED_AGAIN, name=change.name)))
    if change.before is None and person is not None and person.accepted:
        decider.notes.append(Note(fact(Code.ACCEPTED_SINCE, name=change.name)))


def _why_not(change: Change, person: Person | None) -> Fact | None:
    """Why a change is not undone; None if it is."""
    if not _is_as_left(change, person):
        return fact(Code.CHANGED_SINCE_RUN, name=change.name)
    before = change.before or {}
    if change.after is None and before.get("standing") == "expired":
        return fact(Code.INVITATION_HAD_EXPIRED, name=change.name)
    if change.after is None and fault(change.name):
        return fact(Code.ADDRESS_INVALID, name=change.name)
    if _restores(change) and isinstance(live_role(before["role"]), UnknownRole):
        if before["role"]:
            return fact(Code.ROLE_CANNOT_BE_RESTORED, name=change.name, role=before["role"])
        return fact(Code.ROLE_WAS_NOT_SHOWN, name=change.name)
    return None


def _is_as_before(change: Change, person: Person | None) -> bool:
    if change.before is None or person is None:
        return change.before is None and person is None
    now = attributes(person)
    return all(now[name] == change.before[name] for name in ("role", "standing"))


def _is_as_left(change: Change, person: Person | None) -> bool:
    if change.after is None or person is None:
        return change.after is None and person is None
    if not _restores(change) and person.standing in (Standing.INVITED, Standing.EXPIRED):
        return True  # the invitation is still open, whatever role it has
    return str(person.role) in (change.after["role"], "")  # some APIs do not show the role of an invitation


def _restores(change: Change) -> bool:
    """Whether the person existed before. Otherwise an invitation is revoked."""
    return change.action not in (Action.INVITE, Action.RESEND)


def _before(change: Change) -> DesiredMember | None:
    if not _restores(change) or change.before is None:
        return None
    return DesiredMember(Role(change.before["role"]))
