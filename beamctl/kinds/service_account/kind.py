"""Service accounts: how the document and the API compare. Which entry means which account stands in `match`, what
follows in `judge`, the risks in `hazards`; this must not know how a call travels or how a change is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from beamctl.document.document import Desired, Document, Guards, Mode
from beamctl.document.problem import Problem
from beamctl.errors import ForbiddenError, MissingError
from beamctl.kinds.create_with_secret import after_replacement
from beamctl.kinds.creation_key import beside, name_in
from beamctl.kinds.service_account import desired as document_side
from beamctl.kinds.service_account import hazards, lookup, operations
from beamctl.kinds.service_account.decide import AccountDecider
from beamctl.kinds.service_account.export import export
from beamctl.kinds.service_account.live import Accounts, accounts, attributes, digest
from beamctl.kinds.service_account.matching import match
from beamctl.kinds.service_account.pending_secrets import KIND, orphans
from beamctl.kinds.service_account.undo import undo
from beamctl.kinds.service_account.validity import is_sound
from beamctl.model.identity import Identity
from beamctl.plan.change import Change, Reason
from beamctl.plan.comparison import Comparison, Note, Preconditions, Situation
from beamctl.plan.export import Exported
from beamctl.plan.kind import Conversation, Dependencies, Goes, Independent, Reading
from beamctl.plan.listing import Shown


class ServiceAccountKind(Independent):
    """Implements `beamctl.plan.kind.Kind` for service accounts."""

    name = KIND
    section = document_side.SECTION
    never_empty = False
    only_for_deletion = frozenset({"unfinished"})  # which the API keys that the same apply makes may change

    def problems(self, document: Document) -> Iterable[Problem]:
        """What the schema cannot see in the section, its API keys among it."""
        return document_side.problems(document)

    def is_declared(self, desired: Desired) -> bool:
        """Whether there is the section."""
        return desired.section(self.section) is not None

    def read(self, workspace: str, goes: Goes) -> Reading[Accounts]:  # noqa: ARG002 - a header tells the workspace
        """The one listing, and whether those have API keys that look as if nobody could use them. An API without it has
        no service accounts."""
        try:
            payload = yield lookup.LISTING
        except MissingError:
            return Accounts({}, known=False)
        found = accounts(payload)
        by_id = dict(found.by_id)
        for client_id, account in by_id.items():
            if account.unfinished:
                by_id[client_id] = replace(account, has_keys=(yield from _has_keys(client_id)))
        return replace(found, by_id=by_id)

    def shown(self, live: Accounts) -> Shown:
        """All as plain data, by name."""
        return Shown(sorted(map(attributes, live.by_id.values()), key=lambda row: (row["name"], row["clientId"])))

    def export(self, live: Accounts, now: datetime) -> Exported:  # noqa: ARG002 - nothing of it ends
        """Every account that a document can mean."""
        return export(live)

    def digest(self, live: Accounts) -> str:
        """Of all of them."""
        return digest(live)

    def objects(self, live: Accounts, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Accounts as plain data: by client id, or by what one is to be made beside, where there is a newer one."""
        found = {}
        for key in keys:
            known = beside(key)
            newer = [each for each in live.named(name_in(key)) if each.client_id not in known]
            there = [live.by_id[key]] if key in live.by_id else newer
            found.update({key: attributes(there[0])} if there else {})
        return found

    def untouched(self, live: Accounts, changes: Sequence[Change]) -> tuple[str, ...]:
        """The client ids to which nothing is done."""
        return tuple(sorted(live.by_id.keys() - {change.key for change in changes}))

    def footing(self, live: Accounts, changes: Sequence[Change], situation: Situation) -> Preconditions:  # noqa: ARG002
        """No service account is needed for people to get in."""
        return Preconditions(seen=len(live.by_id), population=len(live.by_id))

    def ourselves(self, live: Accounts, identity: Identity) -> Collection[str]:
        """Which of them the credential is of."""
        return hazards.ourselves(live, Guards(), identity)

    def compare(self, desired: Desired, live: Accounts, situation: Situation) -> Comparison:
        """One verdict an entry, and one an account that no entry means."""
        section = document_side.wanted(desired.section(self.section))
        if not live.known:
            text = "the API has no service accounts here, so what the document says of them is left"
            return Comparison(notes=(Note(text, desired.document.key_place(self.section), differs=bool(section)),))
        lost = orphans(live, situation)
        matched = match(section, live, desired.document, lost)
        judge = AccountDecider(desired, live, hazards.ourselves(live, desired.guards, situation.identity), lost.known)
        for pair in matched.pairs:
            judge.pair(pair)
        for account in matched.others:
            judge.other(account)
        if section and not live.tells_roles:
            judge.notes.append(
                Note("the API shows no roles of service accounts, so those that the document gives are not compared")
            )
        additive = desired.mode(self.section) is Mode.ADDITIVE
        name = desired.guards.runs_as.service_account if desired.guards.runs_as else ""
        known = {each.name for each in section} | {account.name for account in live.by_id.values()}
        if additive and name and name not in known:
            text = f"guards.self names {name}, which is neither in the workspace nor under {self.section}"
            place = desired.document.place("guards", "self", "serviceAccount")
            judge.notes.append(Note(f"{text}: check the spelling", place))
        population = len(live.by_id) - (len(matched.others) if additive else 0)
        found = self._judged(judge, live, situation)
        return replace(found, wanted=len(section), population=population)

    def undo(self, changes: Sequence[Change], desired: Desired, live: Accounts, situation: Situation) -> Comparison:
        """What would make the accounts that a run changed what they were before."""
        judge = AccountDecider(desired, live, hazards.ourselves(live, desired.guards, situation.identity))
        undo(judge, changes, live)
        return self._judged(judge, live, situation)

    def _judged(self, judge: AccountDecider, live: Accounts, situation: Situation) -> Comparison:
        """What follows from what was decided about each: all may be changed, and are wanted."""
        return Comparison(
            changes=tuple(judge.changes),
            hazards=tuple(hazards.hazards(judge.changes, judge.ours)),
            doubts=tuple(hazards.strangers(live, situation.identity)),
            notes=tuple(judge.notes),
            tally=judge.tally,
            wanted=len(live.by_id),
            seen=len(live.by_id),
            population=len(live.by_id),
        )

    def is_sound(self, change: Change) -> bool:
        """Whether a change that was read from a file is one that is planned for service accounts."""
        return is_sound(change)

    def shows(self, live: Accounts, change: Change) -> bool:
        """Whether the account is gone, or has the name, role and description that the change gives it."""
        now = self.objects(live, [change.key]).get(change.key)
        if now is None or change.after is None:
            return now is None and change.after is None
        after = change.after
        return now["role"] in (after["role"], "") and all(now[key] == after[key] for key in ("name", "description"))

    def dependencies(self, changes: Sequence[Change], relies_on: Sequence[str], keeps: int) -> Dependencies:  # noqa: ARG002
        """An account whose secret was not handed over goes only once the one in its place is created."""
        theirs = [change for change in changes if change.kind == KIND]
        return after_replacement(theirs, lambda side: side["name"], (Reason.NOT_HANDED_OVER,))

    def perform(self, change: Change, workspace: str) -> Conversation:  # noqa: ARG002 - as above
        """Make a change to one service account."""
        return operations.perform(change)

    def doubt(self, live: Accounts, relies_on: Sequence[str], stays: Sequence[str]) -> str:  # noqa: ARG002 - the port's
        """Which one is gone though nothing was to be done to it."""
        missing = [key for key in stays if key not in live.by_id]
        if not missing:
            return ""
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        return f"the service account {missing[0]}{more} should be untouched, and is no longer shown: is that all?"


def _has_keys(client_id: str) -> Reading[bool]:
    try:
        return bool((yield lookup.keys_path(client_id)))
    except MissingError:  # an API without them, or it is gone
        return False
    except ForbiddenError:
        return True
