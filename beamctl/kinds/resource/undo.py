"""Undoing what a run did to things: as they were before is what is wanted now. What is no longer as the run left it is
left alone. It must not know which run it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from beamctl.kinds.resource.decide import creation, deletion, has, update
from beamctl.kinds.resource.live import Resource
from beamctl.kinds.resource.shape import VERSION, Shape
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.comparison import Note


class Undoing:
    """Goes through the changes of a run.

    Attributes:
        changes: What undoes them.
        notes: What cannot be undone, and why.
        tally: How many were left as they are, by why.
    """

    def __init__(self, shape: Shape) -> None:
        self.changes: list[Change] = []
        self.notes: list[Note] = []
        self.tally: Counter[str] = Counter()
        self._shape = shape

    def over(self, made: Sequence[Change], live: Mapping[str, Resource]) -> None:
        """Decide about each change that was made."""
        for change in made:
            now = live.get(change.key)
            if self._is_as(change.before, now):
                self.tally["as before already"] += 1
            elif not self._is_as(change.after, now):
                self.notes.append(Note(f"{change.name} is no longer as that run left it, and is left alone"))
            elif back := self._back(change, now):
                self.changes.append(back)

    def _is_as(self, side: Mapping[str, object] | None, now: Resource | None) -> bool:
        if side is None or now is None:
            return side is None and now is None
        return has(self._shape, now, side)

    def _back(self, change: Change, now: Resource | None) -> Change | None:
        shape, before = self._shape, change.before
        if before is None or now is None:
            if now is not None:
                return deletion(shape, now, Reason.UNDOES)
            if shape.version_label:
                why = "is made again without its secret, which nobody can read: give it in the console"
                self.notes.append(Note(f"{change.name} {why}"))
            known = {
                field: value for field, value in (before or {}).items() if field in shape.forms and field != VERSION
            }
            return creation(shape, change.name, known, Reason.UNDOES)
        if VERSION in before:
            self.notes.append(Note(f"the secret that {change.name} had before cannot be given back"))
        wanted = {field: value for field, value in before.items() if field != VERSION}
        back = update(shape, now, wanted, Reason.UNDOES)
        return replace(back, secrets=change.secrets) if back and change.action is Action.UPDATE else back
