"""How the API spells a change to a person: conversations that yield calls and are sent the answers.
They must not know how a call travels. What the API does with `role` on an invitation is not documented: it is sent,
what comes back is compared, and corrected by `PUT` where it differs."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from beamctl.errors import GarbledError
from beamctl.kinds.member.live import Person, people
from beamctl.kinds.member.table import Standing
from beamctl.model.api_call import Answer, ApiCall, Lost, Method, segment
from beamctl.model.email import folded
from beamctl.model.role import Role, live_role, takes_away
from beamctl.plan.change import Action, Change
from beamctl.plan.kind import Conversation, Ending, Outcome

LISTING = "/users"
_CONFLICT, _MISSING, _BAD_REQUEST = 409, 404, 400
_LATER = "its role will be set once the invitation is accepted: the next apply then does it"
_AGAIN = "Run `beamctl plan` to see how it stands."

_Lookup = Generator[ApiCall, Answer | Lost, Person | Lost | None]


def perform(change: Change) -> Conversation:
    """Make a change to one person."""
    match change.action:
        case Action.INVITE | Action.RESEND:
            return _invite(change)
        case Action.SET_ROLE:
            return _set_role(change)
        case Action.REMOVE | Action.REVOKE:
            return _remove(change)
        case _:
            raise AssertionError(f"a member has no change {change.action}")


def _invite(change: Change) -> Conversation:
    """Send an invitation, or send an expired one again; never a second one while the first may be there."""
    email, role = _facts(change)["email"], Role(_facts(change)["role"])
    post = ApiCall(Method.POST, LISTING, {"email": email, "role": role.value})
    answer = yield post
    for _ in range(2):
        if isinstance(answer, Answer) and answer.status != _CONFLICT:
            break
        outcome = yield from _look_instead(email, role, answer)
        if outcome is not None:
            return outcome
        answer = yield post
    return (yield from _settle(email, role, _role_told(answer))) if answer.ok else _failed(answer)


def _look_instead(email: str, role: Role, answer: Answer | Lost) -> Generator[ApiCall, Answer | Lost, Outcome | None]:
    """The answer was lost, or somebody is there already: look, do not repeat. None is: the way is free."""
    there = yield from _look_up(email)
    if isinstance(there, Lost):
        return Outcome(Ending.FAILED, f"{answer.why}, and it cannot be looked up: {there.why}", _AGAIN)
    if there is None:
        return None
    if there.accepted:
        return _in_already(there, role)
    if there.standing is not Standing.EXPIRED:
        return (yield from _settle(email, role, str(there.role)))
    if isinstance(answer, Answer):  # 409: the expired invitation stands in the way
        revoked = yield ApiCall(Method.DELETE, _path(email))
        if isinstance(revoked, Lost) or not (revoked.ok or revoked.status == _MISSING):
            return _failed(revoked)
    return None


def _in_already(there: Person, role: Role) -> Outcome:
    """Somebody let the person in meanwhile: taking a role from a member is not what was approved."""
    if there.role is role:
        return Outcome(Ending.DONE, "is in already")
    return Outcome(Ending.FAILED, f"is in already, as {there.role}", _AGAIN)


def _settle(email: str, role: Role, told: str) -> Conversation:
    """The invitation is there: see to its role."""
    if told == role.value:
        return Outcome(Ending.DONE)
    too_much = bool(told) and takes_away(live_role(told), role)
    if too_much:  # is it an invitation at all?
        there = yield from _look_up(email)
        if isinstance(there, Person) and there.accepted:
            return _in_already(there, role)
    answer = yield ApiCall(Method.PUT, _path(email), {"role": role.value})
    if answer.ok:
        return _as_answered(answer, role)
    if too_much:
        return _too_much(told, role, answer)
    as_what = f"invited as {told}" if told else "invited, in a role the API does not tell"
    return Outcome(Ending.DONE, f"{as_what}; {_LATER}")


def _as_answered(answer: Answer | Lost, role: Role) -> Outcome:
    """A role was set: is it the one that was asked for?"""
    told = _role_told(answer)
    if told in ("", role.value):
        return Outcome(Ending.DONE)
    return Outcome(Ending.FAILED, f"the API answered that the role is {told!r}, not {role.value!r}", _AGAIN)


def _set_role(change: Change) -> Conversation:
    email, role = _facts(change)["email"], Role(_facts(change)["role"])
    before = change.before or {}
    answer = yield ApiCall(Method.PUT, _path(email), {"role": role.value})
    if answer.ok:
        return _as_answered(answer, role)
    refused = isinstance(answer, Answer) and answer.status in (_MISSING, _BAD_REQUEST)
    if before.get("standing") == "invited" and refused:
        if takes_away(live_role(before["role"]), role):
            return _too_much(before["role"], role, answer)
        return Outcome(Ending.DEFERRED, f"still invited as {before['role']}; {_LATER}")
    if isinstance(answer, Answer) and answer.status == _MISSING:
        return Outcome(Ending.FAILED, f"{email} is no longer in the workspace", _AGAIN)
    return _failed(answer)


def _remove(change: Change) -> Conversation:
    email = (change.before or {})["email"]
    answer = yield ApiCall(Method.DELETE, _path(email))
    if answer.ok:
        return Outcome(Ending.DONE)
    if isinstance(answer, Answer) and answer.status == _MISSING:
        there = yield from _look_up(email)  # gone, or a path that reached nobody?
        return Outcome(Ending.DONE, "was gone already") if there is None else _failed(answer)
    return _failed(answer)


def _look_up(email: str) -> _Lookup:
    answer = yield ApiCall(Method.GET, LISTING)
    if isinstance(answer, Lost):
        return answer
    if not answer.ok:
        return Lost(answer.why)
    try:
        return people(answer.body).get(folded(email))
    except GarbledError as error:
        return Lost(error.message)


def _too_much(told: str, role: Role, answer: Answer | Lost) -> Outcome:
    remark = f"the invitation still offers {told}, not {role.value}: {answer.why}"
    hint = "Take the person out of the document and apply (that revokes it), then put them back and apply."
    return Outcome(Ending.FAILED, remark, hint)


def _failed(answer: Answer | Lost) -> Outcome:
    match answer:
        case Lost():
            return Outcome(Ending.FAILED, f"{answer.why}; whether it was made is not known", _AGAIN)
        case Answer():
            hint = "Mend or remove the entry, or ask the API's owner; then run `beamctl apply` again."
            return Outcome(Ending.FAILED, answer.why, hint)


def _role_told(answer: Answer | Lost) -> str:
    body = answer.body if isinstance(answer, Answer) else None
    role = body.get("role") if isinstance(body, dict) else None
    return role if isinstance(role, str) else ""


def _facts(change: Change) -> dict[str, Any]:
    return dict(change.after or {})


def _path(email: str) -> str:
    return f"{LISTING}/{segment(email)}"
