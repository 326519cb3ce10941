"""Undoes what a run did to resources that are still as it left them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from beamctl.kinds.decisions import Decisions
from beamctl.kinds.resource.decide import creation, deletion, has, update
from beamctl.kinds.resource.live import Resource
from beamctl.kinds.resource.shape import VERSION, Shape
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.comparison import Note, UnchangedReason


class UndoDecider(Decisions):
    """Collects what undoes the changes of a run."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._shape = shape

    def over(self, made: Sequence[Change], live: Mapping[str, Resource]) -> None:
        """Decide about each change that was made."""
        for change in made:
            now = live.get(change.key)
            if self._is_as(change.before, now):
                self.tally[UnchangedReason.AS_BEFORE] += 1
            elif not self._is_as(change.after, now):
                self.notes.append(Note(fact(Code.CHANGED_SINCE_RUN, name=change.name)))
            elif reverse := self._reverse(change, now):
                self.changes.append(reverse)

    def _is_as(self, side: Mapping[str, object] | None, now: Resource | None) -> bool:
        if side is None or now is None:
            return side is None and now is None
        return has(self._shape, now, side)

    def _reverse(self, change: Change, now: Resource | None) -> Change | None:
        shape, before = self._shape, change.before
        if before is None or now is None:
            if now is not None:
                return deletion(shape, now, Reason.UNDOES)
            if shape.version_label:
                self.notes.append(Note(fact(Code.RECREATED_WITHOUT_SECRET, name=change.name)))
            known = {
                field: value for field, value in (before or {}).items() if field in shape.forms and field != VERSION
            }
            return creation(shape, change.name, known, Reason.UNDOES)
        if VERSION in before:
            self.notes.append(Note(fact(Code.SECRET_CANNOT_BE_RESTORED, name=change.name)))
        desired = {field: value for field, value in before.items() if field != VERSION}
        reverse = update(shape, now, desired, Reason.UNDOES)
        return replace(reverse, secrets=change.secrets) if reverse and change.action is Action.UPDATE else reverse
