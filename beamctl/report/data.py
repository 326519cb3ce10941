"""What a plan, a drift or an apply found: every report is a function of this value.

A module of its own: all formats import it, and nothing else of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from beamctl.document.problem import Place, Problem
from beamctl.model.shard import ShardScope
from beamctl.plan.change import Change, ChangeId
from beamctl.plan.hazard import Allowance
from beamctl.plan.plan import Plan
from beamctl.plan.three_way import Origin

if TYPE_CHECKING:
    from beamctl.apply.record import Event
    from beamctl.plan.coverage import KindCoverage
    from beamctl.plan.known_drift import KnownResult
    from beamctl.plan.plan_file import Saved


class CommandName(StrEnum):
    """What was run."""

    PLAN = "plan"
    DRIFT = "drift"
    APPLY = "apply"


@dataclass(frozen=True, slots=True)
class ComparedWith:
    """The earlier document that a drift was compared with.

    Attributes:
        revision: The commit as the user named it, or its ID.
        commit: The ID of the commit.
        run: The run that applied it; empty if the user named the commit.
    """

    revision: str
    commit: str
    run: str = ""


@dataclass(frozen=True, slots=True)
class DriftDetails:
    """What a drift says besides the differences.

    Attributes:
        compared_with: By workspace, the earlier document.
        origins: By workspace and change, where a difference comes from.
        fine_now: By workspace, the names of what changed in the document and the workspace alike.
        known: What became of each entry of known drift.
        coverage: By workspace, what is managed of each kind.
        passing: By workspace, the names of what only some of several looks showed.
        required_coverage: The percentage that must be managed; None if none is required.
    """

    compared_with: Mapping[str, ComparedWith] = field(default_factory=dict)
    origins: Mapping[tuple[str, ChangeId], Origin] = field(default_factory=dict)
    fine_now: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known: tuple[KnownResult, ...] = ()
    coverage: Mapping[str, tuple[KindCoverage, ...]] = field(default_factory=dict)
    passing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required_coverage: float | None = None


@dataclass(frozen=True, slots=True)
class WorkspaceFailure:
    """A workspace for which nothing was done because of an error. The other workspaces of the run are not affected.

    Attributes:
        workspace: Its name.
        place: The line that declares it.
        code: The type of error, as in `BeamctlError.code`.
        message: What is wrong, in one sentence.
        hint: What to do about it; may be empty.
        problems: Of its document, if comparing it with the workspace found any.
    """

    workspace: str
    place: Place
    code: str
    message: str
    hint: str = ""
    problems: tuple[Problem, ...] = ()


def in_order(names: Iterable[str], order: Iterable[str]) -> tuple[str, ...]:
    """Names of workspaces in the order of the documents; those that it lacks come last."""
    places = {name: index for index, name in enumerate(order)}
    return tuple(sorted(names, key=lambda name: places.get(name, len(places))))


def without_repeated_hints(failures: Iterable[WorkspaceFailure]) -> Iterator[WorkspaceFailure]:
    """Each failure. A hint of one line that several have is only with the first: more lines also say what happened in
    this workspace."""
    said = set[str]()
    for each in failures:
        repeats = each.hint in said and "\n" not in each.hint
        yield replace(each, hint="") if repeats else each
        said.add(each.hint)


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
        made: When; None if it is not known.
        details: For a drift, what else was found.
        problems: Of invalid documents; then there are no plans. Only formats with `shows_problems` show these three.
        warnings: Of documents that were only validated.
        documents: The files that were only validated and have no problems.
        folder: The current directory, from which documents are named.
        failures: The workspaces for which nothing was done because of an error.
        scope: What the shard is a part of; None if the run was not divided.
        order: The workspaces in the order of the documents; those that it lacks come last.
        root: The top folder of the repository, from which CI systems name them; both are absolute, or empty.
    """

    command: CommandName
    plans: Sequence[Plan]
    allowed: Sequence[Allowance] = ()
    results: Sequence[tuple[Plan, Sequence[Event]]] = ()
    saved: Saved | None = None
    apply_command: str = "beamctl apply"
    made: datetime | None = None
    details: DriftDetails = field(default_factory=DriftDetails)
    problems: Sequence[Problem] = ()
    warnings: Sequence[Problem] = ()
    documents: Sequence[str] = ()
    folder: str = ""
    root: str = ""
    failures: Sequence[WorkspaceFailure] = ()
    scope: ShardScope | None = None
    order: Sequence[str] = ()

    @property
    def workspaces(self) -> tuple[str, ...]:
        """The workspaces of the run, in the order of the documents; empty if documents were only validated."""
        named = [plan.workspace for plan in self.plans] + [each.workspace for each in self.failures]
        return in_order(dict.fromkeys(named), self.order)

    @property
    def several(self) -> bool:
        """Whether the run covers several workspaces, so that allowances name one."""
        return len(self.workspaces) > 1

    def origin(self, plan: Plan, change: Change) -> Origin | None:
        """Where one difference comes from; None if it is not a drift, or nothing is known about it."""
        return self.details.origins.get((plan.workspace, change.id))
