"""How the API spells a change to an API key. A key that is made is handed over, or known to be of no use: its account's
description has a mark from before it is made until it is where it should be. It must not know how a call travels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from beamctl.errors import GarbledError
from beamctl.kinds.api_key.live import NEVER, ApiKey, Owned, api_keys, premise
from beamctl.kinds.service_account.live import Account
from beamctl.kinds.service_account.lookup import (
    APPLY,
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
from beamctl.kinds.service_account.mark import Mark, with_mark, without_mark
from beamctl.model.api_call import Answer, ApiCall, Lost, Method, segment
from beamctl.model.secret import SECRET_TO, HandOver, sink_of
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.kind import Outcome

_REPLACED = "the next apply replaces it"


@dataclass(frozen=True, slots=True)
class _Making:
    """A key under way.

    Attributes:
        change: What was asked for.
        account: Whose it will be, as it was before it got the mark.
        before: The keys of its name that were there.
        orphans: Those of them that are to go.
    """

    change: Change
    account: Account
    before: tuple[ApiKey, ...]
    orphans: tuple[ApiKey, ...]

    @property
    def name(self) -> str:
        return str((self.change.after or {})["name"])

    def marked(self) -> ApiCall:
        """What puts the mark."""
        kept = tuple(key.id for key in self.before if key not in self.orphans)
        noted = self.account.description
        return put(self.account, replace(noted, marks=with_mark(noted.marks, Mark(self.name, kept))))

    def unmarked(self) -> ApiCall:
        """What takes it off."""
        noted = self.account.description
        return put(self.account, replace(noted, marks=without_mark(noted.marks, self.name)))

    def others(self, now: Sequence[ApiKey], mine: str = "") -> list[str]:
        """The ids of keys of that name that have come since."""
        known = {mine, *(key.id for key in self.before)}
        return [key.id for key in now if key.name == self.name and key.id not in known]


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
    owner = yield from _owner(change)
    if isinstance(owner, Outcome):
        return owner
    name = str((change.after or {})["name"])
    orphans, good = owner.orphans(name), owner.handed_over(name)
    if change.action is Action.CREATE:
        if orphans:
            return failed("another run is making it, or was stopped before it was handed over", PLAN)
        label = (change.after or {})["clientId"] or owner.account.name
        if change.key != premise(label, name, good[-1].id if good else ""):
            return done("was made meanwhile, by another run or by hand, and handed over there")
    making = _Making(change, owner.account, owner.named(name), orphans)
    marked = yield making.marked()
    if not marked.ok:
        return failed(f"its account takes no mark, so it was not made: {marked.why}")
    return (yield from _post(making))


def _post(making: _Making) -> Talk:
    after = making.change.after or {}
    lives = {} if after["expiresIn"] == NEVER else {"expires_in": after["expiresIn"]}
    answer = yield ApiCall(Method.POST, keys_path(making.account.client_id), {"name": making.name, **lives})
    if isinstance(answer, Lost):
        return (yield from _lost(making, answer))
    if not answer.ok:
        yield from _unmark(making)
        return failed(answer.why)
    identifier, secret = text_in(answer, "id"), text_in(answer, "apiKey")
    if not identifier or not secret:
        return failed(f"the API told no key; {_REPLACED}", APPLY)
    now = yield from _keys(making.account.client_id)
    if not isinstance(now, Lost) and making.others(now, identifier):  # each run takes its own back
        why = "another run made one of that name at the same time, so this one was taken back"
        return (yield from _take_back(making, identifier, why, PLAN, unmark=False))
    return (yield from _hand_over(making, identifier, secret))


def _lost(making: _Making, answer: Lost) -> Talk:
    """The answer with the key is lost: is there one?"""
    now = yield from _keys(making.account.client_id)
    if isinstance(now, Lost):
        return unseen(answer, now)
    new = making.others(now)
    if new:
        return failed(f"{answer.why}; it was made ({', '.join(new)}), and nobody has it: {_REPLACED}", APPLY)
    return failed(f"{answer.why}; it was not made", APPLY)


def _hand_over(making: _Making, identifier: str, secret: str) -> Talk:
    sink = sink_of(making.change.secrets.get(SECRET_TO))
    handed = yield HandOver(sink, f"the API key {making.change.name}", {"apiKey": secret})
    if not isinstance(handed, Answer) or not handed.ok:
        return (yield from _take_back(making, identifier, f"it could not be handed over: {handed.why}", APPLY))
    off = yield making.unmarked()
    if not off.ok and not (yield from _is_unmarked(making)):
        return failed(f"it was handed over, but its mark stays: {off.why}; {_REPLACED}", APPLY)
    for orphan in making.orphans:
        gone = yield _deletion(making.account.client_id, orphan.id)
        if not is_gone(gone):
            return failed(f"was made anew; the one that was not handed over is still there: {gone.why}", PLAN)
    return done(f"as {identifier}; it went to {handed.body}")


def _take_back(making: _Making, identifier: str, why: str, hint: str, *, unmark: bool = True) -> Talk:
    """Delete what was made, as nobody has it."""
    gone = yield _deletion(making.account.client_id, identifier)
    if not is_gone(gone):
        return failed(f"{why}; the key {identifier} is still there ({gone.why}): {_REPLACED}", hint)
    if unmark:
        yield from _unmark(making)
    return failed(f"{why}; the key was deleted again", hint)


def _unmark(making: _Making) -> Asking[None]:
    """No key is under way any more. Where this fails, the mark is about nothing."""
    if not making.orphans:
        yield making.unmarked()


def _is_unmarked(making: _Making) -> Asking[bool]:
    found = yield from look()
    now = None if isinstance(found, Lost) else found.by_id.get(making.account.client_id)
    return now is not None and now.description.mark(making.name) is None


def _owner(change: Change) -> Asking[Owned | Outcome]:
    """The account, which this apply may only just have made, and its keys."""
    after: dict[str, Any] = dict(change.after or {})
    found = yield from look()
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
    answer = yield ApiCall(Method.GET, keys_path(client_id))
    if isinstance(answer, Lost):
        return answer
    if not answer.ok:
        return Lost(answer.why)
    try:
        return api_keys(answer.body)
    except GarbledError as error:
        return Lost(error.message)


def _delete(change: Change) -> Talk:
    """Delete it; one that is only in the way goes only where a newer one is there that takes its place."""
    before = change.before or {}
    keys = yield from _keys(before["clientId"])
    if isinstance(keys, Lost):
        return failed(f"the API keys cannot be looked up: {keys.why}", APPLY)
    old = next((key for key in keys if key.id == change.key), None)
    if old is None:
        return done("was gone already")
    newer = [key for key in keys if key.name == old.name and key.age_order > old.age_order]
    if change.reason is Reason.SUPERSEDED and not newer:
        return failed("there is no newer one any more", PLAN)
    return (yield from _confirmed(before["clientId"], change.key))


def _confirmed(client_id: str, identifier: str) -> Talk:
    """Delete it; where that is not confirmed, look whether it is gone."""
    answer = yield _deletion(client_id, identifier)
    if answer.ok:
        return done()
    if isinstance(answer, Answer) and not is_gone(answer):
        return failed(answer.why)
    now = yield from _keys(client_id)
    if isinstance(now, Lost):
        return unseen(answer, now)
    if all(key.id != identifier for key in now):
        return done("was gone already" if isinstance(answer, Answer) else "")
    return failed(f"{answer.why}; it was not made", APPLY)


def _deletion(client_id: str, identifier: str) -> ApiCall:
    return ApiCall(Method.DELETE, f"{keys_path(client_id)}/{segment(identifier)}")
