"""Looks at workspaces for drift, several at a time, once or repeatedly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, TypeVar

from beamctl.document.desired import Desired
from beamctl.errors import BeamctlError, InterruptedRunError, UsageError
from beamctl.kinds.registry import all_kinds
from beamctl.plan.across_kinds import Readings, seen, sights
from beamctl.plan.coverage import KindCoverage
from beamctl.plan.guards import NO_FLOORS
from beamctl.plan.kind import Kind
from beamctl.plan.listing import Unreadable
from beamctl.runs.last_run import LastRun, LastRuns
from beamctl.workflow.attribution import Seen, looked
from beamctl.workflow.concurrent_reads import Opening, WorkspaceReads, read_workspaces
from beamctl.workflow.connection import Access, Link, open_link
from beamctl.workflow.plan import readings, situation

Notify = Callable[[str], None]
T = TypeVar("T")

BETWEEN_LOOKS = 10.0
"""Seconds between two looks at the same workspace."""


@dataclass(frozen=True, slots=True)
class _Workspace:
    """One workspace that is looked at."""

    desired: Desired
    link: Link
    last: LastRun

    def looking(self) -> WorkspaceReads[Seen]:
        """What is read to compare the workspace."""
        return self._reads(
            readings(self.desired), lambda live: looked(self.desired, live, situation(self.link, self.last, NO_FLOORS))
        )

    def counting(self, today: date) -> WorkspaceReads[tuple[KindCoverage, ...]]:
        """What is read to count what is managed of each kind, also of those that the document does not declare."""
        name = self.desired.workspace
        return self._reads(
            sights(all_kinds(), name), lambda live: _coverage(self.desired, seen(all_kinds(), live), today)
        )

    def _reads(self, what: Readings, then: Callable[[Mapping[str, Any]], T]) -> WorkspaceReads[T]:
        return WorkspaceReads(self.desired.workspace, self.link.silent_reader, what, then)


class Looks:
    """Looks at workspaces.

    Attributes:
        workspaces: Those that could be opened, by name.
        failed: The errors of those that could not be opened or read, by name.
    """

    def __init__(
        self, documents: Sequence[Desired], access: Access, stack: ExitStack, last: LastRuns, note: Notify
    ) -> None:
        self.workspaces: dict[str, _Workspace] = {}
        self.failed: dict[str, BeamctlError] = {}
        self._documents = documents
        self._access = access
        self._stack = stack
        self._last = last
        self._note = note
        self._first: dict[str, Seen] = {}
        self._seen: dict[str, Seen] = {}

    def take(self, looks: int) -> None:
        """Look at all workspaces, and again at those that differ, so that only what every look showed is left."""
        names = [each.workspace for each in self._documents]
        self._first = self._read(names, [partial(self._opened, each) for each in self._documents])
        self._seen = dict(self._first)
        for _ in range(1, looks):
            again = [self.workspaces[name] for name, now in self._seen.items() if now.plan.differs]
            if not again:
                return
            if not self._access.pause(BETWEEN_LOOKS):
                raise InterruptedRunError("interrupted between two looks at the workspace")
            now = self._read([each.desired.workspace for each in again], [each.looking for each in again])
            self._seen |= {name: _in_both(self._seen[name], each) for name, each in now.items()}

    def coverage(self) -> Mapping[str, tuple[KindCoverage, ...]]:
        """What is managed of each kind, by workspace."""
        seen = self.seen()
        counting = [partial(self.workspaces[each.desired.workspace].counting, each.situation.today) for each in seen]
        return self._read([each.desired.workspace for each in seen], counting)

    def seen(self) -> list[Seen]:
        """The last look at each workspace, with the differences that every look showed."""
        return [now for name, now in self._seen.items() if name not in self.failed]

    def passing(self) -> Mapping[str, tuple[str, ...]]:
        """By workspace, the names of what not every look showed."""
        found: dict[str, tuple[str, ...]] = {}
        for now in self.seen():
            left = {change.id for change in now.plan.changes}
            first = self._first[now.desired.workspace].plan.changes
            if gone := tuple(change.name for change in first if change.id not in left):
                found[now.desired.workspace] = gone
        return found

    def _opened(self, desired: Desired) -> WorkspaceReads[Seen]:
        link = self._stack.enter_context(open_link(self._access, desired.workspace))
        last = _last_run(self._last, desired.workspace, link.api_url, self._note)
        opened = self.workspaces[desired.workspace] = _Workspace(desired, link, last)
        return opened.looking()

    def _read(self, names: Sequence[str], openings: Sequence[Opening[T]]) -> dict[str, T]:
        """The results by workspace, without those that failed."""
        found: dict[str, T] = {}
        results = read_workspaces(openings, self._access.reads)
        for name, result in zip(names, results, strict=True):
            if isinstance(result, BeamctlError):
                self.failed[name] = result
            else:
                found[name] = result
        return found


def _in_both(earlier: Seen, later: Seen) -> Seen:
    """The later look, without differences that the earlier one did not show in the same way."""
    before = {change.id: (change.before, change.after) for change in earlier.plan.changes}
    facts = {note.fact for note in earlier.plan.notes if note.differs}
    plan = later.plan
    changes = (each for each in plan.changes if before.get(each.id) == (each.before, each.after))
    notes = (each for each in plan.notes if not each.differs or each.fact in facts)
    return replace(later, plan=replace(plan, changes=tuple(changes), notes=tuple(notes)))


def _coverage(desired: Desired, found: Sequence[tuple[Kind[Any], Any]], today: date) -> tuple[KindCoverage, ...]:
    coverage = []
    for kind, live in found:
        if isinstance(live, Unreadable):
            coverage.append(KindCoverage(kind.name, kind.section, (), live.why))
            continue
        objects: Any = kind.coverage(desired, live, today)
        coverage.append(KindCoverage(kind.name, kind.section, tuple(objects), kind.listing(live).unread))
    return tuple(coverage)


def _last_run(records: LastRuns, workspace: str, api: str, note: Notify) -> LastRun:
    """The last recorded run, if records can be read. Drift needs it only to explain unfinished secrets."""
    try:
        return records.of(workspace, api)
    except UsageError as error:
        note(f"Note: run records were not read: {error.message}.")
        return LastRun()
