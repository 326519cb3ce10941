"""Changes to people: set a role, remove, revoke. Invitations are in `invitation`."""

from __future__ import annotations

from functools import partial

from beamctl.kinds.member.invitation import gone, invite, invite_again, is_set, look_up, path_of, put_role, too_much
from beamctl.kinds.member.live import Person
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
from beamctl.model.api_call import NoResponse, Response
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.model.identity import Role
from beamctl.plan.change import Action, Change
from beamctl.plan.kind import Operation, Outcome

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
