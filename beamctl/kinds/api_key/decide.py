"""Decides about the API keys of one service account at a time: which are due, in use, or may be deleted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from beamctl.document.desired import Desired, Mode
from beamctl.kinds.api_key.live import NEVER, ApiKey, Owned, attributes, creation_key_of, end_of, lifetime
from beamctl.kinds.create_with_secret import left_by
from beamctl.kinds.service_account.desired import KEYS, SECTION, DesiredAccount, DesiredKey
from beamctl.kinds.service_account.matching import PendingSecrets, is_given_up, left_alone, split, with_id
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.model.secret import SECRET_TO
from beamctl.plan.change import Action, Change, Reason, Stage
from beamctl.plan.comparison import Decisions, Note, Situation, UnchangedReason
from beamctl.plan.hazard import Risk

_ALMOST = timedelta(days=14)
"""How long before its expiry a key without renewal is mentioned."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What to do about the keys of one name.

    Attributes:
        due: Why a new key is needed; None if it is not.
        current: The key in use; None if none is valid.
        goes: The keys to delete, and why.
        ends: When the current key expires, if that is soon and it will not be renewed.
    """

    due: Reason | None
    current: ApiKey | None
    goes: tuple[tuple[ApiKey, Reason], ...] = ()
    ends: datetime | None = None


def verdict(
    want: DesiredKey,
    keys: Sequence[ApiKey],
    orphans: Sequence[ApiKey],
    now: datetime,
    *,
    doubtful: Sequence[ApiKey] = (),
) -> Rotation:
    """Decide what to do about the keys of one name.

    Args:
        want: The declared key.
        keys: All live keys of that name, oldest first.
        orphans: Those that were not handed over.
        now: The moment.
        doubtful: Others with a marker: they count as in use, but supersede none.
    """
    good = [key for key in keys if key not in orphans]
    valid = [key for key in good if not _is_past(end(want, key), now)]
    current = valid[-1] if valid else None
    newer = [key for key in valid if key not in doubtful]
    goes = [(key, Reason.SUPERSEDED) for key in good if key is not current and _may_go(want, key, newer, now)]
    if orphans:  # always re-created: the destination may already hold the lost key
        goes += [(key, Reason.NOT_HANDED_OVER) for key in orphans]
        return Rotation(Reason.NOT_HANDED_OVER, current, tuple(goes))
    if current is None:
        return Rotation(Reason.EXPIRES if good else Reason.NOT_THERE, None, tuple(goes))
    ends = end(want, current)
    if ends is not None and want.rotate_before is not None and ends - now <= want.rotate_before:
        return Rotation(Reason.EXPIRES, current, tuple(goes))
    soon = ends if ends is not None and want.rotate_before is None and ends - now <= _ALMOST else None
    return Rotation(None, current, tuple(goes), soon)


def end(want: DesiredKey, key: ApiKey) -> datetime | None:
    """When a key expires: by its own lifetime or the declared one, whichever is earlier."""
    declared = end_of(key.created, lifetime(want.expires_in))
    return min((each for each in (key.end, declared) if each is not None), default=None)


def _may_go(want: DesiredKey, old: ApiKey, newer: Sequence[ApiKey], now: datetime) -> bool:
    """Whether an old key may be deleted: its successor is old enough, or it has expired."""
    if _is_past(old.end, now):
        return True
    after = next((key for key in newer if key.age_order > old.age_order), None)
    return after is not None and after.created is not None and now - after.created >= want.keep_old


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now >= moment


KIND = "api_key"
EXPIRES_IN = "expiresIn"


def title(account: str, key: str, identifier: str = "") -> str:
    """The display name of a key. A key to be deleted is shown with its id, because names are not unique."""
    return f"{account}/{key}" + (f" ({identifier})" if identifier else "")


class KeyDecider(Decisions):
    """Collects the decisions about the keys of all accounts that declare some.

    Attributes:
        given_up: The ids of keys to delete although no record shows that they were not handed over.
    """

    def __init__(self, desired: Desired, situation: Situation, ours: Collection[str]) -> None:
        super().__init__()
        self._document = desired.document
        self._additive = desired.mode(SECTION) is Mode.ADDITIVE
        self.given_up: set[str] = set()
        self._situation = situation
        self._ours = ours

    def account(self, want: DesiredAccount, owned: Owned | None) -> None:
        """Decide about the keys of one account; None for an account that does not exist yet."""
        if want.keys is None:
            self.tally[UnchangedReason.KEYS_NOT_MANAGED] += len(owned.keys or ()) if owned else 0
            return
        if owned is not None and owned.keys is None:
            said = fact(Code.KEYS_NOT_READABLE, name=want.name)
            place = self._document.key_place(SECTION, want.name, KEYS)
            self.notes.append(Note(said, place, differs=bool(want.keys)))
            return
        for key in want.keys:
            self._key(want, key, owned)
        declared = {key.name for key in want.keys}
        for each in (owned.keys or ()) if owned else ():
            if each.name not in declared and owned is not None:
                self._undeclared(owned, each)

    def _key(self, want: DesiredAccount, key: DesiredKey, owned: Owned | None) -> None:
        named = owned.named(key.name) if owned else ()
        place = self._document.key_place(SECTION, want.name, KEYS, key.name)
        marked = owned.orphans(key.name) if owned else ()
        lost = self._lost(want, owned, marked) if owned else split((), ())
        orphans, doubtful = (
            [each for each in marked if each.id in lost],
            [each for each in marked if each.id not in lost],
        )
        found = verdict(key, named, orphans, self._situation.moment, doubtful=doubtful)
        if found.due is not None:
            if key.sink is None:
                said = fact(Code.NO_KEY_DESTINATION, name=title(want.name, key.name))
                self.notes.append(Note(said, place))
            self.changes.append(self._creation(want, key, owned, found.due))
        else:
            self.tally[UnchangedReason.UNCHANGED] += 1
        if found.ends is not None:
            said = fact(Code.KEY_EXPIRES, name=title(want.name, key.name), date=found.ends.date().isoformat())
            self.notes.append(Note(said, place))
        if found.current is not None and found.current.created is None and key.expires_in and found.due is None:
            self.notes.append(Note(fact(Code.KEY_AGE_UNKNOWN, name=title(want.name, key.name)), place))
        for each in doubtful:
            if owned is None:
                break
            name, risk = title(want.name, key.name, each.id), Risk.DELETES_API_KEY
            self.notes.append(Note(left_alone(name, with_id(owned.account), "key", risk), place, differs=True))
        for old, reason in found.goes:
            if owned is None:
                break
            self.changes.append(self._deleted(owned, old, Stage.UPDATE, reason))
        going = {old.id for old, _ in found.goes} | ({found.current.id} if found.current else set())
        self.tally[UnchangedReason.OLDER_KEPT] += sum(each.id not in going for each in named)

    def _lost(self, want: DesiredAccount, owned: Owned, marked: Sequence[ApiKey]) -> PendingSecrets:
        """Which of the keys with a marker may be deleted."""
        account, situation = owned.account, self._situation
        labels = account.client_id, account.name
        known = [
            key.id
            for key in marked
            if left_by(situation.interrupted, KIND, {f"{each} / {key.name}" for each in labels}, key.id, key.created)
        ]
        names = {key.id: title(want.name, key.name, key.id) for key in marked}
        allowed = [each for each, name in names.items() if is_given_up(situation, Risk.DELETES_API_KEY, name)]
        found = split(known, allowed)
        self.given_up |= found.given_up
        return found

    def _creation(self, want: DesiredAccount, key: DesiredKey, owned: Owned | None, reason: Reason) -> Change:
        client_id = owned.account.client_id if owned else ""
        label = client_id or want.name
        after = {
            "account": want.name,
            "name": key.name,
            EXPIRES_IN: key.expires_in or NEVER,
            "clientId": client_id,
        }
        return Change(
            kind=KIND,
            key=creation_key_of(label, key.name, owned),
            name=title(want.name, key.name),
            action=Action.CREATE,
            stage=Stage.CREATE_WITHIN,
            attribute=EXPIRES_IN,
            before=None,
            after=after,
            reason=reason,
            place=self._document.key_place(SECTION, want.name, KEYS, key.name),
            serial_group=f"{KIND} {label}",  # each edits the description of the same account
            secrets={SECRET_TO: key.sink},
        )

    def _undeclared(self, owned: Owned, key: ApiKey) -> None:
        if self._additive:
            self.tally[UnchangedReason.NOT_DECLARED] += 1
            return
        self.changes.append(self._deleted(owned, key, Stage.DELETE, Reason.NOT_DECLARED))

    def _deleted(self, owned: Owned, key: ApiKey, stage: Stage, reason: Reason) -> Change:
        before: dict[str, Any] = attributes(owned, key)
        return Change(
            kind=KIND,
            key=key.id,
            name=title(owned.account.name, key.name, key.id),
            action=Action.DELETE,
            stage=Stage.OURSELVES if owned.account.client_id in self._ours else stage,  # it may be the key in use
            attribute=EXPIRES_IN,
            before=before,
            after=None,
            reason=reason,
        )
