"""The kind `service_account`: compares accounts in the document with accounts in the API."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from beamctl.document.desired import Desired, Guards, Mode
from beamctl.document.document import Document
from beamctl.document.problem import Problem
from beamctl.errors import ForbiddenError, MissingError
from beamctl.kinds.create_with_secret import after_replacement, ids_in, is_creation_key, name_in, says_where
from beamctl.kinds.service_account import decide, operations
from beamctl.kinds.service_account import desired as document_side
from beamctl.kinds.service_account.decide import ATTRIBUTES, AccountDecider, lowers, stage_of_orphan, undo
from beamctl.kinds.service_account.desired import export, is_name
from beamctl.kinds.service_account.live import Account, Accounts, Description, accounts, attributes, description
from beamctl.kinds.service_account.matching import KIND, match, orphans
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Identity
from beamctl.plan.change import Change, Reason, Stage
from beamctl.plan.comparison import Comparison, Note, Situation
from beamctl.plan.coverage import Covered, listed_or_whole
from beamctl.plan.kind import Dependencies, Kind, Operation, Outcome, Quorum, Reading, ReadScope
from beamctl.plan.listing import Exported, Listing


class ServiceAccountKind(Kind[Accounts]):
    """Service accounts, by client id."""

    name = KIND
    section = document_side.SECTION
    grouped_by = ("role",)
    identified_by = "clientId"
    only_for_deletion = frozenset({"unfinished"})  # API keys created by the same apply may change it

    def problems(self, document: Document) -> Iterable[Problem]:
        """What the schema cannot detect in the section, including its API keys."""
        return document_side.problems(document)

    def read(self, _scope: ReadScope) -> Reading[Accounts]:
        """The listing, and whether accounts with a marker have API keys. An API without the listing has no service
        accounts."""
        try:
            payload = yield operations.LISTING
        except MissingError:
            return Accounts({}, known=False)
        found = accounts(payload)
        by_id = dict(found.by_id)
        for client_id, account in by_id.items():
            if account.unfinished:
                by_id[client_id] = replace(account, has_keys=(yield from _has_keys(client_id)))
        return replace(found, by_id=by_id)

    def listing(self, live: Accounts) -> Listing:
        """All as plain data, by name."""
        rows = sorted(map(attributes, live.by_id.values()), key=lambda row: (row["name"], row["clientId"]))
        return Listing(rows, exists=live.known)

    def export(self, live: Accounts, _now: datetime) -> Exported:
        """Every account that a document can express."""
        return export(live)

    def coverage(self, desired: Desired, live: Accounts, _today: date) -> Sequence[Covered]:
        """Every account, by the name or the id that the section lists."""
        section = desired.section(self.section)
        entries = document_side.desired_accounts(section or {})
        names = None if section is None else {each.client_id or each.name for each in entries}
        additive = desired.mode(self.section) is Mode.ADDITIVE
        found = sorted(live.by_id.values(), key=lambda account: (account.name, account.client_id))
        return [
            Covered(each.client_id, each.name, listed_or_whole(_listed_as(each, names), names, additive=additive))
            for each in found
        ]

    def updated(self, live: Accounts, key: str) -> datetime | None:
        """From the listing of accounts."""
        return live.by_id[key].updated if key in live.by_id else None

    def objects(self, live: Accounts, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Accounts as plain data: by client id, or for the key of a creation the newer account, if any."""
        found = {}
        for key in keys:
            known = ids_in(key)
            newer = [each for each in live.named(name_in(key)) if each.client_id not in known]
            there = [live.by_id[key]] if key in live.by_id else newer
            found.update({key: attributes(there[0])} if there else {})
        return found

    def unchanged(self, live: Accounts, changes: Sequence[Change]) -> tuple[str, ...]:
        """The client ids of accounts that are not changed."""
        return tuple(sorted(live.by_id.keys() - {change.key for change in changes}))

    def own_keys(self, live: Accounts, identity: Identity) -> Collection[str]:
        """The account that the credential belongs to."""
        return decide.own_keys(live, Guards(), identity)

    def compare(self, desired: Desired, live: Accounts, situation: Situation) -> Comparison:
        """Decide about every entry, and about every account without one."""
        section = document_side.desired_accounts(desired.section(self.section))
        if not live.known:
            said = fact(Code.SECTION_NOT_IN_API, section=self.section)
            return Comparison(notes=(Note(said, desired.document.key_place(self.section), differs=bool(section)),))
        lost = orphans(live, situation)
        matched = match(section, live, desired.document, lost)
        decider = AccountDecider(desired, live, decide.own_keys(live, desired.guards, situation.identity), lost.known)
        for pair in matched.pairs:
            decider.pair(pair)
        for account in matched.others:
            decider.other(account)
        if section and not live.tells_roles:
            decider.notes.append(Note(fact(Code.ACCOUNT_ROLES_NOT_SHOWN)))
        additive = desired.mode(self.section) is Mode.ADDITIVE
        name = desired.guards.runs_as.service_account if desired.guards.runs_as else ""
        known = {each.name for each in section} | {account.name for account in live.by_id.values()}
        if additive and name and name not in known:
            said = fact(Code.SELF_NOT_FOUND, name=name, section=self.section)
            place = desired.document.place("guards", "self", "serviceAccount")
            decider.notes.append(Note(said, place))
        population = len(live.by_id) - (len(matched.others) if additive else 0)
        found = self._comparison(decider, live, situation)
        return replace(found, declared=len(section), population=population)

    def undo(self, changes: Sequence[Change], desired: Desired, live: Accounts, situation: Situation) -> Comparison:
        """What restores the accounts that a run changed."""
        decider = AccountDecider(desired, live, decide.own_keys(live, desired.guards, situation.identity))
        undo(decider, changes, live)
        return self._comparison(decider, live, situation)

    def _comparison(self, decider: AccountDecider, live: Accounts, situation: Situation) -> Comparison:
        """The comparison that follows from the decisions."""
        decider.changes = situation.only_chosen(decider.changes)
        found = decider.comparison(decide.hazards(decider.changes, decider.ours), len(live.by_id))
        return replace(found, anomalies=tuple(decide.own_identity_missing(live, situation.identity)))

    def is_valid(self, change: Change) -> bool:
        """Whether a change from a file could have been planned for service accounts."""
        return is_valid(change)

    def is_in_effect(self, live: Accounts, change: Change) -> bool:
        """Whether the account is gone, or has the name, role and description that the change sets."""
        now = self.objects(live, [change.key]).get(change.key)
        if now is None or change.after is None:
            return now is None and change.after is None
        after = change.after
        return now["role"] in (after["role"], "") and all(now[key] == after[key] for key in ("name", "description"))

    def dependencies(self, changes: Sequence[Change], _quorum: Quorum) -> Dependencies:
        """An account whose secret was not handed over is deleted after its replacement is created."""
        theirs = [change for change in changes if change.kind == KIND]
        return after_replacement(theirs, lambda side: side["name"], (Reason.NOT_HANDED_OVER,))

    def perform(self, change: Change, _workspace: str) -> Operation[Outcome]:
        """Make a change to one service account."""
        return operations.perform(change)

    def why_incomplete(self, live: Accounts, _quorum_keys: Sequence[str], unchanged: Sequence[str]) -> Fact | None:
        """An unchanged account that is missing."""
        missing = tuple(key for key in unchanged if key not in live.by_id)
        return fact(Code.ACCOUNTS_MISSING, names=missing) if missing else None


