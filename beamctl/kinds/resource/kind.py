"""The base of kinds whose objects are a name, metadata and a spec. Kinds override what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from beamctl.document.document import Desired, Document, Mode
from beamctl.document.problem import Problem
from beamctl.kinds.resource import desired, live, operations
from beamctl.kinds.resource.decide import ResourceDecider, has
from beamctl.kinds.resource.export import export
from beamctl.kinds.resource.live import Resources
from beamctl.kinds.resource.shape import Shape
from beamctl.kinds.resource.undo import Undoing
from beamctl.kinds.resource.validity import is_sound
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Identity
from beamctl.plan.change import Change
from beamctl.plan.comparison import Comparison, Note, Preconditions, Situation
from beamctl.plan.export import Exported
from beamctl.plan.hazard import Hazard
from beamctl.plan.kind import Conversation, Goes, Independent, Reading
from beamctl.plan.listing import Shown

_SHOWN = 5


class ResourceKind(Independent):
    """Implements `beamctl.plan.kind.Kind` for resources of one shape."""

    never_empty = False
    only_for_deletion: frozenset[str] = frozenset()

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.name = shape.name
        self.section = shape.section

    def problems(self, document: Document) -> Iterable[Problem]:
        """What the schema cannot detect in the section."""
        return desired.problems(self.shape, document)

    def is_declared(self, desired: Desired) -> bool:
        """Whether the section exists."""
        return desired.section(self.section) is not None

    def read(self, workspace: str, goes: Goes) -> Reading[Resources]:  # noqa: ARG002 - the workspace is in a header
        """The complete listing."""
        return (yield from live.listing(self.shape))

    def shown(self, live_resources: Resources) -> Shown:
        """Everything that can be declared of each resource."""
        return Shown(live.rows(self.shape, live_resources or {}))

    def export(self, live_resources: Resources, now: datetime) -> Exported:  # noqa: ARG002 - nothing expires
        """Everything that a document can express."""
        return export(self.shape, live_resources)

    def digest(self, live_resources: Resources) -> str:
        """Of everything that can be declared."""
        return live.digest(live_resources)

    def objects(self, live_resources: Resources, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """The resources with these names that exist, and what uses them if that was read."""
        resources = live_resources or {}
        return {key: resources[key].data for key in keys if key in resources}

    def untouched(self, live_resources: Resources, changes: Sequence[Change]) -> tuple[str, ...]:
        """All resources that are not changed."""
        changed = {change.key for change in changes if change.kind == self.name}
        return tuple(sorted((live_resources or {}).keys() - changed))

    def footing(self, live_resources: Resources, changes: Sequence[Change], situation: Situation) -> Preconditions:  # noqa: ARG002
        """People's access does not depend on resources."""
        return Preconditions(seen=len(live_resources or {}), population=len(live_resources or {}))

    def ourselves(self, live_resources: Resources, identity: Identity) -> Collection[str]:  # noqa: ARG002 - required by the protocol
        """None: identities are not resources."""
        return ()

    def compare(self, desired: Desired, live_resources: Resources, situation: Situation) -> Comparison:  # noqa: ARG002
        """At most one change per resource, for the declared attributes that differ."""
        section = desired.section(self.section)
        if live_resources is None:
            place = desired.document.key_place(self.section)
            return Comparison(notes=(Note(fact(Code.SECTION_NOT_IN_API, section=self.section), place),))
        decider = ResourceDecider(self.shape, desired)
        decider.over(live_resources)
        changes = tuple(self.spelled(self._placed(change, desired), desired) for change in decider.changes)
        additive = desired.mode(self.section) is Mode.ADDITIVE
        return Comparison(
            changes=changes,
            hazards=tuple(self.risks(changes)),
            notes=(*decider.notes, *self.remarks(changes)),
            tally=decider.tally,
            wanted=len(section),
            seen=len(live_resources),
            population=len(live_resources.keys() & section.keys() if additive else live_resources.keys()),
        )

    def undo(
        self,
        changes: Sequence[Change],
        desired: Desired,  # noqa: ARG002 - required by the protocol
        live_resources: Resources,
        situation: Situation,  # noqa: ARG002
    ) -> Comparison:
        """Restore each resource that is still as the change left it."""
        resources = live_resources or {}
        undoing = Undoing(self.shape)
        undoing.over(changes, resources)
        return Comparison(
            changes=tuple(undoing.changes),
            hazards=tuple(self.risks(undoing.changes)),
            notes=(*undoing.notes, *self.remarks(undoing.changes)),
            tally=undoing.tally,
            wanted=len(changes),
            seen=len(resources),
            population=len(resources),
        )

    def is_sound(self, change: Change) -> bool:
        """Whether a change from a file could have been planned for such a resource."""
        return is_sound(self.shape, change)

    def shows(self, live_resources: Resources, change: Change) -> bool:
        """Whether it is gone, or has every attribute that the change sets."""
        now = (live_resources or {}).get(change.key)
        if now is None or change.after is None:
            return now is None and change.after is None
        return has(self.shape, now, change.after)

    def perform(self, change: Change, workspace: str) -> Conversation:  # noqa: ARG002 - the workspace is in a header
        """Make a change to one resource."""
        return operations.perform(self.shape, change)

    def doubt(self, live_resources: Resources, relies_on: Sequence[str], stays: Sequence[str]) -> Fact | None:  # noqa: ARG002
        """Unchanged resources that are missing."""
        missing = tuple(key for key in stays if key not in (live_resources or {}))
        return fact(Code.RESOURCES_MISSING, names=missing, kind=self.shape.words) if missing else None

    def spelled(self, change: Change, desired: Desired) -> Change:  # noqa: ARG002 - for kinds that need it
        """The change with what only the kind can add."""
        return change

    def risks(self, changes: Sequence[Change]) -> Iterable[Hazard]:  # noqa: ARG002 - for kinds that have some
        """The hazards of changes of this kind."""
        return ()

    def remarks(self, changes: Sequence[Change]) -> Iterable[Note]:  # noqa: ARG002 - for kinds that have some
        """Notes about changes of this kind."""
        return ()

    def _placed(self, change: Change, desired: Desired) -> Change:
        declared = change.key in desired.section(self.section)
        return replace(change, place=desired.document.key_place(self.section, change.key)) if declared else change
