"""How the API spells a change to a service account: conversations that yield calls and are sent the answers. It must
not know how a call travels. A role is always sent: an account that is made without one is an admin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from beamctl.kinds.service_account.live import Account
from beamctl.kinds.service_account.lookup import (
    APPLY,
    PLAN,
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
from beamctl.kinds.service_account.making import make
from beamctl.model.api_call import Answer, ApiCall, Lost, Method
from beamctl.plan.change import Action, Change, Reason


def perform(change: Change) -> Talk:
    """Make a change to one service account."""
    match change.action:
        case Action.CREATE | Action.REPLACE:
            return make(change)
        case Action.SET_ROLE | Action.UPDATE:
            return _update(change)
        case Action.DELETE:
            return _delete(change)
        case _:
            raise AssertionError(f"a service account has no change {change.action}")


def _update(change: Change) -> Talk:
    """Read it, change it, and keep what beamctl noted in its description."""
    after: dict[str, Any] = dict(change.after or {})
    found = yield from look()
    if isinstance(found, Lost):
        return failed(f"the service accounts cannot be looked up: {found.why}", APPLY)
    now = found.by_id.get(change.key)
    if now is None:
        return failed(f"{change.name} is no longer in the workspace", PLAN)
    if _is_so(now, after):
        return done("is so already")
    noted = replace(now.description, text=after["description"])
    answer = yield put(now, noted, name=after["name"], role=after["role"])
    if isinstance(answer, Answer) and not answer.ok:
        return failed(answer.why)
    if text_in(answer, "role") == after["role"] and text_in(answer, "description") == str(noted):
        return done()
    return (yield from _look_whether(change, answer, after))


def _look_whether(change: Change, answer: Answer | Lost, after: dict[str, Any]) -> Talk:
    """The answer does not confirm it."""
    found = yield from look()
    if isinstance(found, Lost):
        return unseen(answer, found)
    now = found.by_id.get(change.key)
    if now is None:
        return failed(f"{change.name} is no longer in the workspace", PLAN)
    if _is_so(now, after):
        return done()
    if isinstance(answer, Lost):
        return failed(f"{answer.why}; it was not made", APPLY)
    return failed("the API took the change but shows something else", PLAN)


def _is_so(now: Account, after: dict[str, Any]) -> bool:
    told = now.name, str(now.role), now.description.text
    return told == (after["name"], after["role"], after["description"])


def _delete(change: Change) -> Talk:
    """Delete it; where that is not confirmed, look whether it is gone."""
    if change.reason is Reason.NOT_HANDED_OVER:
        found = yield from look()
        now = None if isinstance(found, Lost) else found.by_id.get(change.key)
        if now is not None and not now.unfinished:  # the run that made it was not dead after all
            return failed("its client secret was handed over meanwhile", PLAN)
    answer = yield ApiCall(Method.DELETE, one(change.key))
    if answer.ok:
        return done()
    if isinstance(answer, Answer) and not is_gone(answer):
        return failed(answer.why)
    seen = yield from look()
    if isinstance(seen, Lost):
        return unseen(answer, seen)
    if change.key not in seen.by_id:
        return done("was gone already" if isinstance(answer, Answer) else "")
    return failed(answer.why) if isinstance(answer, Answer) else failed(f"{answer.why}; it was not made", APPLY)
