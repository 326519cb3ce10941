"""The kind `secret`: compares the secrets of a workspace by name and by when their values were last set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from beamctl.document.desired import Desired, Mode
from beamctl.document.document import Document
from beamctl.document.problem import Problem
from beamctl.errors import MissingError
from beamctl.kinds.operations import missing, unchanged_keys
from beamctl.kinds.secret_source import sources_are_valid, variable_for, with_sources
from beamctl.kinds.workspace_secret import live as state
from beamctl.kinds.workspace_secret import operations
from beamctl.kinds.workspace_secret.live import (
    KIND,
    PATH,
    SECTION,
    UPDATED_AFTER,
    UPDATED_AT,
    VALUE,
    WorkspaceSecret,
    WorkspaceSecrets,
    declared_time,
    is_recent,
    workspace_secrets,
)
from beamctl.model.api_call import segment
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.text import unseen
from beamctl.plan.change import ALL_ATTRIBUTES, Action, Change, Reason, Stage
from beamctl.plan.comparison import Comparison, Decisions, Note, Situation, UnchangedReason
from beamctl.plan.coverage import Covered, listed_or_whole
from beamctl.plan.kind import Kind, Operation, Outcome, Reading, ReadScope
from beamctl.plan.listing import Exported, Listing, Trail


class WorkspaceSecretKind(Kind[WorkspaceSecrets]):
    """Secrets of a workspace, by name."""

    name = KIND
    section = SECTION

    def problems(self, document: Document) -> Iterable[Problem]:
        """Values in plain text, sources that are never read, and invalid times."""
        return state.problems(document)

    def read(self, scope: ReadScope) -> Reading[WorkspaceSecrets]:
        """The listing; None if the API does not have it."""
        try:
            return workspace_secrets((yield PATH))
        except MissingError:
            yield f"/workspaces/{segment(scope.workspace)}"  # the workspace exists, only the listing does not
            return None

    def listing(self, live: WorkspaceSecrets) -> Listing:
        """Names and times."""
        found = [(live or {})[name] for name in sorted(live or {})]
        rows = [{"name": each.name, "createdAt": each.created_at, UPDATED_AT: each.updated_at} for each in found]
        return Listing(rows, exists=live is not None)

    def objects(self, live: WorkspaceSecrets, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """When each of these secrets was last set."""
        return {key: (live or {})[key].data for key in keys if key in (live or {})}

    def export(self, live: WorkspaceSecrets, _now: datetime) -> Exported:
        """Every secret, with a variable to set for its value."""
        entries: dict[str, Any] = {}
        remarks: dict[Trail, tuple[Fact, ...]] = {}
        left_out: dict[str, Fact] = {}
        taken: set[str] = set()
        for name in sorted(live or {}):
            if unseen(name):
                left_out[name] = fact(Code.NOT_EXPRESSIBLE)
                continue
            entries[name] = {VALUE: {"env": variable_for(f"SECRET_{name}", taken)}}
            remarks[(name,)] = (fact(Code.SET_VALUE_VARIABLE),)
        return Exported(entries, remarks, left_out, whole=not left_out)

    def coverage(self, desired: Desired, live: WorkspaceSecrets, _today: date) -> Sequence[Covered]:
        """Every secret."""
        section, additive = desired.section(SECTION), desired.mode(SECTION) is Mode.ADDITIVE
        return [Covered(name, name, listed_or_whole(name, section, additive=additive)) for name in sorted(live or {})]

    def updated(self, live: WorkspaceSecrets, key: str) -> datetime | None:
        """When its value was last set."""
        found = (live or {}).get(key)
        return found.updated if found else None

    def unchanged(self, live: WorkspaceSecrets, changes: Sequence[Change]) -> tuple[str, ...]:
        """All secrets that are not changed."""
        return unchanged_keys(KIND, live or {}, changes)

    def why_incomplete(
        self, live: WorkspaceSecrets, _quorum_keys: Sequence[str], unchanged: Sequence[str]
    ) -> Fact | None:
        """Unchanged secrets that are missing."""
        return missing(SECTION, live or {}, unchanged)

    def compare(self, desired: Desired, live: WorkspaceSecrets, situation: Situation) -> Comparison:
        """Secrets that are missing, that were last set too long ago, or that are not declared."""
        if live is None:
            place = desired.document.key_place(SECTION)
            return Comparison(notes=(Note(fact(Code.SECTION_NOT_IN_API, section=SECTION), place),))
        found = Decisions()
        section = desired.section(SECTION)
        for name, entry in section.items():
            _decide(found, desired, name, entry, live.get(name), situation.moment)
        undeclared = sorted(live.keys() - section.keys())
        if desired.mode(SECTION) is Mode.ADDITIVE:
            found.tally[UnchangedReason.NOT_DECLARED] += len(undeclared)
        else:
            found.changes += [_deletion(live[name], Reason.NOT_DECLARED) for name in undeclared]
        found.changes = situation.only_chosen(found.changes)
        return _comparison(found, live, len(section))

    def undo(
        self, changes: Sequence[Change], _desired: Desired, live: WorkspaceSecrets, _situation: Situation
    ) -> Comparison:
        """Delete what was created. Earlier values cannot be restored."""
        found, live = Decisions(), live or {}
        for change in changes:
            now = live.get(change.key)
            if change.before is not None:
                found.notes.append(Note(fact(Code.SECRET_CANNOT_BE_RESTORED, name=change.name)))
            elif now is None:
                found.tally[UnchangedReason.AS_BEFORE] += 1
            else:
                found.changes.append(_deletion(now, Reason.UNDOES))
        return _comparison(found, live, len(changes))

    def is_valid(self, change: Change) -> bool:
        """Whether its name, source and times belong together."""
        if change.key != change.name or not change.name:
            return False
        if change.action is Action.DELETE:
            return not change.secrets
        text = (change.after or {}).get(UPDATED_AT, "")
        return bool(change.secrets) and sources_are_valid(change) and (not text or declared_time(text) is not None)

    def perform(self, change: Change, _workspace: str) -> Operation[Outcome]:
        """Make a change to one secret."""
        return operations.perform(change)

    def is_in_effect(self, live: WorkspaceSecrets, change: Change) -> bool:
        """Whether it is gone, or exists and was set recently enough."""
        now = (live or {}).get(change.key)
        if now is None or change.after is None:
            return now is None and change.after is None
        return operations.is_in_effect(now, change)


def _decide(
    found: Decisions, desired: Desired, name: str, entry: Mapping[str, Any], now: WorkspaceSecret | None, at: datetime
) -> None:
    """Decide about one declared secret."""
    place = desired.document.key_place(SECTION, name)
    asked = entry.get(UPDATED_AFTER, "")
    if (due := declared_time(asked)) and due > at:
        due_place = desired.document.place(SECTION, name, UPDATED_AFTER)
        found.notes.append(Note(fact(Code.SECRET_DUE_LATER, name=name, time=asked), due_place))
        asked = ""
    after = {UPDATED_AT: asked} if asked else {}
    if now is None:
        action, stage, reason, before = Action.CREATE, Stage.CREATE, Reason.NOT_THERE, None
    elif is_recent(now, asked):
        if asked and now.updated is None:
            found.notes.append(Note(fact(Code.SECRET_AGE_UNKNOWN, name=name), place))
        found.tally[UnchangedReason.UNCHANGED] += 1
        return
    else:
        action, stage, reason, before = Action.UPDATE, Stage.UPDATE, Reason.VALUE_DIFFERS, now.data
    change = Change(KIND, name, name, action, stage, ALL_ATTRIBUTES, before, after, reason, place)
    found.changes.append(with_sources(change, {VALUE: entry[VALUE]}, desired))


def _deletion(secret: WorkspaceSecret, reason: Reason) -> Change:
    return Change(
        KIND, secret.name, secret.name, Action.DELETE, Stage.DELETE, ALL_ATTRIBUTES, secret.data, None, reason
    )


def _comparison(found: Decisions, live: Mapping[str, WorkspaceSecret], declared: int) -> Comparison:
    return Comparison(
        changes=tuple(found.changes),
        notes=tuple(found.notes),
        tally=found.tally,
        declared=declared,
        seen=len(live),
        population=len(live),
    )
