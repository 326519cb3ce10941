"""Sends invitations and checks their roles. How the API treats `role` on an invitation is not documented: the returned
role is compared and, if it differs, corrected with `PUT` or by inviting again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from beamctl.kinds.member.live import Person, people
from beamctl.kinds.member.table import Standing
from beamctl.kinds.operations import (
    APPLY,
    MISSING,
    PLAN,
    accepted,
    done,
    failed,
    is_gone,
    look,
    not_made,
    refusal,
    refused,
    text_in,
    unseen,
)
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, cause, segment
from beamctl.model.code import Code
from beamctl.model.email import folded
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Role, live_role, reduces_access
from beamctl.plan.change import Change
from beamctl.plan.kind import Operation, Outcome, Status

LISTING = "/users"
_CONFLICT = 409
_MOST_INVITATIONS = 3
_MOST_REVOCATIONS = 2
_AGAIN = fact(Code.INVITED_ANEW)


def withdrawal(change: Change, shows: Mapping[str, Any] | None) -> Operation[Outcome] | None:
    """The revocation of an invitation that this change sent or changed, if it grants more than requested."""
    if shows is None or change.after is None or shows["standing"] != "invited":
        return None
    role = Role(change.after["role"])
    return _withdraw(change.after["email"], shows["role"], role) if too_much(shows["role"], role) else None


def invite(change: Change) -> Operation[Outcome]:
    """Send an invitation, or resend an expired one; never a second one while the first may exist."""
    email, role = (change.after or {})["email"], Role((change.after or {})["role"])
    lost = False
    for attempt in range(_MOST_INVITATIONS):
        answer = yield _invitation(email, role)
        lost = lost or isinstance(answer, NoResponse)
        if isinstance(answer, Response) and answer.status != _CONFLICT:
            if not answer.ok:
                return replace(refusal(answer), gone=attempt > 0)
            if not _is_about(answer, email):
                return (yield from _look_after(email, role, answer))
            return (yield from _settle(email, role, text_in(answer, "role")))
        outcome = yield from _look_instead(email, role, answer)
        if outcome is not None:
            return outcome
    return _not_invited(email, answer, lost=lost)


def _not_invited(email: str, answer: Response | NoResponse, *, lost: bool) -> Outcome:
    """The outcome after the last attempt, if the API shows no one with that address. `lost` means that a response was
    lost."""
    if isinstance(answer, NoResponse):
        return not_made(answer)
    if lost:  # most likely our own invitation causes the conflict; a later read checks
        return accepted(answer)
    remark = fact(Code.REFUSED_AND_NOT_SHOWN, why=cause(answer), email=email)
    return replace(refusal(answer), remark=remark, gone=True)


def _look_instead(email: str, role: Role, answer: Response | NoResponse) -> Operation[Outcome | None]:
    """The response was lost, or the address exists: read instead of repeating. None means that an invitation can be
    sent."""
    there = yield from look_up(email)
    if isinstance(there, NoResponse):
        return unseen(answer, there)
    if there is None:
        return None
    if there.accepted:
        return _already_member(there, role)
    if there.standing is not Standing.EXPIRED:
        remark = fact(Code.ALREADY_INVITED) if isinstance(answer, Response) else None
        return (yield from _settle(email, role, str(there.role), remark))
    if isinstance(answer, Response):  # 409: the expired invitation blocks a new one
        revoked = yield ApiCall(Method.DELETE, path_of(email))
        if isinstance(revoked, Response) and not (revoked.ok or revoked.status == MISSING):
            return refusal(revoked)
    return None


def _look_after(email: str, role: Role, answer: Response) -> Operation[Outcome]:
    """The API accepted the invitation, but its response names another address. It is not sent again."""
    there = yield from look_up(email)
    if isinstance(there, NoResponse):
        return unseen(answer, there)
    if there is not None and there.standing is not Standing.EXPIRED:
        return _already_member(there, role) if there.accepted else (yield from _settle(email, role, str(there.role)))
    echoed = text_in(answer, "email")
    if not echoed or folded(echoed) == folded(email):
        return accepted(answer)
    remark = fact(Code.INVITATION_OF_ANOTHER, returned=echoed, email=email)
    return failed(remark, fact(Code.USE_RETURNED_ADDRESS, returned=echoed))


def _already_member(there: Person, role: Role) -> Outcome:
    """Someone added the person in the meantime. Demoting a member is not what was approved."""
    if there.role is role:
        return done(fact(Code.ALREADY_MEMBER))
    return failed(fact(Code.ALREADY_MEMBER_AS, role=str(there.role)), PLAN)


def _settle(email: str, role: Role, shown_role: str, remark: Fact | None = None) -> Operation[Outcome]:
    """The invitation exists: check its role."""
    if shown_role == role.value:
        return done(remark)
    if too_much(shown_role, role):  # it may be a membership instead
        there = yield from look_up(email)
        if isinstance(there, Person) and there.accepted:
            return _already_member(there, role)
    answer = yield put_role(email, role)
    if is_set(answer, email, role):
        return done(remark)
    there = yield from look_up(email)
    if isinstance(there, Person):
        return (yield from _as_seen(there, role, remark))
    if isinstance(there, NoResponse) and isinstance(answer, Response):
        return (yield from _as_invited(email, shown_role, role, remark))
    return unseen(answer, there) if there else gone(email)


def _as_seen(there: Person, role: Role, remark: Fact | None) -> Operation[Outcome]:
    """The invitation exists, or was accepted in the meantime."""
    if there.accepted:
        return _already_member(there, role)
    return (yield from _as_invited(there.email, str(there.role), role, remark))


def _as_invited(email: str, shown_role: str, role: Role, remark: Fact | None) -> Operation[Outcome]:
    """The role of the invitation is final: check whether it is acceptable."""
    if shown_role == role.value:
        return done(remark)
    if too_much(shown_role, role):
        return (yield from _withdraw(email, shown_role, role))
    how = remark or fact(Code.INVITED)
    if shown_role:
        return Outcome(Status.DEFERRED, fact(Code.ROLE_DEFERRED, how=how, role=shown_role, desired=role.value))
    return done(fact(Code.ROLE_NOT_SHOWN_YET, how=how, desired=role.value))


def _withdraw(email: str, shown_role: str, role: Role) -> Operation[Outcome]:
    """Revoke an invitation that grants too much, because it could be accepted at any moment."""
    grants = fact(Code.GRANTS_TOO_MUCH, role=shown_role, desired=role.value)
    for _ in range(_MOST_REVOCATIONS):
        answer = yield ApiCall(Method.DELETE, path_of(email))
        if is_gone(answer):
            hint = fact(Code.ASK_HOW_TO_INVITE, role=role.value)
            return replace(failed(fact(Code.REVOKED, why=grants), hint), gone=True, withdrawn=True)
    return failed(fact(Code.NOT_REVOKED, why=grants, detail=cause(answer)), fact(Code.REVOKE_IN_CONSOLE))


def invite_again(email: str, role: Role, shown_role: str, answer: Response | NoResponse) -> Operation[Outcome]:
    """The API does not change the role of this invitation: revoke it and send one with the right role."""
    revoked = yield ApiCall(Method.DELETE, path_of(email))
    if not is_gone(revoked):
        still = fact(Code.STILL_GRANTS, role=shown_role, desired=role.value, detail=cause(answer))
        outcome = failed(fact(Code.NOT_REVOKED, why=still, detail=cause(revoked)))
        return outcome if isinstance(revoked, NoResponse) else refused(outcome, answer)
    sent = yield _invitation(email, role)
    if isinstance(sent, Response) and not sent.ok and sent.status != _CONFLICT:
        return replace(failed(fact(Code.REVOKED_NOT_SENT, detail=cause(sent)), APPLY), gone=True)
    if _is_about(sent, email) and (shown_role := text_in(sent, "role")):
        return (yield from _as_invited(email, shown_role, role, _AGAIN))
    there = yield from look_up(email)
    if not isinstance(there, Person):
        return replace(unseen(sent, there or NoResponse(fact=fact(Code.NOT_SHOWN))), gone=there is None)
    return (yield from _as_seen(there, role, _AGAIN))


def look_up(email: str) -> Operation[Person | NoResponse | None]:
    """The person as the API shows them now, or None. An empty listing counts as unknown."""
    members = yield from look(LISTING, people)
    if isinstance(members, NoResponse):
        return members
    return members.get(folded(email)) if members else NoResponse(fact=fact(Code.LISTING_EMPTY, section="members"))


def too_much(shown_role: str, role: Role) -> bool:
    """Whether an invitation grants more than requested."""
    return bool(shown_role) and reduces_access(live_role(shown_role), role)


def _is_about(answer: Response | NoResponse, email: str) -> bool:
    """Whether a response confirms a change to this person and does not name another one."""
    return answer.certain and folded(text_in(answer, "email") or email) == folded(email)


def gone(email: str) -> Outcome:
    """The API does not show anyone with that address."""
    return failed(fact(Code.NO_LONGER_SHOWN, name=email), PLAN)


def is_set(answer: Response | NoResponse, email: str, role: Role) -> bool:
    """Whether a response confirms that this person has the role. A response without a role is accepted."""
    return _is_about(answer, email) and text_in(answer, "role") in ("", role.value)


def put_role(email: str, role: Role) -> ApiCall:
    """The call that sets a role."""
    return ApiCall(Method.PUT, path_of(email), {"role": role.value})


def path_of(email: str) -> str:
    """The path of one person."""
    return f"{LISTING}/{segment(email)}"


def _invitation(email: str, role: Role) -> ApiCall:
    return ApiCall(Method.POST, LISTING, {"email": email, "role": role.value})
