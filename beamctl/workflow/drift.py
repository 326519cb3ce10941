"""Compares workspaces with their documents, changing nothing: what differs, why, and how much is managed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from beamctl.document.load import SourceText
from beamctl.model.shard import Shard, ShardScope
from beamctl.plan.known_drift import Known, KnownResult, without_known
from beamctl.plan.plan import Plan
from beamctl.report.data import DriftDetails, WorkspaceFailure
from beamctl.report.wording import words
from beamctl.runs.folder import RecordFolder
from beamctl.runs.last_run import LastRuns
from beamctl.workflow.attribution import Seen, attribute
from beamctl.workflow.base_document import named_bases
from beamctl.workflow.connection import Access, skew_note
from beamctl.workflow.documents import desired_in, unread_note
from beamctl.workflow.failures import failure_of, raise_if_alone
from beamctl.workflow.looks import Looks, Notify
from beamctl.workflow.plan import with_clocks
from beamctl.workflow.shards import covered, scope_of

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
        order: All of these workspaces in the order of the documents.
    """

    plans: tuple[Plan, ...]
    details: DriftDetails = field(default_factory=DriftDetails)
    seen: tuple[Seen, ...] = ()
    failures: tuple[WorkspaceFailure, ...] = ()
    scope: ShardScope | None = None
    order: tuple[str, ...] = ()


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
    note = _once(note)
    with ExitStack() as stack:
        whole = desired_in(request.sources, request.workspaces)
        scope = scope_of(whole, request.shard)
        documents = covered(whole, scope)
        bases = named_bases(documents, request.base, request.files) if request.base else {}
        if text := unread_note(request.files):
            note(text)
        looks = Looks(documents, access, stack, LastRuns(records), note)
        looks.take(request.looks)
        coverage = looks.coverage() if request.coverage else {}
        raise_if_alone(looks.failed.values(), len(whole))
        seen, known = _without_known(looks.seen(), request.known)
        attributed = attribute(seen, bases, request.files, records, note)
        links = [looks.workspaces[each.desired.workspace].link for each in seen]
        plans = tuple(with_clocks(now.plan, link) for now, link in zip(seen, links, strict=True))
        for text in filter(None, (words(skew_note(link.skew())) for link in links)):
            note(f"Note: {text}.")
    return Drifted(
        plans,
        replace(attributed, known=known, coverage=coverage, passing=looks.passing()),
        tuple(seen),
        tuple(failure_of(each, looks.failed[each.workspace]) for each in documents if each.workspace in looks.failed),
        scope,
        tuple(each.workspace for each in documents),
    )


def _once(note: Notify) -> Notify:
    """Show each note once, however many workspaces it is about."""
    shown: set[str] = set()

    def show(text: str) -> None:
        if text not in shown:
            shown.add(text)
            note(text)

    return show


def _without_known(seen: Sequence[Seen], known: Sequence[Known]) -> tuple[list[Seen], tuple[KnownResult, ...]]:
    """The looks without known drift. The day is that of the API."""
    if not known or not seen:
        return list(seen), ()
    today = max(each.situation.today for each in seen)
    plans, results = without_known([each.plan for each in seen], known, today)
    return [replace(each, plan=plan) for each, plan in zip(seen, plans, strict=True)], results
