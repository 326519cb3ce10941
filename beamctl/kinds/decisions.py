"""The base of everything that decides about objects one by one: collects changes, notes and counts.
A module of its own because all kinds use it and it uses none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from beamctl.plan.change import Change, Reason
from beamctl.plan.comparison import Comparison, Note, UnchangedReason
from beamctl.plan.hazard import Hazard


class Decisions:
    """What was decided so far.

    Attributes:
        tally: Number of objects left as they are, by reason.
    """

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.notes: list[Note] = []
        self.tally: Counter[UnchangedReason] = Counter()

    def mark_as_undo(self) -> None:
        """Make all changes ones that undo a run. No line of the document requests them."""
        self.changes[:] = [replace(each, reason=Reason.UNDOES, place=None) for each in self.changes]

    def comparison(self, hazards: Iterable[Hazard], live_count: int | None) -> Comparison:
        """The comparison that follows from the decisions.

        Args:
            hazards: Of the changes.
            live_count: Number of live objects; None if a later count would be meaningless.
        """
        return Comparison(
            changes=tuple(self.changes),
            hazards=tuple(hazards),
            notes=tuple(self.notes),
            tally=self.tally,
            declared=live_count or 0,
            seen=live_count,
            population=live_count or 0,
        )