def _listed_as(account: Account, names: Collection[str] | None) -> str:
    """The id if an entry names it, else the name."""
    return account.client_id if account.client_id in (names or ()) else account.name


def _has_keys(client_id: str) -> Reading[bool]:
    try:
        return bool((yield operations.keys_path(client_id)))
    except MissingError:  # an API without API keys, or the account is gone
        return False
    except ForbiddenError:
        return True


def is_valid(change: Change) -> bool:
    """Whether its values belong together."""
    before, after = change.before, change.after
    if before is None or after is None:
        return _is_creation(change, after) if after is not None else _is_deletion(change, before or {})
    if change.key != before["clientId"] or any(before[key] != after[key] for key in ("clientId", "unfinished")):
        return False
    differing = [key for key in ATTRIBUTES if before[key] != after[key]]
    if differing[:1] != [change.attribute] or change.name != after["name"]:
        return False
    if "description" in differing and not _has_no_marker(after["description"]):
        return False
    return change.attribute != "role" or lowers(before["role"], after["role"]) is (change.stage is not Stage.PROMOTE)


def _is_creation(change: Change, after: Mapping[str, Any]) -> bool:
    name = after["name"]
    named = change.name == name and is_name(name) and is_creation_key(change.key, name)
    return named and _has_no_marker(after["description"]) and says_where(change.secrets)


def _has_no_marker(text: str) -> bool:
    """Whether a description has no marker, which would say that the account may be deleted."""
    return description(text) == Description(text)


def _is_deletion(change: Change, before: Mapping[str, Any]) -> bool:
    names = (before["name"], f"{before['name']} ({before['clientId']})")
    stages = (stage_of_orphan(before), Stage.DELETE, Stage.OURSELVES)
    in_time = change.reason is not Reason.NOT_HANDED_OVER or change.stage in stages
    return change.key == before["clientId"] and change.name in names and in_time
