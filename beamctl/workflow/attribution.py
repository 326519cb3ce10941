"""Says why workspaces differ from their documents: compares with the documents at an earlier commit, and with run
records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beamctl.document.desired import Desired
from beamctl.errors import DocumentError, UsageError
from beamctl.kinds.registry import kinds_for
from beamctl.plan.change import Change, ChangeId
from beamctl.plan.comparison import Situation
from beamctl.plan.coverage import Coverage
from beamctl.plan.kind import Kind
from beamctl.plan.plan import Plan, managed
from beamctl.plan.three_way import BaseView, Origin, is_fine_now, origin
from beamctl.report.data import ComparedWith, DriftDetails
from beamctl.runs.commit import DIRTY
from beamctl.runs.evidence import Evidence, evidence_of
from beamctl.runs.folder import RecordFolder
from beamctl.secrets.sources import with_source_hazards
from beamctl.workflow.base_document import Base, Bases
from beamctl.workflow.plan import compared

_UNREADABLE = BaseView(None, decides=False, is_comparable=False)
"""How a base sees an object if it should be known, but cannot be read."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a workspace.

    Attributes:
        desired: Its document.
        plan: What differs, without what is not counted.
        live: By kind, what was read.
        situation: What the comparison depended on.
        differing: Everything that differs, whether it is counted or not.
    """

    desired: Desired
    plan: Plan
    live: Mapping[str, Any]
    situation: Situation
    differing: frozenset[ChangeId]


def looked(desired: Desired, live: Mapping[str, Any], now: Situation) -> Seen:
    """Compare a workspace that was just read with its document."""
    plan = with_source_hazards(compared(desired, live, now))
    return Seen(desired, plan, live, now, frozenset(change.id for change in plan.changes))


def attribute(
    seen: Sequence[Seen],
    bases: Mapping[str, Base],
    named: Sequence[str],
    records: RecordFolder,
    note: Callable[[str], None],
) -> DriftDetails:
    """The origin of each difference.

    Args:
        seen: The workspaces.
        bases: The documents at the commit that the user named; empty for those of the last complete applies.
        named: The files and directories of this run.
        records: The run records.
        note: Called with notes for the user.
    """
    origins: dict[tuple[str, ChangeId], Origin] = {}
    fine_now: dict[str, tuple[str, ...]] = {}
    compared_with: dict[str, ComparedWith] = {}
    recorded = Bases(named)
    for each in seen:
        name = each.desired.workspace
        if not each.plan.changes and name not in bases:
            continue
        evidence = _evidence(records, each)
        base = bases.get(name) or _recorded_base(each.desired, evidence, recorded, note)
        is_compared = base is not None or (evidence.complete is not None and evidence.complete.commit != "")
        kinds = managed(kinds_for(each.desired.keys), each.desired)
        views = {kind.name: _KindView(kind, each, base) for kind in kinds}
        for change in each.plan.changes:
            view = views[change.kind]
            base_view = (view.of(change) if base else _UNREADABLE) if is_compared else None
            last, updated = evidence.last_set.get(change.id), view.kind.updated(view.live, change.key)
            origins[name, change.id] = origin(change, base_view, last, updated)
        if base:
            compared_with[name] = ComparedWith(base.revision, base.commit, base.run)
            fine_now[name] = tuple(found for view in views.values() for found in view.fine_now())
    return DriftDetails(compared_with, origins, fine_now)


class _KindView:
    """How the base sees the objects of one kind."""

    def __init__(self, kind: Kind[Any], seen: Seen, base: Base | None) -> None:
        self.kind = kind
        self.live = seen.live[kind.name]
        self._desired = base.desired if base else None
        self._now = seen
        self._changes: Mapping[str, Change] = {}
        self._decided: frozenset[str] = frozenset()
        self._is_comparable = True
        self._names = frozenset(filter(None, (kind.named_by, kind.identified_by)))
        if base and kind.is_declared(base.desired):
            try:
                found = kind.compare(base.desired, self.live, seen.situation)
            except DocumentError:  # it names an object that no longer exists
                self._is_comparable = False
                return
            self._changes = {change.key: change for change in found.changes}
            self._decided = self._managed(base.desired)

    def of(self, change: Change) -> BaseView:
        """How the base sees the object of a difference."""
        desired = self._desired
        return BaseView(
            self._changes.get(change.key),
            change.key in self._decided,
            lambda name: desired is not None and self.kind.declares(desired, change, name),
            self._names,
            is_comparable=self._is_comparable,
        )

    def fine_now(self) -> list[str]:
        """The names of objects that only the base would change: document and workspace changed to the same."""
        decided = self._managed(self._now.desired)
        return [
            change.name
            for key, change in self._changes.items()
            if change.id not in self._now.differing
            and is_fine_now(change)
            and (change.before is None or key in decided)
        ]

    def _managed(self, desired: Desired) -> frozenset[str]:
        covered = self.kind.coverage(desired, self.live, self._now.situation.today)
        return frozenset(each.key for each in covered if each.coverage is Coverage.MANAGED)


def _evidence(records: RecordFolder, seen: Seen) -> Evidence:
    """What the records show; nothing if they cannot be used, which was already said."""
    try:
        return evidence_of(records, seen.desired.workspace, seen.situation.api)
    except UsageError:
        return Evidence()


def _recorded_base(desired: Desired, evidence: Evidence, bases: Bases, note: Callable[[str], None]) -> Base | None:
    """The document at the commit of the last complete apply; None if that is not known.

    A problem is only a note: no one asked for this commit, and what differs is known without it.
    """
    run = evidence.complete
    if run is None or not run.commit:
        return None
    about = f"Note: why {desired.workspace} differs is not known"
    if run.commit.endswith(DIRTY):
        note(f"{about}: {run.id} applied a document with changes that were not committed.")
        return None
    try:
        return bases.read(desired, run.commit, run.id)
    except UsageError as error:
        note(f"{about}: {error.message}. {error.hint}")
    except DocumentError:
        note(f"{about}: the document at {run.commit[:12]}, which {run.id} applied, has problems.")
    return None
