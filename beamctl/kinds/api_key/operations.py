"""Changes to an API key as API calls (see `kinds.create_with_secret`). The marker of a new key is in its account's
description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from secrets import token_hex

from beamctl.kinds import create_with_secret
from beamctl.kinds.api_key.live import NEVER, ApiKey, Owned, api_keys, creation_key_of
from beamctl.kinds.create_with_secret import Creation, SecretKind, ids_in
from beamctl.kinds.operations import APPLY, NONE_AT_ALL, PLAN, delete, failed, look, refused
from beamctl.kinds.service_account.live import Account, PendingMarker, handed_over
from beamctl.kinds.service_account.operations import find, keys_path, put
from beamctl.kinds.service_account.operations import look as look_at_accounts
from beamctl.model.api_call import ApiCall, Method, NoResponse, cause, segment
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.kind import Operation, Outcome

_SORT = SecretKind(
    secret="key",  # noqa: S106 - a word
    id="id",
    handed={"apiKey": "apiKey"},
)

_OTHER_RUN = fact(Code.OTHER_RUN_CREATES, secret=_SORT.secret)


def perform(change: Change) -> Operation[Outcome]:
    """Make a change to one API key."""
    match change.action:
        case Action.CREATE:
            return _make(change)
        case Action.DELETE:
            return _delete(change)
        case _:
            raise AssertionError(f"an API key has no change {change.action}")


def _make(change: Change) -> Operation[Outcome]:
    after = change.after or {}
    owner = yield from _owner(after)
    if isinstance(owner, Outcome):
        return owner
    name, account = after["name"], owner.account
    if creation_key_of(after["clientId"] or account.name, name, owner) != change.key:
        return _not_as_planned(change, owner)
    good, orphans = owner.handed_over(name), owner.orphans(name)
    ours = PendingMarker(name, tuple(key.id for key in good), token_hex(4))
    marked = yield _set_markers(account, (*account.description.marks, ours))
    if not marked.certain:
        return refused(failed(fact(Code.ACCOUNT_NOT_MARKED, detail=cause(marked))), marked)
    keys = yield from _keys(account.client_id)  # keys created from here on are covered by the marker
    if isinstance(keys, NoResponse) or [key for key in keys if key.name == name] != list(owner.named(name)):
        yield from _unmark(account.client_id, ours)
        why = fact(Code.KEYS_UNREADABLE, detail=cause(keys)) if isinstance(keys, NoResponse) else _OTHER_RUN
        return failed(why, PLAN)
    lives = {} if after["expiresIn"] == NEVER else {"expires_in": after["expiresIn"]}
    there = account.description.of(name)
    under_way = Creation(
        sort=_SORT,
        what=f"the API key {change.name}",
        places=change.secrets,
        call=ApiCall(Method.POST, keys_path(account.client_id), {"name": name, **lives}),
        named=lambda listing: [key.id for key in api_keys(listing) if key.name == name],
        before=[key.id for key in owner.named(name)],
        finish=partial(_finish, account.client_id, ours, there, must_stay=bool(orphans)),
        unmark=partial(_unmark, account.client_id, ours),
    )
    return (yield from create_with_secret.make(under_way))


def _not_as_planned(change: Change, owner: Owned) -> Outcome:
    name, known = (change.after or {})["name"], ids_in(change.key)
    there = {key.id for key in owner.named(name)}
    if any(key.id not in known for key in owner.handed_over(name)):
        return create_with_secret.created_by_other(change.secrets, _SORT.secret)
    if there - known:
        return failed(_OTHER_RUN, PLAN)
    if known - there:
        return failed(fact(Code.PREVIOUS_KEY_GONE), PLAN)
    return failed(fact(Code.PREVIOUS_KEY_CHANGED), PLAN)


def _set_markers(account: Account, marks: tuple[PendingMarker, ...]) -> ApiCall:
    return put(account, replace(account.description, marks=marks))


def _finish(
    client_id: str, ours: PendingMarker, there: Sequence[PendingMarker], identifier: str, *, must_stay: bool
) -> Operation[Fact | NoResponse | Outcome | None]:
    """Remove our marker and earlier ones, which refer to no key or to a key that is being deleted.

    Args:
        client_id: The account, which is read again because someone may have changed it during the hand-over.
        ours: Our marker.
        there: The earlier markers.
        identifier: The key that was handed over.
        must_stay: Whether the removal of an earlier marker means that another run handed over its own key.
    """
    now = yield from find(client_id)
    if isinstance(now, NoResponse) or now is None:
        return NoResponse(
            fact=fact(Code.ITS_ACCOUNT_UNREADABLE, detail=cause(now)) if now else fact(Code.ITS_ACCOUNT_GONE)
        )
    marks = now.description.marks
    if ours not in marks:  # it deletes our key, and it is not known which of the two keys is at the destination
        yield _set_markers(now, (*marks, ours))
        return NoResponse(fact=fact(Code.MISTAKEN_BY_OTHER_RUN))
    if must_stay and not set(there) <= set(marks):
        return NoResponse(fact=fact(Code.OTHER_RUN_HANDED_OVER))
    left = tuple(each for each in marks if each != ours and each not in there)
    answer = yield _set_markers(now, handed_over(left, ours.key, identifier))
    if answer.certain:
        return None
    now = yield from find(client_id)
    if isinstance(now, NoResponse):
        return NoResponse(fact=fact(Code.RESULT_UNREADABLE, why=cause(answer), detail=cause(now)))
    return None if now is not None and ours not in now.description.marks else NoResponse(fact=cause(answer))


def _unmark(client_id: str, ours: PendingMarker) -> Operation[None]:
    """Remove our marker only. Others belong to other runs."""
    now = yield from find(client_id)
    if isinstance(now, Account) and ours in now.description.marks:
        yield _set_markers(now, tuple(each for each in now.description.marks if each != ours))


def _owner(after: Mapping[str, str]) -> Operation[Owned | Outcome]:
    """The account, which this apply may have created, and its keys."""
    found = yield from look_at_accounts()
    if isinstance(found, NoResponse):
        return failed(fact(Code.ACCOUNTS_UNREADABLE, detail=cause(found)), APPLY)
    named = [each for each in found.named(after["account"]) if not each.unfinished]
    account = found.by_id.get(after["clientId"]) if after["clientId"] else named[0] if len(named) == 1 else None
    if account is None:
        return failed(fact(Code.ITS_ACCOUNT_NOT_FOUND, name=after["account"]), APPLY)
    keys = yield from _keys(account.client_id)
    if isinstance(keys, NoResponse):
        return failed(fact(Code.KEYS_OF_UNREADABLE, name=account.name, detail=cause(keys)), APPLY)
    return Owned(account, keys)


def _keys(client_id: str) -> Operation[tuple[ApiKey, ...] | NoResponse]:
    return look(keys_path(client_id), api_keys)


def _find(client_id: str, identifier: str) -> Operation[ApiKey | NoResponse | None]:
    keys = yield from _keys(client_id)
    if isinstance(keys, NoResponse):
        return keys
    return next((key for key in keys if key.id == identifier), None) if keys else NONE_AT_ALL


def _delete(change: Change) -> Operation[Outcome]:
    """Delete a key. A superseded one is deleted only if a newer one exists."""
    before = change.before or {}
    keys = yield from _keys(before["clientId"])
    if isinstance(keys, NoResponse):
        return failed(fact(Code.KEYS_UNREADABLE, detail=cause(keys)), APPLY)
    named = [key.id for key in keys if key.name == before["name"]]
    if change.reason is Reason.SUPERSEDED and named[-1:] in ([], [change.key]):
        return failed(fact(Code.NO_NEWER_KEY), PLAN)
    if change.reason is Reason.NOT_HANDED_OVER and not set(named) - {change.key}:
        return failed(fact(Code.NO_REPLACEMENT), PLAN)
    path = f"{keys_path(before['clientId'])}/{segment(change.key)}"
    return (yield from delete(path, _find(before["clientId"], change.key)))
