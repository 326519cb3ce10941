"""Sends invitations and sees to their roles. What the API does with `role` on an invitation is not documented: it is
sent, what comes back is compared, and corrected if it differs: with `PUT`, or by sending the invitation again."""

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
    Asking,
    Talk,
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
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, segment
from beamctl.model.email import folded
from beamctl.model.role import Role, live_role, takes_away
from beamctl.plan.change import Change
from beamctl.plan.kind import Outcome, Status

LISTING = "/users"
_CONFLICT = 409
_MOST_INVITATIONS = 3
_MOST_REVOCATIONS = 2
_LATER = "the first apply after the invitation is accepted makes them {role}"
_AGAIN = "revoked and invited again, with another e-mail"


def withdrawal(change: Change, shows: Mapping[str, Any] | None) -> Talk | None:
    """The revocation of an invitation that this change sent or changed, if it offers more than was asked for."""
    if shows is None or change.after is None or shows["standing"] != "invited":
        return None
    role = Role(change.after["role"])
    return _withdraw(change.after["email"], shows["role"], role) if too_much(shows["role"], role) else None


def invite(change: Change) -> Talk:
    """Send an invitation, or send an expired one again; never a second one while the first may be there."""
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
    """After the last attempt, and no one with that address is shown. `lost` means that any of the answers was."""
    if isinstance(answer, NoResponse):
        return not_made(answer)
    if lost:  # the one whose answer was lost is what is in the way, most likely: it is looked for at the end
        return accepted(answer)
    outcome = refusal(answer)
    return replace(outcome, remark=f"{outcome.remark}; it shows no member or invitation of {email}", gone=True)


def _look_instead(email: str, role: Role, answer: Response | NoResponse) -> Asking[Outcome | None]:
    """The answer was lost, or somebody is there already: look, do not repeat. None is: the way is free."""
    there = yield from look_up(email)
    if isinstance(there, NoResponse):
        return unseen(answer, there)
    if there is None:
        return None
    if there.accepted:
        return _in_already(there, role)
    if there.standing is not Standing.EXPIRED:
        remark = "is invited already" if isinstance(answer, Response) else ""
        return (yield from _settle(email, role, str(there.role), remark))
    if isinstance(answer, Response):  # 409: the expired invitation stands in the way
        revoked = yield ApiCall(Method.DELETE, path_of(email))
        if isinstance(revoked, Response) and not (revoked.ok or revoked.status == MISSING):
            return refusal(revoked)
    return None


def _look_after(email: str, role: Role, answer: Response) -> Talk:
    """The API accepted the invitation, but its answer is about another one. It is not sent again."""
    there = yield from look_up(email)
    if isinstance(there, NoResponse):
        return unseen(answer, there)
    if there is not None and there.standing is not Standing.EXPIRED:
        return _in_already(there, role) if there.accepted else (yield from _settle(email, role, str(there.role)))
    echoed = text_in(answer, "email")
    if not echoed or folded(echoed) == folded(email):
        return accepted(answer)
    hint = f"If {echoed} is the same person, write that address in the document. If not, revoke that invitation."
    return failed(f"the API answered with an invitation of {echoed}, not {email}", hint)


def _in_already(there: Person, role: Role) -> Outcome:
    """Somebody let the person in meanwhile: taking a role from a member is not what was approved."""
    if there.role is role:
        return done("is in already")
    return failed(f"is in already, as {there.role}", PLAN)


def _settle(email: str, role: Role, told: str, remark: str = "") -> Talk:
    """The invitation is there: see to its role."""
    if told == role.value:
        return done(remark)
    if too_much(told, role):  # is it an invitation at all?
        there = yield from look_up(email)
        if isinstance(there, Person) and there.accepted:
            return _in_already(there, role)
    answer = yield put_role(email, role)
    if is_set(answer, email, role):
        return done(remark)
    there = yield from look_up(email)
    if isinstance(there, Person):
        return (yield from _as_seen(there, role, remark))
    if isinstance(there, NoResponse) and isinstance(answer, Response):
        return (yield from _as_invited(email, told, role, remark))
    return unseen(answer, there) if there else gone(email)


