"""How the API spells a change to an API key. What is the same for all that has a secret stands in `kinds.making`; its
mark is in the description of its account. It must not know how a call travels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from beamctl.kinds import making
from beamctl.kinds.api_key.live import NEVER, ApiKey, Keys, Owned, api_keys, made_since, premise
from beamctl.kinds.conversation import APPLY, NONE_AT_ALL, PLAN, Asking, Talk, delete, done, failed, look
from beamctl.kinds.making import Making, Sort
from beamctl.kinds.service_account.live import Account
from beamctl.kinds.service_account.lookup import find, one, put
from beamctl.kinds.service_account.lookup import look as look_at_accounts
from beamctl.kinds.service_account.mark import Mark, with_mark, without_mark
from beamctl.model.api_call import ApiCall, Lost, Method, segment
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.kind import Outcome

_SORT = Sort(
    thing="key",
    secret="key",  # noqa: S106 - a word
    it="it",
    id="id",
    handed={"apiKey": "apiKey"},
    anew="was made anew; the one that was not handed over",
    hint=PLAN,
)

_MEANWHILE = "was made meanwhile, by another run or by hand, and handed over there"
_NOT_SHOWN = "the API does not show the one before it any more"


def perform(change: Change) -> Talk:
    """Make a change to one API key."""
    match change.action:
        case Action.CREATE | Action.REPLACE:
            return _make(change)
        case Action.DELETE:
            return _delete(change)
        case _:
            raise AssertionError(f"an API key has no change {change.action}")


def keys_path(client_id: str) -> str:
    """The path of the keys of a service account."""
    return f"{one(client_id)}/api_keys"


def _make(change: Change) -> Talk:
    after = change.after or {}
    owner = yield from _owner(after)
    if isinstance(owner, Outcome):
        return owner
    name, account = after["name"], owner.account
    orphans, good = owner.orphans(name), owner.handed_over(name)
    if change.action is Action.CREATE:
        if orphans:
            return failed("another run is making it, or was stopped before it was handed over", PLAN)
        if change.key != premise(after["clientId"] or account.name, name, good[-1].id if good else ""):
            since = {key for key, _, _ in made_since(Keys({account.client_id: owner}))}
            return done(_MEANWHILE) if change.key in since else failed(_NOT_SHOWN, PLAN)
    marked = yield _noted(account, with_mark(account.description.marks, Mark(name, tuple(key.id for key in good))))
    if not marked.ok:
        return failed(f"its account takes no mark, so it was not made: {marked.why}")
    lives = {} if after["expiresIn"] == NEVER else {"expires_in": after["expiresIn"]}
    unmarked = _noted(account, without_mark(account.description.marks, name))
    under_way = Making(
        sort=_SORT,
        what=f"the API key {change.name}",
        places=change.secrets,
        creation=ApiCall(Method.POST, keys_path(account.client_id), {"name": name, **lives}),
        named=lambda listing: [key.id for key in api_keys(listing) if key.name == name],
        before=[key.id for key in owner.named(name)],
        instead_of=[key.id for key in orphans],
        finish=lambda _: _unmark(account.client_id, name, unmarked),
        unmarked=None if orphans else unmarked,
    )
    return (yield from making.make(under_way))


def _noted(account: Account, marks: tuple[Mark, ...]) -> ApiCall:
    return put(account, replace(account.description, marks=marks))


def _unmark(client_id: str, name: str, unmarked: ApiCall) -> Asking[str | Lost | Outcome]:
    """Take the mark off; where that is not confirmed, look."""
    answer = yield unmarked
    if answer.ok:
        return ""
    now = yield from find(client_id)
    if isinstance(now, Lost):
        return Lost(f"{answer.why}, and it cannot be looked up: {now.why}")
    return "" if now is not None and now.description.mark(name) is None else Lost(answer.why)


def _owner(after: Mapping[str, str]) -> Asking[Owned | Outcome]:
    """The account, which this apply may only just have made, and its keys."""
    found = yield from look_at_accounts()
    if isinstance(found, Lost):
        return failed(f"the service accounts cannot be looked up: {found.why}", APPLY)
    named = [each for each in found.named(after["account"]) if not each.unfinished]
    account = found.by_id.get(after["clientId"]) if after["clientId"] else named[0] if len(named) == 1 else None
    if account is None:
        return failed(f"its service account {after['account']} is not there, or not alone of that name", APPLY)
    keys = yield from _keys(account.client_id)
    if isinstance(keys, Lost):
        return failed(f"the API keys of {account.name} cannot be looked up: {keys.why}", APPLY)
    return Owned(account, keys)


def _keys(client_id: str) -> Asking[tuple[ApiKey, ...] | Lost]:
    return look(keys_path(client_id), api_keys)


def _find(client_id: str, identifier: str) -> Asking[ApiKey | Lost | None]:
    keys = yield from _keys(client_id)
    if isinstance(keys, Lost):
        return keys
    return next((key for key in keys if key.id == identifier), None) if keys else NONE_AT_ALL


def _delete(change: Change) -> Talk:
    """Delete it; one that is only in the way goes only where a newer one is there that takes its place."""
    before = change.before or {}
    keys = yield from _keys(before["clientId"])
    if isinstance(keys, Lost):
        return failed(f"the API keys cannot be looked up: {keys.why}", APPLY)
    named = [key for key in keys if key.name == before["name"]]
    if change.reason is Reason.SUPERSEDED and (not named or named[-1].id == change.key):
        return failed("there is no newer one any more", PLAN)
    path = f"{keys_path(before['clientId'])}/{segment(change.key)}"
    return (yield from delete(path, _find(before["clientId"], change.key)))
