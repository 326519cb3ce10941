"""Changes to a service account as API calls (see `kinds.create_with_secret`). The role is always sent, because the API
makes an account without one an admin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from beamctl.kinds import create_with_secret
from beamctl.kinds.create_with_secret import Creation, SecretKind, ids_in
from beamctl.kinds.operations import (
    APPLY,
    MISSING,
    NONE_AT_ALL,
    PLAN,
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
from beamctl.kinds.operations import look as looking
from beamctl.kinds.service_account.live import (
    CLIENT_SECRET,
    Account,
    Accounts,
    Description,
    accounts,
    creation_key_of,
    description,
)
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, cause, segment
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import live_role
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.kind import Operation, Outcome

LISTING = "/service_accounts"


def look() -> Operation[Accounts | NoResponse]:
    """All service accounts as the API shows them now."""
    return looking(LISTING, accounts)


def find(client_id: str) -> Operation[Account | NoResponse | None]:
    """One account; None if others exist but not this one. An empty list counts as unknown."""
    found = yield from look()
    return found if isinstance(found, NoResponse) else found.by_id.get(client_id) if found.by_id else NONE_AT_ALL


def one(client_id: str) -> str:
    """The path of a service account."""
    return f"{LISTING}/{segment(client_id)}"


def keys_path(client_id: str) -> str:
    """The path of its API keys."""
    return f"{one(client_id)}/api_keys"


def put(account: Account, noted: Description, *, name: str = "", role: str = "") -> ApiCall:
    """The call that sets an account's description, and its name or role if given.

    A role that the API shows is sent again, because the API may make an account without one an admin.
    """
    body = {"name": name or account.name, "description": str(noted)}
    role = role or str(account.role)
    return ApiCall(Method.PUT, one(account.client_id), body | ({"role": role} if role else {}))


_SORT = SecretKind(
    secret="client-secret",  # noqa: S106 - a word
    id="client_id",
    handed={"clientId": "client_id", "clientSecret": "client_secret"},
)


def make(change: Change) -> Operation[Outcome]:
    """Create an account, if the others of that name are still those in the plan."""
    after = change.after or {}
    found = yield from look()
    if isinstance(found, NoResponse):
        return failed(fact(Code.ACCOUNTS_UNREADABLE, detail=cause(found)), APPLY)
    there = found.named(after["name"])
    if creation_key_of(after["name"], there) != change.key:
        return _not_as_planned(change, there)
    under_way = Creation(
        sort=_SORT,
        what=f"the client secret of {after['name']}",
        places=change.secrets,
        call=ApiCall(Method.POST, LISTING, {**after, "description": CLIENT_SECRET}),
        named=lambda listing: [each.client_id for each in accounts(listing).named(after["name"])],
        before=[each.client_id for each in there],
        finish=partial(_finish, change),
    )
    return (yield from create_with_secret.make(under_way))


def _not_as_planned(change: Change, there: Sequence[Account]) -> Outcome:
    known = ids_in(change.key)
    if any(each.client_id not in known and not each.unfinished for each in there):
        return create_with_secret.created_by_other(change.secrets, _SORT.secret)
    if any(each.client_id not in known for each in there):
        return failed(fact(Code.OTHER_RUN_CREATES, secret=_SORT.secret), PLAN)
    return failed(fact(Code.ACCOUNTS_CHANGED), PLAN)


def _finish(change: Change, client_id: str) -> Operation[Fact | NoResponse | Outcome | None]:
    """Set its description without the marker, and check its role."""
    after = change.after or {}
    role, made = after["role"], Account(client_id, after["name"], live_role(""), Description())
    answer = yield put(made, Description(after["description"]), role=role)
    shown_role = yield from _role_shown(client_id, answer)
    if shown_role is None:
        why = fact(Code.DELETED_BY_OTHER_RUN)
        return create_with_secret.created_by_other(change.secrets, "existing-client-secret", why)
    if isinstance(shown_role, NoResponse):
        return shown_role
    if shown_role not in (role, ""):
        return failed(fact(Code.RETURNED_ANOTHER_ROLE, role=shown_role, desired=role), PLAN)
    return None if shown_role else fact(Code.ITS_ROLE_NOT_SHOWN)


def _role_shown(client_id: str, answer: Response | NoResponse) -> Operation[str | NoResponse | None]:
    """The role of an account that should be finished, empty if the API does not show it; `NoResponse` if it is not
    finished, None if it is gone."""
    if answer.certain and text_in(answer, "client_id") in (client_id, ""):
        marked = description(text_in(answer, "description")).unfinished
        return NoResponse(fact=fact(Code.DESCRIPTION_NOT_ACCEPTED)) if marked else text_in(answer, "role")
    now = yield from find(client_id)
    if isinstance(now, NoResponse):
        return NoResponse(fact=fact(Code.RESULT_UNREADABLE, why=cause(answer), detail=cause(now)))
    if now is None:
        return None
    return NoResponse(fact=cause(answer)) if now.unfinished else str(now.role)


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
