"""Changes to people after the decision: as API calls, what they depend on, and how those of a run are undone.
Invitations are in `invitation`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from beamctl.kinds.member.decide import KIND, MemberDecider
from beamctl.kinds.member.desired import DesiredMember
from beamctl.kinds.member.invitation import gone, invite, invite_again, is_set, look_up, path_of, put_role, too_much
from beamctl.kinds.member.live import People, Person, attributes
from beamctl.kinds.member.rename import renamed
from beamctl.kinds.member.table import Standing
from beamctl.kinds.operations import (
    MISSING,
    PLAN,
    accepted,
    delete,
    done,
    failed,
    not_made,
    refusal,
    text_in,
    unseen,
)
from beamctl.kinds.settings.live import GROUPS, gives
from beamctl.kinds.settings.live import KIND as SETTINGS
from beamctl.model.api_call import NoResponse, Response
from beamctl.model.code import Code
from beamctl.model.email import fault
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Role, UnknownRole, live_role
from beamctl.plan.change import Action, Change, ChangeId, Dependency, Reason, Stage
from beamctl.plan.comparison import Note, UnchangedReason
from beamctl.plan.kind import Dependencies, Operation, Outcome, Quorum

_BAD_REQUEST = 400


def perform(change: Change) -> Operation[Outcome]:
    """Make a change to one person."""
    match change.action:
        case Action.INVITE | Action.RESEND:
            return invite(change)
        case Action.SET_ROLE:
            return _set_role(change)
        case Action.REMOVE | Action.REVOKE:
            return _remove(change)
        case _:
            raise AssertionError(f"a member has no change {change.action}")


def _set_role(change: Change) -> Operation[Outcome]:
    """Set a role. If the response does not confirm it, read it."""
    email, role = (change.after or {})["email"], Role((change.after or {})["role"])
    pending = (change.before or {}).get("standing") == "invited"  # the listing may not show a role then
    answer = yield put_role(email, role)
    if is_set(answer, email, role) and (pending or text_in(answer, "role")):
        return done()
    if isinstance(answer, Response) and not answer.ok and not pending and answer.status not in (MISSING, _BAD_REQUEST):
        return refusal(answer)
    there = yield from look_up(email)
    if not isinstance(there, Person):
        return unseen(answer, there) if there else gone(email)
    unset = isinstance(answer, Response) and (answer.refused or bool(text_in(answer, "role")))
    unset = unset or (not answer.ok and too_much(str(there.role), role))  # it could be accepted at any moment
    if not there.accepted and unset and there.role is not role:
        return (yield from invite_again(email, role, str(there.role), answer))
    return _role_seen(there, role, answer)


def _role_seen(there: Person, role: Role, answer: Response | NoResponse) -> Outcome:
    """The outcome if the role was not confirmed or was refused, given the current state."""
    shown_role = str(there.role)
    if there.role is role:
        return done()
    if isinstance(answer, Response) and answer.ok:
        claimed = text_in(answer, "role")
        remark = fact(Code.RETURNED_ANOTHER_ROLE, role=claimed, desired=role.value)
        return failed(remark, PLAN) if claimed else accepted(answer)
    if isinstance(answer, Response):
        return refusal(answer)
    return not_made(answer, shown_role) if shown_role else unseen(answer, NoResponse(fact=fact(Code.ROLE_NOT_SHOWN)))


def _remove(change: Change) -> Operation[Outcome]:
    """Remove or revoke."""
    email = (change.before or {})["email"]
    return delete(path_of(email), look_up(email), partial(refusal, hint=fact(Code.FIX_OR_SKIP)))


def dependencies(changes: Sequence[Change], quorum: Quorum) -> Dependencies:
    """See `Kind.dependencies`. The quorum are the admins that remain after the changes."""
    people = [change for change in changes if change.kind == KIND]
    quorum_keys = quorum.keys
    found: dict[ChangeId, list[Dependency]] = {change.id: [] for change in changes}
    for old, new in renamed(people):
        found[old.id].append(Dependency(KIND, (new.key,), 1))
    for change in filter(_maps_more_groups, changes):
        for loss in (each for each in people if each.revokes_access):
            found[loss.id].append(Dependency(change.kind, (change.key,), 1))
    promoted = tuple(change.key for change in people if change.key in quorum_keys and _makes_admin(change))
    losses = _admin_losses(people)
    missing = (
        quorum.at_least - (len(quorum_keys) - len(promoted)) - len(losses)
    )  # promotions needed before the first loss
    for number, change in enumerate(losses, 1):
        if missing + number > 0:
            found[change.id].append(Dependency(KIND, promoted, missing + number))
    for change in filter(_unmaps_groups, changes):  # even if none is needed, so that the listing is read again
        found[change.id].append(Dependency(KIND, promoted, max(0, missing + len(losses))))
    return {key: tuple(each) for key, each in found.items() if each}


def too_few_left(admins: frozenset[str], changes: Sequence[Change], quorum: Quorum) -> Mapping[ChangeId, Fact]:
    """See `Kind.too_few_left`.

    Args:
        admins: The accepted admins that the API shows now.
        changes: See `Kind.too_few_left`.
        quorum: See `Kind.too_few_left`.
    """
    losses = _admin_losses([change for change in changes if change.kind == KIND and change.key in admins])
    unmapping = [change for change in changes if _unmaps_groups(change)]
    present = admins.intersection(quorum.keys)
    certain = present.union(change.key for change in losses) if unmapping else admins
    why = fact(Code.NOT_YET_ADMINS, names=tuple(sorted({*quorum.keys} - admins)))
    held = [*losses[max(0, len(certain) - quorum.at_least) :], *(unmapping if len(present) < quorum.at_least else ())]
    return {change.id: why for change in held}


def _admin_losses(people: Sequence[Change]) -> list[Change]:
    """The changes that reduce an admin's access, most urgent first: removals, then demotions, and our own identity
    last."""
    losses = (change for change in people if change.revokes_access and _is_admin(change.before))
    return sorted(losses, key=lambda change: (change.stage is Stage.OURSELVES, change.after is not None))


def _unmaps_groups(change: Change) -> bool:
    """Whether a change reduces the roles of a directory group's people."""
    return _maps_groups(change) and change.revokes_access


def _maps_more_groups(change: Change) -> bool:
    """Whether a change gives a role to a directory group's people, whatever it takes from others."""
    return _maps_groups(change) and gives((change.before or {})[GROUPS], (change.after or {})[GROUPS])


def _maps_groups(change: Change) -> bool:
    return change.kind == SETTINGS and change.attribute == GROUPS


def _makes_admin(change: Change) -> bool:
    return change.after is not None and change.after["role"] == Role.ADMIN.value


def _is_admin(before: Mapping[str, Any] | None) -> bool:
    return before is not None and (before["role"], before["standing"]) == (Role.ADMIN.value, "accepted")


def undo(decider: MemberDecider, changes: Sequence[Change], live: People) -> None:
    """Decide about everyone whom a run changed. A note says what cannot be undone."""
    for change in changes:
        person = live.get(change.key)
        if _is_as_before(change, person):
            decider.tally[UnchangedReason.AS_BEFORE] += 1
        elif _restores(change) and (change.reason is Reason.LEFT or decider.has_left(change.key)):
            decider.notes.append(Note(fact(Code.HAS_LEFT, name=change.name)))
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
