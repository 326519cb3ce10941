"""Compares workspaces with their documents, changing nothing: what differs, why, and how much is managed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from beamctl.document.desired import Desired
from beamctl.document.load import SourceText
from beamctl.errors import BeamctlError, InterruptedRunError, UsageError
from beamctl.kinds.registry import all_kinds
from beamctl.model.shard import Shard, ShardScope
from beamctl.plan.across_kinds import see
from beamctl.plan.comparison import Situation
from beamctl.plan.coverage import KindCoverage
from beamctl.plan.guards import NO_FLOORS
from beamctl.plan.known_drift import Known, KnownResult, without_known
from beamctl.plan.listing import Unreadable
from beamctl.plan.plan import Plan
from beamctl.report.data import DriftDetails, WorkspaceFailure
from beamctl.report.wording import words
from beamctl.runs.folder import RecordFolder
from beamctl.runs.last_run import LastRun, last_run
from beamctl.workflow.attribution import Seen, attribute, look
from beamctl.workflow.base_document import named_bases
from beamctl.workflow.connection import Access, Link, open_link, skew_note
from beamctl.workflow.documents import desired_in, named_files, unread_note
from beamctl.workflow.failures import ISOLATED, failure_of, raise_if_alone
from beamctl.workflow.plan import situation, with_clocks
from beamctl.workflow.shards import covered, scope_of

Notify = Callable[[str], None]

BETWEEN_LOOKS = 10.0
"""Seconds between two looks at the same workspace."""
MOST_LOOKS = 10


@dataclass(frozen=True, slots=True)
class DriftRequest:
    """What to find out about drift.

    Attributes:
        files: The names of the documents.
        sources: The documents.
        workspaces: The workspaces; empty for all.
        base: The commit to compare with; empty for that of the last complete apply, if it is recorded.
        looks: How often a difference must be seen.
        known: Differences that are accepted for a while.
        coverage: Whether to count what is managed.
        shard: The part of the workspaces to compare; None for all.
    """

    files: Sequence[str]
    sources: Sequence[SourceText]
    workspaces: Sequence[str] = ()
    base: str = ""
    looks: int = 1
    known: Sequence[Known] = ()
    coverage: bool = False
    shard: Shard | None = None


@dataclass(frozen=True, slots=True)
class Drifted:
    """What was found.

    Attributes:
        plans: The plan of each workspace, without floors: hazards do not matter, because nothing is changed.
        details: Why, since when, and what else was asked for.
        seen: The looks at each workspace that the plans are from.
        failures: The workspaces that could not be read.
        scope: What the shard is a part of; None if all were compared.
    """

    plans: tuple[Plan, ...]
    details: DriftDetails = field(default_factory=DriftDetails)
    seen: tuple[Seen, ...] = ()
    failures: tuple[WorkspaceFailure, ...] = ()
    scope: ShardScope | None = None


@dataclass(frozen=True, slots=True)
class _Workspace:
    """One workspace that is looked at."""

    desired: Desired
    link: Link
    last: LastRun

    def look(self) -> Seen:
        """Read the workspace and compare it."""
        return look(self.desired, self.link.reader, lambda: situation(self.link, self.last, NO_FLOORS))


def drift(request: DriftRequest, access: Access, records: RecordFolder, note: Notify) -> Drifted:
    """Compare every workspace with its document.

    Args:
        request: What to find out.
        access: How to reach the API.
        records: The run records.
        note: Called with notes for the user.

    Raises:
        DocumentError: A document is invalid, or was at the base.
        UsageError: The base cannot be read.
        ApiError: A workspace cannot be read.
    """
    with ExitStack() as stack:
        whole = desired_in(request.sources, request.workspaces)
        scope = scope_of(whole, request.shard)
        documents = covered(whole, scope)
        files = named_files(request.files)
        bases = named_bases(documents, request.base, files) if request.base else {}
        if text := unread_note(request.files):
            note(text)
        failed: dict[str, BeamctlError] = {}
        all_of_them = list(
            _opened(documents, access, stack, failed, lambda name, api: _last_run(records, name, api, note))
        )
        seen, passing = _confirmed(all_of_them, request.looks, failed)
        raise_if_alone(failed.values(), len(whole))
        all_of_them = [each for each in all_of_them if each.desired.workspace not in failed]
        seen, known = _without_known(seen, request.known)
        attributed = attribute(seen, bases, files, records, note)
        coverage = {
            each.desired.workspace: _coverage(each.desired, each.link, now.situation)
            for each, now in zip(all_of_them, seen, strict=True)
            if request.coverage
        }
        plans = tuple(with_clocks(now.plan, each.link) for each, now in zip(all_of_them, seen, strict=True))
        for text in filter(None, dict.fromkeys(words(skew_note(each.link.skew())) for each in all_of_them)):
            note(f"Note: {text}.")
    return Drifted(
        plans,
        replace(attributed, known=known, coverage=coverage, passing=passing),
        tuple(seen),
        tuple(failure_of(each, failed[each.workspace]) for each in documents if each.workspace in failed),
        scope,
    )


def _opened(
    documents: Sequence[Desired],
    access: Access,
    stack: ExitStack,
    failed: dict[str, BeamctlError],
    last: Callable[[str, str], LastRun],
) -> Iterator[_Workspace]:
    """The workspaces that could be opened. The errors of the others are added to `failed`."""
    for each in documents:
        try:
            link = stack.enter_context(open_link(access, each.workspace))
        except ISOLATED as error:
            failed[each.workspace] = error
        else:
            yield _Workspace(each, link, last(each.workspace, link.api_url))


def _confirmed(
    workspaces: Sequence[_Workspace], looks: int, failed: dict[str, BeamctlError]
) -> tuple[list[Seen], Mapping[str, tuple[str, ...]]]:
    """The last look at each workspace, with the differences that every look showed; and the names of the others.

    A workspace without differences is not looked at again. The errors of those that cannot be read are added to
    `failed`.
    """

    def looked(each: _Workspace) -> Iterator[Seen]:
        try:
            yield each.look()
        except ISOLATED as error:
            failed[each.desired.workspace] = error

    first = {each.desired.workspace: now for each in workspaces for now in looked(each)}
    seen = dict(first)
    passing: dict[str, tuple[str, ...]] = {}
    for _ in range(1, looks):
        again = [each for each in workspaces if (now := seen.get(each.desired.workspace)) and now.plan.differs]
        if not again:
            break
        if not again[0].link.pause(BETWEEN_LOOKS):
            raise InterruptedRunError("interrupted between two looks at the workspace")
        for each in again:
            before = seen.pop(each.desired.workspace)
            for now in looked(each):
                seen[each.desired.workspace] = _in_both(before, now)
    for name, now in seen.items():
        left = {change.id for change in now.plan.changes}
        gone = tuple(change.name for change in first[name].plan.changes if change.id not in left)
        passing |= {name: gone} if gone else {}
    return [seen[name] for name in first if name in seen], passing


def _in_both(earlier: Seen, later: Seen) -> Seen:
    """The later look, without differences that the earlier one did not show in the same way."""
    before = {change.id: (change.before, change.after) for change in earlier.plan.changes}
    facts = {note.fact for note in earlier.plan.notes if note.differs}
    plan = later.plan
    changes = (each for each in plan.changes if before.get(each.id) == (each.before, each.after))
    notes = (each for each in plan.notes if not each.differs or each.fact in facts)
    return replace(later, plan=replace(plan, changes=tuple(changes), notes=tuple(notes)))


def _without_known(seen: Sequence[Seen], known: Sequence[Known]) -> tuple[list[Seen], tuple[KnownResult, ...]]:
    """The looks without known drift. The day is that of the API."""
    if not known or not seen:
        return list(seen), ()
    today = max(each.situation.today for each in seen)
    plans, results = without_known([each.plan for each in seen], known, today)
    return [replace(each, plan=plan) for each, plan in zip(seen, plans, strict=True)], results


def _coverage(desired: Desired, link: Link, now: Situation) -> tuple[KindCoverage, ...]:
    """What is managed of each kind, also of those that the document does not declare."""
    found = []
    for kind, live in see(all_kinds(), desired.workspace, link.reader):
        if isinstance(live, Unreadable):
            found.append(KindCoverage(kind.name, kind.section, (), live.why))
            continue
        objects: Any = kind.coverage(desired, live, now.today)
        found.append(KindCoverage(kind.name, kind.section, tuple(objects), kind.listing(live).unread))
    return tuple(found)


def _last_run(records: RecordFolder, workspace: str, api: str, note: Notify) -> LastRun:
    """The last recorded run, if records can be read. Drift needs it only to explain unfinished secrets."""
    try:
        return last_run(records, workspace, api)
    except UsageError as error:
        note(f"Note: run records were not read: {error.message}.")
        return LastRun()
