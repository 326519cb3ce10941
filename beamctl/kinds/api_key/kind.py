"""The kind `api_key`: compares the API keys of service accounts in the document with those in the API, and exports
them. If one key of an account cannot be expressed, none is exported, because unlisted keys would be deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from beamctl.document.desired import Desired, Guards, Mode
from beamctl.document.scalars import duration
from beamctl.errors import ForbiddenError, MissingError
from beamctl.kinds.api_key import operations
from beamctl.kinds.api_key.decide import EXPIRES_IN, KIND, KeyDecider, title
from beamctl.kinds.api_key.live import NEVER, ApiKey, Keys, Owned, api_keys, attributes, lifetime, made_since
from beamctl.kinds.create_with_secret import after_replacement, is_creation_key, says_where
from beamctl.kinds.service_account.decide import own_keys
from beamctl.kinds.service_account.desired import KEYS, LONGEST, SECTION, desired_accounts, is_name
from beamctl.kinds.service_account.live import accounts
from beamctl.kinds.service_account.matching import KIND as ACCOUNT
from beamctl.kinds.service_account.matching import match, orphans
from beamctl.kinds.service_account.operations import LISTING, keys_path
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Identity
from beamctl.model.text import printable
from beamctl.plan.change import Action, Change, Dependency, Reason, Stage
from beamctl.plan.comparison import Comparison, Note, Preconditions, Situation
from beamctl.plan.coverage import Coverage, Covered, listed_or_whole
from beamctl.plan.hazard import Hazard, Risk
from beamctl.plan.kind import Dependencies, Kind, Operation, Outcome, Quorum, Reading, ReadScope
from beamctl.plan.listing import Exported, Listing, Trail

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def export(live: Keys, now: datetime) -> Exported:
    """The keys of every account whose keys can all be expressed; for the others, the reason."""
    entries: dict[str, Any] = {}
    remarks: dict[Trail, tuple[Fact, ...]] = {}
    for owned in live.by_account.values():
        name = owned.account.name
        if owned.keys is None:
            remarks[(name,)] = (fact(Code.KEYS_NOT_READABLE, name=name),)
        elif not_expressible := list(_not_expressible(owned, now)):
            remarks[(name,)] = (fact(Code.KEYS_NOT_EXPRESSIBLE, keys=tuple(not_expressible)),)
        elif owned.keys:
            keys = sorted(owned.keys, key=lambda key: key.name)
            entries[name] = {KEYS: {key.name: _entry(key) for key in keys}}
            remarks |= {(name, KEYS, key.name): (_remark(key),) for key in keys}
    return Exported(entries, remarks, within=SECTION)


def _not_expressible(owned: Owned, now: datetime) -> Iterator[Fact]:
    """Keys that no entry could leave unchanged, with the reason."""
    for key in owned.keys or ():
        if key.end is not None and key.end <= now:
            yield fact(Code.KEY_EXPIRED, name=key.name, date=f"{key.end:%Y-%m-%d}")
    for name, count in sorted(Counter(key.name for key in owned.keys or ()).items()):
        if not is_name(name):
            yield fact(Code.KEY_NAME_INVALID, name=name)
        elif count > 1:
            yield fact(Code.KEYS_SHARE_NAME, name=name, count=count)
        elif owned.orphans(name):
            yield fact(Code.KEY_NEVER_HANDED_OVER, name=name)


def _entry(key: ApiKey) -> dict[str, str]:
    lives = _lives(key)
    return {"expiresIn": lives} if lives else {}


def _lives(key: ApiKey) -> str:
    """Its lifetime as a document would write it; empty for no expiry, or if a document cannot express it."""
    lives = lifetime(key.expires_in)
    if lives is None or not timedelta() < lives <= LONGEST or lives % _HOUR:
        return ""
    if duration(key.expires_in) and not key.expires_in.endswith("m"):
        return key.expires_in
    return f"{lives // _HOUR}h" if lives % _DAY else f"{lives // _DAY}d"


def _remark(key: ApiKey) -> Fact:
    """When it expires, and how to have it renewed."""
    date = f"{key.end:%Y-%m-%d}" if key.end else ""
    if key.expires_in and not _lives(key):
        return fact(Code.KEY_LIFETIME_NOT_EXPRESSIBLE, date=date, lifetime=key.expires_in)
    if key.expires_in and date:
        return fact(Code.SET_ROTATION, date=date)
    return fact(Code.KEY_END_NOT_SHOWN if key.expires_in else Code.SET_KEY_DESTINATION)


class ApiKeyKind(Kind[Keys]):
    """API keys of service accounts, by id."""

    name = KIND
    section = KEYS
    grouped_by = ("account",)
    identified_by = "id"

    def is_declared(self, desired: Desired) -> bool:
        """Whether any service account declares keys."""
        return any(KEYS in entry for entry in (desired.section(SECTION) or {}).values())

    def read(self, _scope: ReadScope) -> Reading[Keys]:
        """The service accounts, and the keys of each."""
        try:
            payload = yield LISTING
        except MissingError:
            return Keys({}, known=False)
        found: dict[str, Owned] = {}
        for client_id, account in accounts(payload).by_id.items():
            keys: tuple[ApiKey, ...] | None
            try:
                keys = api_keys((yield keys_path(client_id)))
            except (MissingError, ForbiddenError):
                keys = None
            found[client_id] = Owned(account, keys)
        return Keys(found)

    def listing(self, live: Keys) -> Listing:
        """All keys as plain data, by account and name. The keys of an account may be unreadable."""
        found = [attributes(owned, key) for owned in live.by_account.values() for key in owned.keys or ()]
        rows = sorted(found, key=lambda row: (row["account"], row["name"], row["createdAt"], row["id"]))
        unreadable = sorted(owned.account.name for owned in live.by_account.values() if owned.keys is None)
        unread = fact(Code.KEYS_OF_NOT_READABLE, names=tuple(unreadable)) if unreadable else None
        return Listing(rows, unread, exists=live.known)

    def export(self, live: Keys, now: datetime) -> Exported:
        """The keys of every account whose keys can all be expressed."""
        return export(live, now)

    def coverage(self, desired: Desired, live: Keys, _today: date) -> Sequence[Covered]:
        """Every key. Those of an account whose entry has no keys are left alone."""
        declared = {each.client_id or each.name: each for each in desired_accounts(desired.section(SECTION) or {})}
        additive = desired.mode(SECTION) is Mode.ADDITIVE

        def of(owned: Owned, key: ApiKey) -> Coverage:
            entry = declared.get(owned.account.client_id) or declared.get(owned.account.name)
            keys = None if entry is None or entry.keys is None else [each.name for each in entry.keys]
            return listed_or_whole(key.name, keys, additive=additive)

        found = [(owned, key) for owned in live.by_account.values() for key in owned.keys or ()]
        return [Covered(key.id, title(owned.account.name, key.name), of(owned, key)) for owned, key in found]

    def objects(self, live: Keys, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Keys as plain data: by id, or for the key of a creation the newer key, if any."""
        asked = frozenset(keys)
        there = [attributes(owned, key) for owned in live.by_account.values() for key in owned.keys or ()]
        return {**made_since(live, asked), **{each["id"]: each for each in there if each["id"] in asked}}

    def preconditions(self, live: Keys, _changes: Sequence[Change], _situation: Situation) -> Preconditions:
        """The number of keys means nothing, because they come and go with their accounts."""
        return Preconditions(seen=None, population=sum(len(owned.keys or ()) for owned in live.by_account.values()))

    def own_keys(self, live: Keys, identity: Identity) -> Collection[str]:
        """All keys of the service account that the credential belongs to."""
        ours = own_keys(live.accounts, Guards(), identity)
        return [key.id for client_id in sorted(ours) for key in live.by_account[client_id].keys or ()]

    def compare(self, desired: Desired, live: Keys, situation: Situation) -> Comparison:
        """Keys that are due, that may be deleted, or that are not declared."""
        if not live.known:
            return Comparison(seen=None)
        section = desired_accounts(desired.section(SECTION))
        ours = own_keys(live.accounts, desired.guards, situation.identity)
        decider = KeyDecider(desired, situation, ours)
        lost = orphans(live.accounts, situation)
        declared = match(section, live.accounts, desired.document, lost).pairs
        for pair in declared:
            if pair.live is None or pair.live.client_id not in lost:
                decider.account(pair.desired, live.by_account[pair.live.client_id] if pair.live else None)
        decider.changes = situation.only_chosen(decider.changes)
        managed = [pair.live.client_id for pair in declared if pair.live and pair.desired.keys is not None]
        return replace(
            decider.comparison(_hazards(decider.changes, decider.given_up), None),
            declared=sum(len(each.keys or ()) for each in section),
            population=sum(len(live.by_account[each].keys or ()) for each in managed),
        )

    def undo(self, changes: Sequence[Change], _desired: Desired, _live: Keys, _situation: Situation) -> Comparison:
        """None: deleted keys cannot be restored, and handed-over keys are in use."""
        return Comparison(notes=tuple(Note(_why_not_undone(each)) for each in changes), seen=None)

    def is_valid(self, change: Change) -> bool:
        """Whether a change from a file could have been planned for API keys."""
        return is_valid(change)

    def is_in_effect(self, live: Keys, change: Change) -> bool:
        """Whether there is a newer key, or the account's listing shows that the old one is gone."""
        if change.after is not None:
            return change.key in self.objects(live, [change.key])
        owner = live.by_account.get((change.before or {})["clientId"])
        return owner is not None and owner.keys is not None and all(key.id != change.key for key in owner.keys)

    def dependencies(self, changes: Sequence[Change], _quorum: Quorum) -> Dependencies:
        """A replaced key is deleted after its replacement is created. A key of a new account is created after the
        account."""
        of_kind = [change for change in changes if change.kind == KIND]
        accounts = {each.name: each for each in changes if each.kind == ACCOUNT and each.action is Action.CREATE}
        within = {
            change.id: (Dependency(ACCOUNT, (accounts[change.after["account"]].key,), 1),)
            for change in of_kind
            if change.after and not change.after["clientId"] and change.after["account"] in accounts
        }
        reasons = (Reason.NOT_HANDED_OVER, Reason.SUPERSEDED)
        return within | dict(after_replacement(of_kind, lambda side: (side["clientId"], side["name"]), reasons))

    def perform(self, change: Change, _workspace: str) -> Operation[Outcome]:
        """Create or delete one key."""
        return operations.perform(change)