def _as_seen(there: Person, role: Role, remark: str) -> Talk:
    """The invitation is there, or was accepted meanwhile."""
    if there.accepted:
        return _in_already(there, role)
    return (yield from _as_invited(there.email, str(there.role), role, remark))


def _as_invited(email: str, told: str, role: Role, remark: str) -> Talk:
    """The role of the invitation is what it is: does it matter?"""
    if told == role.value:
        return done(remark)
    if too_much(told, role):
        return (yield from _withdraw(email, told, role))
    if told:
        return Outcome(Status.DEFERRED, f"{remark or 'invited'} as {told}; {_LATER.format(role=role)}")
    return done(f"{remark or 'invited'}, in a role the API does not tell; {_LATER.format(role=role)}")


def _withdraw(email: str, told: str, role: Role) -> Talk:
    """Revoke an invitation that offers too much: it could be accepted at any moment."""
    offers = f"the invitation offers {told}, not {role.value}, and the API does not change that"
    for _ in range(_MOST_REVOCATIONS):
        answer = yield ApiCall(Method.DELETE, path_of(email))
        if is_gone(answer):
            hint = f"Ask the API's operator how to invite someone as {role.value}."
            return replace(failed(f"{offers}; it was revoked", hint), gone=True, withdrawn=True)
    return failed(f"{offers}; it could not be revoked: {answer.why}", "Revoke it in the console.")


def invite_again(email: str, role: Role, told: str, answer: Response | NoResponse) -> Talk:
    """The API does not change the role of this invitation: revoke it, and send one with the right role."""
    revoked = yield ApiCall(Method.DELETE, path_of(email))
    if not is_gone(revoked):
        still = f"the invitation still offers {told or 'a role the API does not tell'}, not {role.value}"
        outcome = failed(f"{still}: {answer.why}; it could not be revoked: {revoked.why}")
        return outcome if isinstance(revoked, NoResponse) else refused(outcome, answer)
    sent = yield _invitation(email, role)
    if isinstance(sent, Response) and not sent.ok and sent.status != _CONFLICT:
        remark = f"revoked, as its role could not be changed; not sent again: {sent.why}"
        return replace(failed(remark, APPLY), gone=True)
    if _is_about(sent, email) and (told := text_in(sent, "role")):
        return (yield from _as_invited(email, told, role, _AGAIN))
    there = yield from look_up(email)
    if not isinstance(there, Person):
        return replace(unseen(sent, there or NoResponse("the API does not show it")), gone=there is None)
    return (yield from _as_seen(there, role, _AGAIN))


def look_up(email: str) -> Asking[Person | NoResponse | None]:
    """The person as the API shows them now, or None; a listing of nobody is not believed."""
    everybody = yield from look(LISTING, people)
    if isinstance(everybody, NoResponse):
        return everybody
    return everybody.get(folded(email)) if everybody else NoResponse("the API shows no members at all")


def too_much(told: str, role: Role) -> bool:
    """Whether an invitation offers more than was asked for."""
    return bool(told) and takes_away(live_role(told), role)


def _is_about(answer: Response | NoResponse, email: str) -> bool:
    """Whether an answer says that a change to this person succeeded, and does not name another one."""
    return answer.certain and folded(text_in(answer, "email") or email) == folded(email)


def gone(email: str) -> Outcome:
    """No one with that address is shown."""
    return failed(f"the API does not show {email} any more", PLAN)


def is_set(answer: Response | NoResponse, email: str, role: Role) -> bool:
    """Whether an answer says that this person now has the role; one that does not tell a role is believed."""
    return _is_about(answer, email) and text_in(answer, "role") in ("", role.value)


def put_role(email: str, role: Role) -> ApiCall:
    """The call that sets a role."""
    return ApiCall(Method.PUT, path_of(email), {"role": role.value})


def path_of(email: str) -> str:
    """The path of one person."""
    return f"{LISTING}/{segment(email)}"


def _invitation(email: str, role: Role) -> ApiCall:
    return ApiCall(Method.POST, LISTING, {"email": email, "role": role.value})
