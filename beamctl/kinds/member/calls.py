"""How the API spells a change to a person: conversations that yield calls and are sent the answers.
They must not know how a call travels. What the API does with `role` on an invitation is not documented: it is sent,
what comes back is compared, and corrected by `PUT` where it differs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from beamctl.kinds.conversation import (
    MISSING,
    PLAN,
    Asking,
    Talk,
    accepted,
    delete,
    done,
    failed,
    look,
    not_made,
    refusal,
    text_in,
    unseen,
)
from beamctl.kinds.member.live import Person, people
from beamctl.kinds.member.table import Standing
from beamctl.model.api_call import Answer, ApiCall, Lost, Method, segment
from beamctl.model.email import folded
from beamctl.model.role import Role, live_role, takes_away
from beamctl.plan.change import Action, Change
from beamctl.plan.kind import Ending, Outcome

LISTING = "/users"
_CONFLICT, _BAD_REQUEST = 409, 400
_MOST_INVITATIONS = 3
_LATER = "its role will be set once the invitation is accepted: the next apply then does it"


def perform(change: Change) -> Talk:
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


def _invite(change: Change) -> Talk:
    """Send an invitation, or send an expired one again; never a second one while the first may be there."""
    email, role = _facts(change)["email"], Role(_facts(change)["role"])
    for _ in range(_MOST_INVITATIONS):
        answer = yield ApiCall(Method.POST, LISTING, {"email": email, "role": role.value})
        if isinstance(answer, Answer) and answer.status != _CONFLICT:
            if not answer.ok:
                return _failed(answer)
            if not _is_about(answer, email):
                return (yield from _look_after(email, role, answer))
            return (yield from _settle(email, role, text_in(answer, "role")))
        outcome = yield from _look_instead(email, role, answer)
        if outcome is not None:
            return outcome
    return not_made(answer) if isinstance(answer, Lost) else unseen(answer, Lost("the API does not show who it is"))


def _look_instead(email: str, role: Role, answer: Answer | Lost) -> Asking[Outcome | None]:
    """The answer was lost, or somebody is there already: look, do not repeat. None is: the way is free."""
    there = yield from _look_up(email)
    if isinstance(there, Lost):
        return unseen(answer, there)
    if there is None:
        return None
    if there.accepted:
        return _in_already(there, role)
    if there.standing is not Standing.EXPIRED:
        remark = "is invited already" if isinstance(answer, Answer) else ""
        return (yield from _settle(email, role, str(there.role), remark))
    if isinstance(answer, Answer):  # 409: the expired invitation stands in the way
        revoked = yield ApiCall(Method.DELETE, _path(email))
        if isinstance(revoked, Answer) and not (revoked.ok or revoked.status == MISSING):
            return _failed(revoked)
    return None


def _look_after(email: str, role: Role, answer: Answer) -> Talk:
    """The API accepted the invitation, but its answer is about another one. It is not sent again."""
    there = yield from _look_up(email)
    if isinstance(there, Lost):
        return unseen(answer, there)
    if there is None or there.standing is Standing.EXPIRED:
        return accepted(answer)
    return _in_already(there, role) if there.accepted else (yield from _settle(email, role, str(there.role)))


def _in_already(there: Person, role: Role) -> Outcome:
    """Somebody let the person in meanwhile: taking a role from a member is not what was approved."""
    if there.role is role:
        return done("is in already")
    return failed(f"is in already, as {there.role}", PLAN)


def _settle(email: str, role: Role, told: str, remark: str = "") -> Talk:
    """The invitation is there: see to its role."""
    if told == role.value:
        return done(remark)
    if _too_much(told, role):  # is it an invitation at all?
        there = yield from _look_up(email)
        if isinstance(there, Person) and there.accepted:
            return _in_already(there, role)
    answer = yield ApiCall(Method.PUT, _path(email), {"role": role.value})
    if isinstance(answer, Answer) and not answer.ok:
        return _still_pending(told, role, answer, remark)
    if _is_about(answer, email):
        return _as_answered(answer, role, remark)
    there = yield from _look_up(email)
    if not isinstance(there, Person):
        return unseen(answer, there) if there else _gone(email)
    return _in_already(there, role) if there.accepted else _still_pending(str(there.role), role, answer, remark)


def _still_pending(told: str, role: Role, answer: Answer | Lost, remark: str) -> Outcome:
    """The role of an invitation could not be set: does it matter?"""
    if told == role.value:
        return done(remark)
    if _too_much(told, role):
        return _offers_too_much(told, role, answer)
    as_what = f" as {told}" if told else ", in a role the API does not tell"
    return done(f"{remark or 'invited'}{as_what}; {_LATER}")


def _as_answered(answer: Answer | Lost, role: Role, remark: str = "") -> Outcome:
    """A role was set: is it the one that was asked for?"""
    told = text_in(answer, "role")
    if told in ("", role.value):
        return done(remark)
    return failed(f"the API answered that the role is '{told}', not '{role.value}'", PLAN)


def _set_role(change: Change) -> Talk:
    """Set a role; where the answer does not confirm it, look."""
    email, role = _facts(change)["email"], Role(_facts(change)["role"])
    answer = yield ApiCall(Method.PUT, _path(email), {"role": role.value})
    if isinstance(answer, Answer):
        pending = (change.before or {}).get("standing") == "invited"  # then the listing may show no role either
        if _is_about(answer, email) and (pending or text_in(answer, "role")):
            return _as_answered(answer, role)
        if not answer.ok and answer.status not in (MISSING, _BAD_REQUEST):
            return _failed(answer)
    there = yield from _look_up(email)
    if not isinstance(there, Person):
        return unseen(answer, there) if there else _gone(email)
    return _role_seen(there, role, answer)


def _role_seen(there: Person, role: Role, answer: Answer | Lost) -> Outcome:
    """A role was not confirmed, or refused, and this is how the person stands."""
    told = str(there.role)
    if there.role is role:
        return done()
    if isinstance(answer, Answer) and answer.ok:
        return accepted(answer)
    if isinstance(answer, Lost):
        return not_made(answer, f": it is {told}") if told else unseen(answer, Lost("the API does not tell the role"))
    if there.accepted:
        return _failed(answer)
    if _too_much(told, role):
        return _offers_too_much(told, role, answer)
    return Outcome(Ending.DEFERRED, f"still invited{told and f' as {told}'}; {_LATER}")


def _remove(change: Change) -> Talk:
    """Remove or revoke."""
    email = (change.before or {})["email"]
    return delete(_path(email), _look_up(email))


def _look_up(email: str) -> Asking[Person | Lost | None]:
    """The person as the API shows them now, or None; a listing of nobody is not believed."""
    everybody = yield from look(LISTING, people)
    if isinstance(everybody, Lost):
        return everybody
    return everybody.get(folded(email)) if everybody else Lost("the API shows no members at all")


def _too_much(told: str, role: Role) -> bool:
    """Whether an invitation offers more than was asked for."""
    return bool(told) and takes_away(live_role(told), role)


def _offers_too_much(told: str, role: Role, answer: Answer | Lost) -> Outcome:
    remark = f"the invitation still offers {told}, not {role.value}: {answer.why}"
    hint = "Take the person out of the document and apply (that revokes it), then put them back and apply."
    return failed(remark, hint)


def _is_about(answer: Answer | Lost, email: str) -> bool:
    """Whether an answer says that a change to this person succeeded, and does not name another one."""
    return answer.certain and folded(text_in(answer, "email") or email) == folded(email)


def _gone(email: str) -> Outcome:
    return failed(f"the API does not show {email} any more", PLAN)


def _failed(answer: Answer) -> Outcome:
    return replace(refusal(answer), refused=answer.refused)


def _facts(change: Change) -> dict[str, Any]:
    return dict(change.after or {})


def _path(email: str) -> str:
    return f"{LISTING}/{segment(email)}"
