"""Decides about one service account at a time, names the hazards of the changes, and undoes what a run did. Deleted
accounts cannot be restored."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from typing import Any

from beamctl.document.desired import Desired, Guards, Mode
from beamctl.document.problem import Place
from beamctl.kinds.service_account.desired import SECTION, DesiredAccount
from beamctl.kinds.service_account.live import HAS_KEYS, Account, Accounts, attributes, creation_key_of
from beamctl.kinds.service_account.matching import KIND, Pair, left_alone, with_id
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.model.identity import Identity, Role, live_role, reduces_access
from beamctl.model.secret import SECRET_TO
from beamctl.model.text import printable
from beamctl.plan.change import Action, Change, Reason, Stage
from beamctl.plan.comparison import Decisions, Note, UnchangedReason
from beamctl.plan.hazard import Hazard, Risk

ATTRIBUTES = ("role", "name", "description")
"""What a document sets. A change shows the first that differs."""


def lowers(before: str, after: str) -> bool:
    """Whether setting a role reduces access. An empty role means that the API does not show it."""
    return after != Role.ADMIN.value and reduces_access(live_role(before), Role(after))


def stage_of_orphan(side: Mapping[str, Any]) -> Stage:
    """When to delete an account whose client secret was not handed over. If it has API keys, it may be in use."""
    return Stage.DELETE if side["unfinished"] == HAS_KEYS else Stage.UPDATE


class AccountDecider(Decisions):
    """Collects the decisions about all service accounts.

    Attributes:
        ours: The client ids that beamctl may run as.
    """

    def __init__(
        self, desired: Desired, live: Accounts, ours: Collection[str], interrupted: Container[str] = ()
    ) -> None:
        super().__init__()
        self._document = desired.document
        self._additive = desired.mode(SECTION) is Mode.ADDITIVE
        self._live = live
        self._interrupted = interrupted  # client ids of accounts that an interrupted run created
        self.ours = ours

    def pair(self, pair: Pair) -> None:
        """Decide about one entry of the document."""
        if pair.live is None:
            self.changes.append(self._creation(pair.desired, replaces=bool(pair.orphans)))
        else:
            self._compare(pair.desired, pair.live)
        self.changes += map(self._orphan, pair.orphans)

    def other(self, account: Account) -> None:
        """Decide about an account that no entry refers to."""
        if self._additive:
            self.tally[UnchangedReason.NOT_DECLARED] += 1
        else:
            self.delete(account, Reason.NOT_DECLARED)

    def delete(self, account: Account, reason: Reason) -> None:
        """Plan its deletion."""
        others = {each.name for each in self.changes}
        alone = bool(account.name) and len(self._live.named(account.name)) == 1 and account.name not in others
        name = account.name if alone else with_id(account)
        stage = Stage.OURSELVES if account.client_id in self.ours else Stage.DELETE
        self.changes.append(_change(account.client_id, name, Action.DELETE, stage, (attributes(account), None), reason))

    def become(self, account: Account, after: dict[str, Any], place: Place | None, reason: Reason | None) -> None:
        """Plan a change to `after`, if it differs."""
        before = attributes(account)
        differing = [key for key in ATTRIBUTES if before[key] != after[key]]
        if not differing:
            self.tally[UnchangedReason.UNCHANGED] += 1
            return
        attribute = differing[0]
        action, stage, why = Action.UPDATE, Stage.UPDATE, Reason.VALUE_DIFFERS
        if attribute == "role":
            is_lower = lowers(before["role"], after["role"])
            action, stage, why = Action.SET_ROLE, Stage.DEMOTE if is_lower else Stage.PROMOTE, Reason.ROLE_DIFFERS
            if is_lower and account.client_id in self.ours:
                stage = Stage.OURSELVES
        name = after["name"]
        self.changes.append(
            _change(
                account.client_id, name, action, stage, (before, after), reason or why, attribute=attribute, place=place
            )
        )

    def _creation(self, want: DesiredAccount, *, replaces: bool) -> Change:
        after = {"name": want.name, "role": want.role.value, "description": want.description}
        place = self._document.key_place(SECTION, want.name)
        if want.sink is None:
            self.notes.append(Note(fact(Code.NO_CLIENT_SECRET_DESTINATION, name=want.name), place))
        key = creation_key_of(want.name, self._live.named(want.name))
        reason = Reason.NOT_HANDED_OVER if replaces else Reason.NOT_THERE
        secrets = {SECRET_TO: want.sink}
        return _change(key, want.name, Action.CREATE, Stage.CREATE, (None, after), reason, place=place, secrets=secrets)

    def _compare(self, want: DesiredAccount, account: Account) -> None:
        place = self._document.key_place(SECTION, want.name)
        alone = account.unfinished and account.client_id not in self._interrupted
        if account.unfinished and not alone:
            self.notes.append(Note(fact(Code.CLIENT_SECRET_PENDING, name=want.name), place, differs=True))
            return
        if alone:
            shown, risk = with_id(account), Risk.DELETES_SERVICE_ACCOUNT
            said = left_alone(shown, shown, "client-secret", risk)
            self.notes.append(Note(said, place, differs=True))
        role = want.role.value if str(account.role) else ""  # a role that the API does not show is not compared
        text_shown = account.description.text
        if not alone and text_shown.strip() != want.description:  # surrounding spaces do not matter
            text_shown = want.description
        after = attributes(account) | {"name": want.name, "role": role, "description": text_shown}
        self.become(account, after, place, None)

    def _orphan(self, account: Account) -> Change:
        """Delete an account whose client secret was not handed over. This is not a hazard if a record proves that and
        it has no API keys. The destination may hold its secret, which the replacement overwrites."""
        proven = account.client_id in self._interrupted
        stage = stage_of_orphan(attributes(account)) if proven else Stage.DELETE
        if account.client_id in self.ours:
            stage = Stage.OURSELVES
        sides, reason = (attributes(account), None), Reason.NOT_HANDED_OVER
        return _change(account.client_id, with_id(account), Action.DELETE, stage, sides, reason)


def _change(  # noqa: PLR0913 - each is a fact of the change
    account: str,
    name: str,
    action: Action,
    stage: Stage,
    sides: tuple[dict[str, Any] | None, dict[str, Any] | None],
    reason: Reason,
    *,
    attribute: str = "role",
    place: Place | None = None,
    secrets: dict[str, Any] | None = None,
) -> Change:
    before, after = sides
    return Change(
        kind=KIND,
        key=account,
        name=name,
        action=action,
        stage=stage,
        attribute=attribute,
        before=before,
        after=after,
        reason=reason,
        place=place,
        secrets=secrets or {},
    )


def own_keys(live: Accounts, guards: Guards, identity: Identity | None) -> frozenset[str]:
    """The client ids that beamctl may run as, from the document and the credential."""
    declared_name = guards.runs_as.service_account if guards.runs_as is not None else ""
    known = {identity.client_id, identity.sub} if identity is not None else set()
    return frozenset(
        key for key, account in live.by_id.items() if key in known or (declared_name and account.name == declared_name)
    )


def hazards(changes: Sequence[Change], ours: Collection[str]) -> list[Hazard]:
    """The hazards specific to this kind."""
    found = []
    for change in (each for each in changes if each.revokes_access):
        name = printable(change.name)
        if change.key in ours:
            loss = "demoted" if change.after else "deleted"
            found.append(Hazard(Risk.SELF_LOCKOUT, name, fact(Code.OWN_ACCOUNT_LOST, name=name, loss=loss)))
        if change.after is None:
            pending = change.reason is Reason.NOT_HANDED_OVER
            why = fact(Code.PENDING_ACCOUNT_DELETED if pending else Code.ACCOUNT_DELETED, name=name)
            found.append(Hazard(Risk.DELETES_SERVICE_ACCOUNT, name, why))
        elif (change.before or {})["role"] == Role.ADMIN.value:
            found.append(Hazard(Risk.REMOVES_ADMIN, name, fact(Code.ADMIN_DEMOTED, name=name)))
    return found


def own_identity_missing(live: Accounts, identity: Identity | None) -> list[Hazard]:
    """The account that beamctl runs as, if the API does not show it. The listing may then be incomplete."""
    client_id = identity.client_id if identity is not None else ""
    if not client_id or client_id in live.by_id or not live.known:
        return []
    name = printable(client_id)
    return [Hazard(Risk.LIVE_WITHOUT_US, name, fact(Code.OWN_ACCOUNT_NOT_SHOWN, name=name))]


def undo(decider: AccountDecider, changes: Sequence[Change], live: Accounts) -> None:
    """Restore what can be restored. A note says what cannot."""
    for change in changes:
        match change.action:
            case Action.CREATE:
                _uncreate(decider, change, live)
            case Action.DELETE if change.key in live.by_id:
                decider.tally[UnchangedReason.AS_BEFORE] += 1
            case Action.DELETE:
                decider.notes.append(Note(fact(Code.ACCOUNT_CANNOT_BE_RESTORED, name=change.name)))
            case _:
                _restore(decider, change, live.by_id.get(change.key))
    decider.mark_as_undo()


def _uncreate(decider: AccountDecider, change: Change, live: Accounts) -> None:
    there = live.named(change.name)
    if not there:
        decider.tally[UnchangedReason.AS_BEFORE] += 1
    elif len(there) > 1 or not _is_as(there[0], change.after):
        decider.notes.append(Note(fact(Code.CHANGED_SINCE_RUN, name=change.name)))
    else:
        decider.delete(there[0], Reason.UNDOES)


def _restore(decider: AccountDecider, change: Change, account: Account | None) -> None:
    before = change.before or {}
    if account is None or not _is_as(account, change.after):
        if account is not None and _is_as(account, before):
            decider.tally[UnchangedReason.AS_BEFORE] += 1
        else:
            decider.notes.append(Note(fact(Code.CHANGED_SINCE_RUN, name=change.name)))
    elif change.action is Action.SET_ROLE and before["role"] not in set(Role):
        decider.notes.append(Note(fact(Code.ROLE_TO_SET, name=change.name, role=before["role"])))
    else:
        after = attributes(account) | {key: before[key] for key in ("name", "role", "description")}
        decider.become(account, after, None, Reason.UNDOES)


def _is_as(account: Account, side: Mapping[str, Any] | None) -> bool:
    now, expected = attributes(account), side or {}
    same = all(now[key] == expected.get(key) for key in ("name", "description"))
    return same and now["role"] in (expected.get("role"), "")  # some APIs do not show the role
