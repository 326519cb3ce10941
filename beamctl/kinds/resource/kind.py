"""Everything that is a name, some metadata and a spec, for any `Shape`. What is special about a kind overrides a method
here; this must not know a kind by name, nor how a call travels."""

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
from beamctl.model.identity import Identity
from beamctl.plan.change import Change
from beamctl.plan.comparison import Comparison, Note, Preconditions, Situation
from beamctl.plan.export import Exported
from beamctl.plan.hazard import Hazard
from beamctl.plan.kind import Conversation, Goes, Independent, Reading
from beamctl.plan.listing import Shown

_SHOWN = 5


class ResourceKind(Independent):
    """Implements `beamctl.plan.kind.Kind` for things of one shape.

    Attributes:
        shape: What tells them from others.
    """

    never_empty = False
    only_for_deletion: frozenset[str] = frozenset()

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.name = shape.name
        self.section = shape.section

    def problems(self, document: Document) -> Iterable[Problem]:
        """What the schema cannot see in the section."""
        return desired.problems(self.shape, document)

    def is_declared(self, desired: Desired) -> bool:
        """Whether there is the section."""
        return desired.section(self.section) is not None

    def read(self, workspace: str, goes: Goes) -> Reading[Resources]:  # noqa: ARG002 - a header tells the workspace
        """The listing, all pages of it."""
        return (yield from live.listing(self.shape))

    def shown(self, live_things: Resources) -> Shown:
        """Everything that can be declared of each."""
        return Shown(live.rows(self.shape, live_things or {}))

    def export(self, live_things: Resources, now: datetime) -> Exported:  # noqa: ARG002 - nothing of it ends
        """Everything that a document can declare."""
        return export(self.shape, live_things)

    def digest(self, live_things: Resources) -> str:
        """Of everything that can be declared."""
        return live.digest(live_things)

    def objects(self, live_things: Resources, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Those of these names that are there, and who uses them where that was asked."""
        things = live_things or {}
        return {key: things[key].data for key in keys if key in things}

    def untouched(self, live_things: Resources, changes: Sequence[Change]) -> tuple[str, ...]:
        """Everything that is not changed, where anything is taken from anyone at all."""
        changed = {change.key for change in changes if change.kind == self.name}
        return tuple(sorted((live_things or {}).keys() - changed))

    def footing(self, live_things: Resources, changes: Sequence[Change], situation: Situation) -> Preconditions:  # noqa: ARG002
        """Nobody depends on things to get in."""
        return Preconditions(seen=len(live_things or {}), population=len(live_things or {}))

    def ourselves(self, live_things: Resources, identity: Identity) -> Collection[str]:  # noqa: ARG002 - as the port has it
        """Nobody is a thing."""
        return ()

    def compare(self, desired: Desired, live_things: Resources, situation: Situation) -> Comparison:  # noqa: ARG002
        """At most one change a thing: about what is declared of it and differs."""
        section = desired.section(self.section)
        if live_things is None:
            place = desired.document.key_place(self.section)
            return Comparison(notes=(Note(f"this API has no {self.section}: the section is skipped", place),))
        walk = ResourceDecider(self.shape, desired)
        walk.over(live_things)
        changes = tuple(self.spelled(self._placed(change, desired), desired) for change in walk.changes)
        additive = desired.mode(self.section) is Mode.ADDITIVE
        return Comparison(
            changes=changes,
            hazards=tuple(self.risks(changes)),
            notes=(*walk.notes, *self.remarks(changes)),
            tally=walk.tally,
            wanted=len(section),
            seen=len(live_things),
            population=len(live_things.keys() & section.keys() if additive else live_things.keys()),
        )

    def undo(
        self,
        changes: Sequence[Change],
        desired: Desired,  # noqa: ARG002 - as the port has it
        live_things: Resources,
        situation: Situation,  # noqa: ARG002
    ) -> Comparison:
        """Each thing as it was before, where it is as the change leaves it."""
        things = live_things or {}
        undoing = Undoing(self.shape)
        undoing.over(changes, things)
        return Comparison(
            changes=tuple(undoing.changes),
            hazards=tuple(self.risks(undoing.changes)),
            notes=(*undoing.notes, *self.remarks(undoing.changes)),
            tally=undoing.tally,
            wanted=len(changes),
            seen=len(things),
            population=len(things),
        )

    def is_sound(self, change: Change) -> bool:
        """Whether a change that was read from a file is one that is planned for such a thing."""
        return is_sound(self.shape, change)

    def shows(self, live_things: Resources, change: Change) -> bool:
        """Whether it is gone, or has every attribute that the change gives it."""
        now = (live_things or {}).get(change.key)
        if now is None or change.after is None:
            return now is None and change.after is None
        return has(self.shape, now, change.after)

    def perform(self, change: Change, workspace: str) -> Conversation:  # noqa: ARG002 - a header tells the workspace
        """Make a change to one thing."""
        return operations.perform(self.shape, change)

    def doubt(self, live_things: Resources, relies_on: Sequence[str], stays: Sequence[str]) -> str:  # noqa: ARG002
        """What is gone though nothing was to be done to it."""
        missing = [key for key in stays if key not in (live_things or {})]
        if not missing:
            return ""
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        names = ", ".join(missing[:_SHOWN]) + more
        return f"{names} should be untouched, and is no longer among the {self.shape.words}: is the listing whole?"

    def spelled(self, change: Change, desired: Desired) -> Change:  # noqa: ARG002 - for kinds that need it
        """The change with what only the kind can add to it."""
        return change

    def risks(self, changes: Sequence[Change]) -> Iterable[Hazard]:  # noqa: ARG002 - for kinds that have some
        """What is dangerous about changes of this kind."""
        return ()

    def remarks(self, changes: Sequence[Change]) -> Iterable[Note]:  # noqa: ARG002 - for kinds that have some
        """What should be said beside changes of this kind."""
        return ()

    def _placed(self, change: Change, desired: Desired) -> Change:
        declared = change.key in desired.section(self.section)
        return replace(change, place=desired.document.key_place(self.section, change.key)) if declared else change
