"""The base of kinds whose objects are a name, metadata and a spec. Kinds override what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from beamctl.document.desired import Desired, Mode
from beamctl.document.document import Document
from beamctl.document.problem import Problem
from beamctl.kinds.operations import missing, unchanged_keys
from beamctl.kinds.resource import live, operations
from beamctl.kinds.resource.decide import ResourceDecider, UndoDecider, has, is_valid
from beamctl.kinds.resource.live import Resources, export
from beamctl.kinds.resource.shape import Shape
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.change import Change
from beamctl.plan.comparison import Comparison, Note, Situation
from beamctl.plan.coverage import Coverage, Covered, listed_or_whole
from beamctl.plan.hazard import Hazard
from beamctl.plan.kind import Kind, Operation, Outcome, Reading, ReadScope
from beamctl.plan.listing import Exported, Listing

_SHOWN = 5


class ResourceKind(Kind[Resources]):
    """Resources of one shape, by name."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.name = shape.name
        self.section = shape.section
        self.grouped_by = shape.grouped_by

    def problems(self, document: Document) -> Iterable[Problem]:
        """What the schema cannot detect in the section."""
        return live.problems(self.shape, document)

    def read(self, _scope: ReadScope) -> Reading[Resources]:
        """The complete listing."""
        return (yield from live.listing(self.shape))

    def listing(self, live_resources: Resources) -> Listing:
        """Everything that can be declared of each resource."""
        return Listing(live.rows(self.shape, live_resources or {}), exists=live_resources is not None)

    def export(self, live_resources: Resources, _now: datetime) -> Exported:
        """Everything that a document can express."""
        return export(self.shape, live_resources)

    def coverage(self, desired: Desired, live_resources: Resources, _today: date) -> Sequence[Covered]:
        """Every resource. Built-in ones that are not listed are left alone."""
        section, additive = desired.section(self.section), desired.mode(self.section) is Mode.ADDITIVE

        def of(name: str) -> Coverage:
            if name in self.shape.built_in and name not in (section or ()):
                return Coverage.EXCLUDED
            return listed_or_whole(name, section, additive=additive)

        return [Covered(name, name, of(name)) for name in sorted(live_resources or {})]

    def declares(self, desired: Desired, change: Change, attribute: str) -> bool:
        """Whether the entry declares the attribute: most are optional, and not compared if missing."""
        entry = (desired.section(self.section) or {}).get(change.key)
        return entry is not None and attribute in live.attributes(self.shape, entry)

    def updated(self, live_resources: Resources, key: str) -> datetime | None:
        """From the metadata."""
        resource = (live_resources or {}).get(key)
        return resource.updated if resource else None

    def objects(self, live_resources: Resources, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """The resources with these names that exist, and what uses them if that was read."""
        resources = live_resources or {}
        return {key: resources[key].data for key in keys if key in resources}

    def unchanged(self, live_resources: Resources, changes: Sequence[Change]) -> tuple[str, ...]:
        """All resources that are not changed."""
        return unchanged_keys(self.name, live_resources or {}, changes)

    def compare(self, desired: Desired, live_resources: Resources, situation: Situation) -> Comparison:
        """At most one change per resource, for the declared attributes that differ."""
        section = desired.section(self.section)
        if live_resources is None:
            place = desired.document.key_place(self.section)
            return Comparison(notes=(Note(fact(Code.SECTION_NOT_IN_API, section=self.section), place),))
        decider = ResourceDecider(self.shape, desired)
        decider.over(live_resources)
        chosen = situation.only_chosen(decider.changes)
        changes = tuple(self.with_secrets(self._placed(change, desired), desired) for change in chosen)
        additive = desired.mode(self.section) is Mode.ADDITIVE
        return Comparison(
            changes=changes,
            hazards=tuple(self.risks(changes)),
            notes=(*decider.notes, *self.remarks(changes)),
            tally=decider.tally,
            declared=len(section),
            seen=len(live_resources),
            population=len(live_resources.keys() & section.keys() if additive else live_resources.keys()),
        )

    def undo(
        self,
        changes: Sequence[Change],
        _desired: Desired,
        live_resources: Resources,
        _situation: Situation,
    ) -> Comparison:
        """Restore each resource that is still as the change left it."""
        resources = live_resources or {}
        undoing = UndoDecider(self.shape)
        undoing.over(changes, resources)
        return Comparison(
            changes=tuple(undoing.changes),
            hazards=tuple(self.risks(undoing.changes)),
            notes=(*undoing.notes, *self.remarks(undoing.changes)),
            tally=undoing.tally,
            declared=len(changes),
            seen=len(resources),
            population=len(resources),
        )

    def is_valid(self, change: Change) -> bool:
        """Whether a change from a file could have been planned for such a resource."""
        return is_valid(self.shape, change)

    def is_in_effect(self, live_resources: Resources, change: Change) -> bool:
        """Whether it is gone, or has every attribute that the change sets."""
        now = (live_resources or {}).get(change.key)
        if now is None or change.after is None:
            return now is None and change.after is None
        return has(self.shape, now, change.after, change.before)

    def perform(self, change: Change, _workspace: str) -> Operation[Outcome]:
        """Make a change to one resource."""
        return operations.perform(self.shape, change)

    def why_incomplete(
        self, live_resources: Resources, _quorum_keys: Sequence[str], unchanged: Sequence[str]
    ) -> Fact | None:
        """Unchanged resources that are missing."""
        return missing(self.section, live_resources or {}, unchanged)

    def with_secrets(self, change: Change, _desired: Desired, /) -> Change:
        """The change with what only the kind can add."""
        return change

    def risks(self, _changes: Sequence[Change], /) -> Iterable[Hazard]:
        """The hazards of changes of this kind."""
        return ()

    def remarks(self, _changes: Sequence[Change], /) -> Iterable[Note]:
        """Notes about changes of this kind."""
        return ()

    def _placed(self, change: Change, desired: Desired) -> Change:
        declared = change.key in desired.section(self.section)
        return replace(change, place=desired.document.key_place(self.section, change.key)) if declared else change
