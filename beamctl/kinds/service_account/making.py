"""Making a service account, so that its client secret is handed over or the account is known to be of no use. It is
made with a mark in its description, which goes once the secret is where it should be. It must not know how a call
travels, nor how a place is reached."""

from __future__ import annotations

from collections.abc import Sequence

from beamctl.kinds.service_account.live import Account
from beamctl.kinds.service_account.lookup import (
    APPLY,
    LISTING,
    PLAN,
    Asking,
    Talk,
    done,
    failed,
    is_gone,
    look,
    one,
    put,
    text_in,
    unseen,
)
from beamctl.kinds.service_account.mark import CLIENT_SECRET, Description
from beamctl.model.api_call import Answer, ApiCall, Lost, Method
from beamctl.model.role import live_role
from beamctl.model.secret import SECRET_TO, HandOver, sink_of
from beamctl.plan.change import Action, Change

_REPLACED = "the next apply replaces it"
_OTHER_RUN = "another run made one of that name at the same time, so this one was taken back"


def make(change: Change) -> Talk:
    """Make an account, also instead of one whose client secret nobody has."""
    found = yield from look()
    if isinstance(found, Lost):
        return failed(f"the service accounts cannot be looked up: {found.why}", APPLY)
    before = found.named(str((change.after or {})["name"]))
    if before and (change.action is Action.CREATE or not before[0].unfinished):
        return (yield from _there_already(change, before))
    return (yield from _post(change, before))


def _post(change: Change, before: Sequence[Account]) -> Talk:
    answer = yield ApiCall(Method.POST, LISTING, _body(change))
    if isinstance(answer, Lost):
        return (yield from _lost(change, before, answer))
    if not answer.ok:
        return failed(answer.why)
    client_id, secret = text_in(answer, "client_id"), text_in(answer, "client_secret")
    if not client_id or not secret:
        return failed(f"the API told no client secret; {_REPLACED}", APPLY)
    made = Account(client_id, str((change.after or {})["name"]), live_role(""), Description(unfinished=True))
    if (yield from _is_other_run(made, before)):
        return (yield from _take_back(made, _OTHER_RUN, PLAN))
    return (yield from _hand_over(change, made, secret))


def _body(change: Change) -> dict[str, str]:
    after = change.after or {}
    return {"name": after["name"], "description": CLIENT_SECRET, "role": after["role"]}


def _there_already(change: Change, there: Sequence[Account]) -> Talk:
    """Somebody made it since the plan: its client secret is theirs."""
    whole = [account for account in there if not account.unfinished]
    if not whole:
        return failed("another run is making it, or was stopped before its client secret was handed over", PLAN)
    role = (change.after or {})["role"]
    if str(whole[0].role) not in (role, ""):
        return failed(f"was made meanwhile, as {whole[0].role}", PLAN)
    if change.action is Action.REPLACE:
        gone = yield ApiCall(Method.DELETE, one(change.key))
        if not is_gone(gone):
            return failed(f"was made meanwhile; the one without a client secret is still there: {gone.why}", PLAN)
    return done("was made meanwhile, by another run or by hand, and so was its client secret")


def _lost(change: Change, before: Sequence[Account], answer: Lost) -> Talk:
    """The answer with the client secret is lost: is the account there?"""
    found = yield from look()
    if isinstance(found, Lost):
        return unseen(answer, found)
    known = {account.client_id for account in before}
    new = [each for each in found.named(str((change.after or {})["name"])) if each.client_id not in known]
    if not new:
        return failed(f"{answer.why}; it was not made", APPLY)
    ids = ", ".join(account.client_id for account in new)
    return failed(f"{answer.why}; it was made ({ids}), and nobody has its client secret: {_REPLACED}", APPLY)


def _is_other_run(made: Account, before: Sequence[Account]) -> Asking[bool]:
    """Whether there is another new one of that name. Each run takes its own back, so that none is left twice."""
    found = yield from look()
    known = {made.client_id, *(account.client_id for account in before)}
    return not isinstance(found, Lost) and any(each.client_id not in known for each in found.named(made.name))


def _take_back(made: Account, why: str, hint: str) -> Talk:
    """Delete what was made, as nobody has its client secret."""
    gone = yield ApiCall(Method.DELETE, one(made.client_id))
    if is_gone(gone):
        return failed(f"{why}; the account was deleted again", hint)
    return failed(f"{why}; the account {made.client_id} is still there ({gone.why}): {_REPLACED}", hint)


def _hand_over(change: Change, made: Account, secret: str) -> Talk:
    sink = sink_of(change.secrets.get(SECRET_TO))
    both = {"clientId": made.client_id, "clientSecret": secret}
    handed = yield HandOver(sink, f"the client secret of {made.name}", both)
    if not isinstance(handed, Answer) or not handed.ok:
        return (yield from _take_back(made, f"its client secret could not be handed over: {handed.why}", APPLY))
    after = change.after or {}
    finish = put(made, Description(after["description"]), role=after["role"])
    answer = yield finish
    told = yield from _as_shown(made, answer)
    if isinstance(told, Lost):
        return failed(f"its client secret was handed over, but its mark stays: {told.why}; {_REPLACED}", APPLY)
    if told not in (after["role"], ""):
        return failed(f"the API answered that the role is {told!r}, not {after['role']!r}", PLAN)
    if change.action is Action.REPLACE:
        gone = yield ApiCall(Method.DELETE, one(change.key))
        if not is_gone(gone):
            return failed(f"was replaced; the one without a client secret is still there: {gone.why}", APPLY)
    untold = "" if told else ", and the API does not tell its role"
    return done(f"as {made.client_id}; its client secret went to {handed.body}{untold}")


def _as_shown(made: Account, answer: Answer | Lost) -> Asking[str | Lost]:
    """The role of an account that should be finished now, empty where that is not told; `Lost` where it is not."""
    if answer.ok:
        marked = CLIENT_SECRET in text_in(answer, "description")
        return Lost("the API did not take the description") if marked else text_in(answer, "role")
    found = yield from look()
    if isinstance(found, Lost):
        return Lost(f"{answer.why}, and it cannot be looked up: {found.why}")
    now = found.by_id.get(made.client_id)
    return Lost(answer.why) if now is None or now.unfinished else str(now.role)
