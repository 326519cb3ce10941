"""How the API spells a change to an API key. What is the same for all that has a secret stands in `kinds.making`; its
mark is in the description of its account. It must not know how a call travels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from secrets import token_hex

from beamctl.kinds import create_with_secret
from beamctl.kinds.api_key.live import NEVER, ApiKey, Owned, api_keys, premise_of
from beamctl.kinds.create_with_secret import Creation, SecretKind
from beamctl.kinds.creation_key import beside
from beamctl.kinds.operations import APPLY, NONE_AT_ALL, PLAN, Asking, Talk, delete, failed, look, refused
from beamctl.kinds.service_account.live import Account
from beamctl.kinds.service_account.lookup import find, keys_path, put
from beamctl.kinds.service_account.lookup import look as look_at_accounts
from beamctl.kinds.service_account.pending_marker import PendingMarker, handed_over
from beamctl.model.api_call import ApiCall, Method, NoResponse, segment
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.kind import Outcome

_SORT = SecretKind(
    thing="key",
    secret="key",  # noqa: S106 - a word
    it="it",
    id="id",
    handed={"apiKey": "apiKey"},
)

_OTHER_RUN = "another run is making it, or was stopped before it was handed over"


def perform(change: Change) -> Talk:
    """Make a change to one API key."""
    match change.action:
        case Action.CREATE:
            return _make(change)
        case Action.DELETE:
            return _delete(change)
        case _:
            raise AssertionError(f"an API key has no change {change.action}")


def _make(change: Change) -> Talk:
    after = change.after or {}
    owner = yield from _owner(after)
    if isinstance(owner, Outcome):
        return owner
    name, account = after["name"], owner.account
    if premise_of(after["clientId"] or account.name, name, owner) != change.key:
        return _not_as_planned(change, owner)
    good, orphans = owner.handed_over(name), owner.orphans(name)
    ours = PendingMarker(name, tuple(key.id for key in good), token_hex(4))
    marked = yield _noted(account, (*account.description.marks, ours))
    if not marked.certain:
        return refused(failed(f"its account could not be marked, so it was not made: {marked.why}"), marked)
    keys = yield from _keys(account.client_id)  # what comes from here on is under the mark, whoever makes it
    if isinstance(keys, NoResponse) or [key for key in keys if key.name == name] != list(owner.named(name)):
        yield from _unmark(account.client_id, ours)
        return failed(f"the keys cannot be looked up: {keys.why}" if isinstance(keys, NoResponse) else _OTHER_RUN, PLAN)
    lives = {} if after["expiresIn"] == NEVER else {"expires_in": after["expiresIn"]}
    there = account.description.of(name)
    under_way = Creation(
        sort=_SORT,
        what=f"the API key {change.name}",
        places=change.secrets,
        creation=ApiCall(Method.POST, keys_path(account.client_id), {"name": name, **lives}),
        named=lambda listing: [key.id for key in api_keys(listing) if key.name == name],
        before=[key.id for key in owner.named(name)],
        finish=partial(_finish, account.client_id, ours, there, must_stay=bool(orphans)),
        unmark=partial(_unmark, account.client_id, ours),
    )
    return (yield from create_with_secret.make(under_way))


def _not_as_planned(change: Change, owner: Owned) -> Outcome:
    name, known = (change.after or {})["name"], beside(change.key)
    there = {key.id for key in owner.named(name)}
    if any(key.id not in known for key in owner.handed_over(name)):
        return create_with_secret.meanwhile(change.secrets, "it", "key")
    if there - known:
        return failed(_OTHER_RUN, PLAN)
    if known - there:
        return failed("the API does not show the one before it any more", PLAN)
    return failed("whether the one before it was handed over is no longer as it was planned", PLAN)


def _noted(account: Account, marks: tuple[PendingMarker, ...]) -> ApiCall:
    return put(account, replace(account.description, marks=marks))


def _finish(
    client_id: str, ours: PendingMarker, there: Sequence[PendingMarker], identifier: str, *, must_stay: bool
) -> Asking[str | NoResponse | Outcome]:
    """Take the mark off, and those that were there before it: they are about none, or about what goes now.

    Args:
        client_id: Of the account: it is read again, as somebody may have changed it during the hand-over.
        ours: The mark.
        there: Those before it.
        identifier: What was handed over: other marks are not about it.
        must_stay: Whether another run that takes one of those off, has handed over its own key.
    """
    now = yield from find(client_id)
    if isinstance(now, NoResponse) or now is None:
        return NoResponse(f"its account cannot be looked up: {now.why}" if now else "its account is gone")
    marks = now.description.marks
    if ours not in marks:  # it deletes our key, or has, and which of the two is in the place is not known
        yield _noted(now, (*marks, ours))
        return NoResponse("another run took this one for one that was stopped")
    if must_stay and not set(there) <= set(marks):
        return NoResponse("another run handed one over at the same time")
    left = tuple(each for each in marks if each != ours and each not in there)
    answer = yield _noted(now, handed_over(left, ours.key, identifier))
    if answer.certain:
        return ""
    now = yield from find(client_id)
    if isinstance(now, NoResponse):
        return NoResponse(f"{answer.why}, and it cannot be looked up: {now.why}")
    return "" if now is not None and ours not in now.description.marks else NoResponse(answer.why)


def _unmark(client_id: str, ours: PendingMarker) -> Asking[None]:
    """Take no other mark off: each is about what its run makes."""
    now = yield from find(client_id)
    if isinstance(now, Account) and ours in now.description.marks:
        yield _noted(now, tuple(each for each in now.description.marks if each != ours))


def _owner(after: Mapping[str, str]) -> Asking[Owned | Outcome]:
    """The account, which this apply may only just have made, and its keys."""
    found = yield from look_at_accounts()
    if isinstance(found, NoResponse):
        return failed(f"the service accounts cannot be looked up: {found.why}", APPLY)
    named = [each for each in found.named(after["account"]) if not each.unfinished]
    account = found.by_id.get(after["clientId"]) if after["clientId"] else named[0] if len(named) == 1 else None
    if account is None:
        return failed(f"its service account {after['account']} is not there, or not alone of that name", APPLY)
    keys = yield from _keys(account.client_id)
    if isinstance(keys, NoResponse):
        return failed(f"the API keys of {account.name} cannot be looked up: {keys.why}", APPLY)
    return Owned(account, keys)


def _keys(client_id: str) -> Asking[tuple[ApiKey, ...] | NoResponse]:
    return look(keys_path(client_id), api_keys)


def _find(client_id: str, identifier: str) -> Asking[ApiKey | NoResponse | None]:
    keys = yield from _keys(client_id)
    if isinstance(keys, NoResponse):
        return keys
    return next((key for key in keys if key.id == identifier), None) if keys else NONE_AT_ALL


def _delete(change: Change) -> Talk:
    """Delete it; one that is only in the way goes only where a newer one is there that takes its place."""
    before = change.before or {}
    keys = yield from _keys(before["clientId"])
    if isinstance(keys, NoResponse):
        return failed(f"the API keys cannot be looked up: {keys.why}", APPLY)
    named = [key.id for key in keys if key.name == before["name"]]
    if change.reason is Reason.SUPERSEDED and named[-1:] in ([], [change.key]):
        return failed("there is no newer one any more", PLAN)
    if change.reason is Reason.NOT_HANDED_OVER and not set(named) - {change.key}:
        return failed("there is none in its place", PLAN)
    path = f"{keys_path(before['clientId'])}/{segment(change.key)}"
    return (yield from delete(path, _find(before["clientId"], change.key)))
