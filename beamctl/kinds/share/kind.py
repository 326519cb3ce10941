"""The kind `share`: with which workspaces images and custom domains are shared. The images and domains themselves are
not managed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from beamctl.document.desired import Desired, Mode
from beamctl.document.document import Document
from beamctl.document.problem import Place, Problem, ProblemCode, quoted
from beamctl.kinds.operations import missing, unchanged_keys
from beamctl.kinds.share import operations
from beamctl.kinds.share.live import KIND, PENDING, SECTION, LiveShares, Share, Shareable, read_shares, share_of
from beamctl.model.api_call import segment
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.text import printable, unseen
from beamctl.plan.change import ALL_ATTRIBUTES, Action, Change, Reason, Stage
from beamctl.plan.comparison import Comparison, Decisions, Note, Situation, UnchangedReason
from beamctl.plan.coverage import Covered, listed_or_whole
from beamctl.plan.hazard import Hazard, Risk
from beamctl.plan.kind import Kind, Operation, Outcome, Reading, ReadScope
from beamctl.plan.listing import Exported, Listing


class ShareKind(Kind[LiveShares]):
    """Shares, by object and workspace."""

    name = KIND
    section = SECTION
    grouped_by = ("workspace",)

    def problems(self, document: Document) -> Iterator[Problem]:
        """Shares with the workspace itself, and duplicates."""
        data = document.data if isinstance(document.data, dict) else {}
        seen: dict[str, Place] = {}
        for share, place in _declared(document):
            if share.workspace == data.get("workspace"):
                message = f"{quoted(share.workspace)} is the workspace of this document"
                yield Problem(place, ProblemCode.INVALID_NAME, message, "name another workspace")
            if share.key in seen:
                message = f"{quoted(share.workspace)} is already listed on line {seen[share.key].line}"
                yield Problem(place, ProblemCode.DUPLICATE_ENTRY, message, "remove one of the two")
            seen.setdefault(share.key, place)

    def read(self, scope: ReadScope) -> Reading[LiveShares]:
        """The shares of all images and custom domains of the workspace, with one request for each."""
        found = yield from read_shares()
        if not found.owners:
            yield f"/workspaces/{segment(scope.workspace)}"  # the workspace exists, only the listings do not
        return found

    def listing(self, live: LiveShares) -> Listing:
        """Each share with its status."""
        found = [live.by_key[key] for key in sorted(live.by_key)]
        rows = [
            {"name": each.key, "workspace": each.workspace, "status": each.status, "accountId": each.account_id}
            for each in found
        ]
        return Listing(rows, exists=bool(live.owners))

    def objects(self, live: LiveShares, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """The shares with these keys."""
        return {key: live.by_key[key].data for key in keys if key in live.by_key}

    def export(self, live: LiveShares, _now: datetime) -> Exported:
        """Every share."""
        entries: dict[str, dict[str, list[str]]] = {}
        left_out: dict[str, Fact] = {}
        for key in sorted(live.by_key):
            each = live.by_key[key]
            if unseen(key):
                left_out[key] = fact(Code.NOT_EXPRESSIBLE)
            else:
                entries.setdefault(each.what.key, {}).setdefault(each.name, []).append(each.workspace)
        return Exported(entries, left_out=left_out, whole=not left_out)

    def coverage(self, desired: Desired, live: LiveShares, _today: date) -> Sequence[Covered]:
        """Every share."""
        additive = desired.mode(SECTION) is Mode.ADDITIVE
        keys = None if desired.section(SECTION) is None else {each.key for each, _ in _declared(desired.document)}
        return [Covered(key, key, listed_or_whole(key, keys, additive=additive)) for key in sorted(live.by_key)]

    def unchanged(self, live: LiveShares, changes: Sequence[Change]) -> tuple[str, ...]:
        """All shares that are not changed."""
        return unchanged_keys(KIND, live.by_key, changes)

    def why_incomplete(self, live: LiveShares, _quorum_keys: Sequence[str], unchanged: Sequence[str]) -> Fact | None:
        """Unchanged shares that are missing."""
        return missing(SECTION, live.by_key, unchanged)

    def compare(self, desired: Desired, live: LiveShares, situation: Situation) -> Comparison:
        """Shares that are missing or not declared."""
        found, declared, skipped = Decisions(), dict[str, Share](), dict[Shareable, Note]()
        for share, place in _declared(desired.document):
            declared[share.key] = share
            if share.key in live.by_key:
                is_pending = live.by_key[share.key].status == PENDING
                found.tally[UnchangedReason.PENDING if is_pending else UnchangedReason.UNCHANGED] += 1
            elif share.what not in live.owners:
                section = desired.document.key_place(SECTION, share.what.key)
                skipped[share.what] = Note(fact(Code.SHARES_NOT_IN_API, section=share.what.key), section)
            elif why := _why_not(share, live):
                found.notes.append(Note(why, place, differs=True))
            else:
                found.changes.append(_creation(share, Reason.NOT_THERE, place))
        found.notes += skipped.values()
        undeclared = sorted(live.by_key.keys() - declared.keys())
        if desired.mode(SECTION) is Mode.ADDITIVE:
            found.tally[UnchangedReason.NOT_DECLARED] += len(undeclared)
        else:
            found.changes += [_deletion(live.by_key[key], Reason.NOT_DECLARED) for key in undeclared]
        found.changes = situation.only_chosen(found.changes)
        return _comparison(found, live, _outside(found.changes, desired.guards.allowed_workspaces), len(declared))

    def undo(self, changes: Sequence[Change], desired: Desired, live: LiveShares, _situation: Situation) -> Comparison:
        """End the shares that were made, and share again what no longer is."""
        found = Decisions()
        for change in changes:
            share, now = share_of(change.key), live.by_key.get(change.key)
            if (now is None) == (change.before is None):
                found.tally[UnchangedReason.AS_BEFORE] += 1
            elif now is not None:
                found.changes.append(_deletion(now, Reason.UNDOES))
            elif why := _why_not(share, live):
                found.notes.append(Note(why))
            else:
                found.changes.append(_creation(share, Reason.UNDOES, None))
        return _comparison(found, live, _outside(found.changes, desired.guards.allowed_workspaces), len(changes))

    def is_valid(self, change: Change) -> bool:
        """Whether its key is that of a share, and its name and workspace are those of the key."""
        try:
            share = share_of(change.key)
        except ValueError:
            return False
        return change.name == change.key and all(
            side == share.data for side in (change.before, change.after) if side is not None
        )

    def perform(self, change: Change, _workspace: str) -> Operation[Outcome]:
        """Make a change to one share."""
        return operations.perform(change, share_of(change.key))

    def is_in_effect(self, live: LiveShares, change: Change) -> bool:
        """Whether the object is shared, or no longer."""
        return (change.key in live.by_key) == (change.after is not None)


def _declared(document: Document) -> Iterator[tuple[Share, Place]]:
    """The declared shares. Whatever violates the schema is ignored."""
    section = document.data.get(SECTION) if isinstance(document.data, dict) else None
    for what in Shareable:
        objects = section.get(what.key) if isinstance(section, dict) else None
        for name, workspaces in objects.items() if isinstance(objects, dict) else ():
            for index, workspace in enumerate(workspaces if isinstance(workspaces, list) else ()):
                if isinstance(workspace, str):
                    yield Share(what, name, workspace), document.place(SECTION, what.key, name, index)


def _why_not(share: Share, live: LiveShares) -> Fact | None:
    """Why it cannot be shared, if the API does not show the object as one of this workspace."""
    objects = live.owners.get(share.what)
    if objects is None:
        return fact(Code.SHARES_NOT_IN_API, section=share.what.key)
    if share.name not in objects:
        return fact(Code.NOTHING_TO_SHARE, name=share.name, section=share.what.key)
    return fact(Code.SHARED_BY_ANOTHER, name=share.name, owner=objects[share.name]) if objects[share.name] else None


def _outside(changes: Iterable[Change], allowed: Sequence[str]) -> Iterator[Hazard]:
    for change in changes:
        share = share_of(change.key)
        if change.action is Action.CREATE and share.workspace not in allowed:
            said = fact(Code.SHARED_OUTSIDE, name=printable(share.name), workspace=printable(share.workspace))
            yield Hazard(Risk.SHARES_OUTSIDE, printable(share.key), said)


def _creation(share: Share, reason: Reason, place: Place | None) -> Change:
    key, after = share.key, share.data
    return Change(KIND, key, key, Action.CREATE, Stage.CREATE, ALL_ATTRIBUTES, None, after, reason, place)


def _deletion(share: Share, reason: Reason) -> Change:
    key, before = share.key, share.data
    return Change(KIND, key, key, Action.DELETE, Stage.DELETE, ALL_ATTRIBUTES, before, None, reason)


def _comparison(found: Decisions, live: LiveShares, hazards: Iterable[Hazard], declared: int) -> Comparison:
    return Comparison(
        changes=tuple(found.changes),
        hazards=tuple(hazards),
        notes=tuple(found.notes),
        tally=found.tally,
        declared=declared,
        seen=len(live.by_key),
        population=len(live.by_key),
    )
