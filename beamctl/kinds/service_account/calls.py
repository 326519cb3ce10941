"""How the API spells a change to a service account: conversations that yield calls and are sent the answers. It must
not know how a call travels. A role is always sent: an account that is made without one is an admin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from beamctl.kinds.conversation import APPLY, PLAN, Talk, delete, done, failed, not_made, text_in, unseen
from beamctl.kinds.service_account.live import Account
from beamctl.kinds.service_account.lookup import find, one, put
from beamctl.kinds.service_account.making import make
from beamctl.model.api_call import Answer, Lost
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.kind import Outcome


def perform(change: Change) -> Talk:
    """Make a change to one service account."""
    match change.action:
        case Action.CREATE | Action.REPLACE:
            return make(change)
        case Action.SET_ROLE | Action.UPDATE:
            return _update(change, change.after or {})
        case Action.DELETE:
            return _delete(change)
        case _:
            raise AssertionError(f"a service account has no change {change.action}")


def _update(change: Change, after: Mapping[str, Any]) -> Talk:
    """Read it, change it, and keep what beamctl noted in its description."""
    now = yield from find(change.key)
    if isinstance(now, Lost):
        return failed(f"the service accounts cannot be looked up: {now.why}", APPLY)
    if now is None:
        return _gone(change)
    if _is_so(now, after):
        return done("is so already")
    noted = replace(now.description, text=after["description"])
    answer = yield put(now, noted, name=after["name"], role=after["role"])
    if isinstance(answer, Answer) and not answer.ok:
        return failed(answer.why)
    if text_in(answer, "role") == after["role"] and text_in(answer, "description") == str(noted):
        return done()
    return (yield from _look_whether(change, answer, after))


def _look_whether(change: Change, answer: Answer | Lost, after: Mapping[str, Any]) -> Talk:
    """The answer does not confirm it."""
    now = yield from find(change.key)
    if isinstance(now, Lost):
        return unseen(answer, now)
    if now is None:
        return _gone(change)
    if _is_so(now, after):
        return done()
    if isinstance(answer, Lost):
        return not_made(answer)
    return failed("the API took the change but shows something else", PLAN)


def _is_so(now: Account, after: Mapping[str, Any]) -> bool:
    told = now.name, str(now.role), now.description.text
    return told == (after["name"], after["role"], after["description"])


def _gone(change: Change) -> Outcome:
    return failed(f"the API does not show {change.name} any more", PLAN)


def _delete(change: Change) -> Talk:
    if change.reason is Reason.NOT_HANDED_OVER:
        now = yield from find(change.key)
        if isinstance(now, Lost):
            return failed(f"whether its client secret was handed over cannot be looked up: {now.why}", APPLY)
        if now is not None and not now.unfinished:  # the run that made it was not dead after all
            return failed("its client secret was handed over meanwhile", PLAN)
    return (yield from delete(one(change.key), find(change.key)))
