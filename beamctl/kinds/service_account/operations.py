"""How the API spells a change to a service account: conversations that yield calls and are sent the answers. It must
not know how a call travels. A role is always sent: an account that is made without one is an admin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from beamctl.kinds.operations import (
    APPLY,
    MISSING,
    PLAN,
    Asking,
    Talk,
    accepted,
    delete,
    done,
    failed,
    found,
    not_made,
    refusal,
    text_in,
    unseen,
)
from beamctl.kinds.service_account.create import make
from beamctl.kinds.service_account.live import Account
from beamctl.kinds.service_account.lookup import find, keys_path, one, put
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.kind import Outcome


def perform(change: Change) -> Talk:
    """Make a change to one service account."""
    match change.action:
        case Action.CREATE:
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
    if isinstance(now, NoResponse):
        return failed(f"the service accounts cannot be looked up: {now.why}", APPLY)
    if now is None:
        return _gone(change)
    if ended := _ended(now, change):
        return ended
    noted = replace(now.description, text=after["description"])
    answer = yield put(now, noted, name=after["name"], role=after["role"])
    if isinstance(answer, Response) and not answer.ok:
        return refusal(answer)
    told = [text_in(answer, field) for field in ("client_id", "role", "description")]
    if told in ([each, after["role"], str(noted)] for each in (change.key, "")):
        return done()
    return (yield from _look_whether(change, answer, after))


def _ended(now: Account, change: Change) -> Outcome | None:
    """How it ends with no call. Each sends all of it, and would take back what somebody else changed meanwhile."""
    if _is_so(now, change.after or {}):
        return found("is so already")
    if _is_so(now, change.before or {}):
        return None
    return failed("is no longer as it was planned, so it was not changed", PLAN)


def _look_whether(change: Change, answer: Response | NoResponse, after: Mapping[str, Any]) -> Talk:
    """The answer does not confirm it."""
    now = yield from find(change.key)
    if isinstance(now, NoResponse):
        return unseen(answer, now)
    if now is None:
        return _gone(change)
    if _is_so(now, after):
        return done()
    if not _is_so(now, change.before or {}):
        return failed("the API accepted the change but shows something else", PLAN)
    return accepted(answer) if answer.ok else not_made(answer)


def _is_so(now: Account, side: Mapping[str, Any]) -> bool:
    told = now.name, str(now.role), now.description.text
    return told == (side["name"], side["role"], side["description"])


def _gone(change: Change) -> Outcome:
    return failed(f"the API does not show {change.name} any more", PLAN)


def _delete(change: Change) -> Talk:
    if change.reason is Reason.NOT_HANDED_OVER:
        now = yield from find(change.key)
        if isinstance(now, NoResponse):
            return failed(f"whether its client secret was handed over cannot be looked up: {now.why}", APPLY)
        if now is not None and not now.unfinished:  # the run that made it was not dead after all
            return failed("its client secret was handed over meanwhile", PLAN)
        if not change.takes and (why := (yield from _why_in_use(change.key))):
            return failed(f"{why}; it was not deleted", PLAN)
    return (yield from delete(one(change.key), find(change.key)))


def _why_in_use(client_id: str) -> Asking[str]:
    """Why somebody may use an account of which nobody has the client secret; empty where it has no API key either."""
    answer = yield ApiCall(Method.GET, keys_path(client_id))
    if isinstance(answer, Response) and (answer.status == MISSING or (answer.certain and not answer.body)):
        return ""
    return "it has API keys by now" if answer.certain else f"whether it has API keys cannot be looked up: {answer.why}"
