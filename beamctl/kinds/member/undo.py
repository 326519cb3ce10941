"""Undoing what a run did to people: as they were before is what is wanted now, and the same table decides. What is no
longer as the run left it is left alone. It must not know which run it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from beamctl.kinds.member.decide import MemberDecider
from beamctl.kinds.member.desired import DesiredMember
from beamctl.kinds.member.live import People, Person, attributes
from beamctl.kinds.member.table import Standing
from beamctl.model.email import fault
from beamctl.model.role import Role, UnknownRole, live_role
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.comparison import Note


def undo(judge: MemberDecider, changes: Sequence[Change], live: People) -> None:
    """Have the judge decide about everybody whom a run changed; what cannot be undone is noted."""
    for change in changes:
        person = live.get(change.key)
        if _is_as_before(change, person):
            judge.tally["as before already"] += 1
        elif why_not := _why_not(change, person):
            judge.notes.append(Note(f"{change.name} {why_not}"))
        else:
            _take_back(judge, change, person)
    judge.changes[:] = [replace(each, reason=Reason.UNDOES, place=None) for each in judge.changes]


def _take_back(judge: MemberDecider, change: Change, person: Person | None) -> None:
    count = len(judge.changes)
    judge.person(change.key, _before(change), person)
    if len(judge.changes) == count:  # skipped
        return
    if change.action is Action.REMOVE:
        judge.notes.append(Note(f"{change.name} comes back only as an invitee, with access once they accept"))
    if change.before is None and person is not None and person.accepted:
        judge.notes.append(Note(f"{change.name} has accepted the invitation since, and would lose access"))


def _why_not(change: Change, person: Person | None) -> str:
    """Why a change is not undone, to go on after the name; empty where it is."""
    if not _is_as_left(change, person):
        return "is no longer as that run left them, and is left alone"
    before = change.before or {}
    if change.after is None and before.get("standing") == "expired":
        return "had an invitation that had expired: there is nothing to give back"
    if change.after is None and fault(change.name):
        return "has an address that is not valid, and is not invited again"
    if _restores(change) and isinstance(live_role(before["role"]), UnknownRole):
        role = (
            f"the role '{before['role']}', which beamctl cannot give"
            if before["role"]
            else "a role that the API did not show"
        )
        return f"had {role}: give it in the console"
    return ""


def _is_as_before(change: Change, person: Person | None) -> bool:
    if change.before is None or person is None:
        return change.before is None and person is None
    now = attributes(person)
    return all(now[name] == change.before[name] for name in ("role", "standing"))


def _is_as_left(change: Change, person: Person | None) -> bool:
    if change.after is None or person is None:
        return change.after is None and person is None
    if not _restores(change) and person.standing in (Standing.INVITED, Standing.EXPIRED):
        return True  # what was sent is still open, whichever role the API gave it
    return str(person.role) in (change.after["role"], "")  # some APIs do not tell the role of an invitation


def _restores(change: Change) -> bool:
    """Whether there was somebody before: an invitation that was sent, or sent again, is taken back."""
    return change.action not in (Action.INVITE, Action.RESEND)


def _before(change: Change) -> DesiredMember | None:
    if not _restores(change) or change.before is None:
        return None
    return DesiredMember(change.before["email"], Role(change.before["role"]), None, {})