def _hazards(changes: Sequence[Change], given_up: Collection[str]) -> list[Hazard]:
    ours = [printable(change.name) for change in changes if change.revokes_access and change.stage is Stage.OURSELVES]
    found = [Hazard(Risk.SELF_LOCKOUT, name, fact(Code.OWN_KEY_DELETED, name=name)) for name in ours]
    pending = [printable(change.name) for change in changes if change.key in given_up]
    found += [Hazard(Risk.DELETES_API_KEY, name, fact(Code.PENDING_KEY_DELETED, name=name)) for name in pending]
    return found


def _why_not_undone(change: Change) -> Fact:
    return fact(Code.KEY_CANNOT_BE_RESTORED if change.action is Action.DELETE else Code.KEY_STAYS, name=change.name)


def is_valid(change: Change) -> bool:
    """Whether its values belong together."""
    before, after = change.before or {}, change.after
    if after is None:
        replaced = change.reason is not Reason.NOT_HANDED_OVER or bool(change.depends_on)
        return replaced and (change.key, change.name) == (
            before["id"],
            title(before["account"], before["name"], before["id"]),
        )
    account, name, lives = after["account"], after["name"], duration(after[EXPIRES_IN])
    if not (is_name(account) and is_name(name)) or after["clientId"] == account or change.name != title(account, name):
        return False
    if after[EXPIRES_IN] != NEVER and (lives is None or lives > LONGEST):
        return False
    label = after["clientId"] or account
    keyed = is_creation_key(change.key, f"{label} / {name}") and change.serial_group == f"{KIND} {label}"
    return keyed and says_where(change.secrets)
