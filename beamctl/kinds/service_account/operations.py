"""Changes to a service account as API calls. The role is always sent, because the API makes an account without one an
admin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from beamctl.kinds.operations import (
    APPLY,
    MISSING,
    PLAN,
    accepted,
    cause,
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
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.kind import Operation, Outcome


def perform(change: Change) -> Operation[Outcome]:
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


def _update(change: Change, after: Mapping[str, Any]) -> Operation[Outcome]:
    """Read the account, change it, and keep beamctl's markers in its description."""
    now = yield from find(change.key)
    if isinstance(now, NoResponse):
        return failed(fact(Code.ACCOUNTS_UNREADABLE, detail=cause(now)), APPLY)
    if now is None:
        return _gone(change)
    if ended := _ended(now, change):
        return ended
    noted = replace(now.description, text=after["description"])
    answer = yield put(now, noted, name=after["name"], role=after["role"])
    if isinstance(answer, Response) and not answer.ok:
        return refusal(answer)
    shown = [text_in(answer, field) for field in ("client_id", "role", "description")]
    if shown in ([each, after["role"], str(noted)] for each in (change.key, "")):
        return done()
    return (yield from _check(change, answer, after))


def _ended(now: Account, change: Change) -> Outcome | None:
    """The outcome if no call is needed or allowed. A call would revert what someone else changed."""
    if _is_so(now, change.after or {}):
        return found()
    if _is_so(now, change.before or {}):
        return None
    return failed(fact(Code.CHANGED_NOT_UPDATED), PLAN)


def _check(change: Change, answer: Response | NoResponse, after: Mapping[str, Any]) -> Operation[Outcome]:
    """Read the account, because the response does not confirm the change."""
    now = yield from find(change.key)
    if isinstance(now, NoResponse):
        return unseen(answer, now)
    if now is None:
        return _gone(change)
    if _is_so(now, after):
        return done()
    if not _is_so(now, change.before or {}):
        return failed(fact(Code.ACCEPTED_BUT_DIFFERENT), PLAN)
    return accepted(answer) if answer.ok else not_made(answer)


def _is_so(now: Account, side: Mapping[str, Any]) -> bool:
    shown = now.name, str(now.role), now.description.text
    return shown == (side["name"], side["role"], side["description"])


def _gone(change: Change) -> Outcome:
    return failed(fact(Code.NO_LONGER_SHOWN, name=change.name), PLAN)


def _delete(change: Change) -> Operation[Outcome]:
    if change.reason is Reason.NOT_HANDED_OVER:
        now = yield from find(change.key)
        if isinstance(now, NoResponse):
            return failed(fact(Code.PENDING_STATE_UNREADABLE, detail=cause(now)), APPLY)
        if now is not None and not now.unfinished:  # the run that created it was still alive
            return failed(fact(Code.HANDED_OVER_MEANWHILE), PLAN)
        if not change.revokes_access and (why := (yield from _why_in_use(change.key))):
            return failed(fact(Code.NOT_DELETED, why=why), PLAN)
    return (yield from delete(one(change.key), find(change.key)))


def _why_in_use(client_id: str) -> Operation[Fact | None]:
    """Why an account without a known client secret may be in use; None if it has no API key either."""
    answer = yield ApiCall(Method.GET, keys_path(client_id))
    if isinstance(answer, Response) and (answer.status == MISSING or (answer.certain and not answer.body)):
        return None
    return fact(Code.HAS_KEYS) if answer.certain else fact(Code.ITS_KEYS_UNREADABLE, detail=cause(answer))
