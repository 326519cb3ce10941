"""What a plan, a drift or an apply found: every report is a function of this value.

A module of its own: all formats import it, and nothing else of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from beamctl.plan.change import Change, ChangeId
from beamctl.plan.hazard import Allowance
from beamctl.plan.plan import Plan

if TYPE_CHECKING:
    from beamctl.apply.record import Event
    from beamctl.plan.plan_file import Saved


class CommandName(StrEnum):
    """What was run."""

    PLAN = "plan"
    DRIFT = "drift"
    APPLY = "apply"


class Cause(StrEnum):
    """Why a workspace differs from its document, by comparison with an earlier document."""

    BY_HAND = "changed-by-hand"
    """The document did not change: someone changed the workspace."""
    NOT_APPLIED = "not-applied"
    """The workspace did not change: the document did, and was not applied."""
    BOTH = "both"
    """All three differ."""
    UNKNOWN = "cannot-tell"


@dataclass(frozen=True, slots=True)
class ReportData:
    """What a command found.

    Attributes:
        command: What was run.
        plans: The plan of each workspace; for a drift, what would undo it.
        allowed: The hazards that were allowed.
        results: For an apply, each plan that was begun, with its events.
        saved: For an apply, the saved plan, if any.
        apply_command: The command that applies these plans.
        causes: For a drift with a base, the cause of each difference, by workspace and change.
    """

    command: CommandName
    plans: Sequence[Plan]
    allowed: Sequence[Allowance] = ()
    results: Sequence[tuple[Plan, Sequence[Event]]] = ()
    saved: Saved | None = None
    apply_command: str = "beamctl apply"
    causes: Mapping[tuple[str, ChangeId], Cause] = field(default_factory=dict)

    def cause(self, plan: Plan, change: Change) -> Cause | None:
        """The cause of one difference; None if it was not compared with an earlier document."""
        return self.causes.get((plan.workspace, change.id))
