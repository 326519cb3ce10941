"""Plans every workspace of the documents. One that cannot be planned does not affect the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from beamctl.document.desired import Desired
from beamctl.document.problem import Place
from beamctl.errors import BeamctlError
from beamctl.model.shard import Shard, ShardScope
from beamctl.model.text import printable, shell_word
from beamctl.plan.guards import Bounds
from beamctl.plan.hazard import Allowance, allowed_in, refuse_misdirected, refused, unused
from beamctl.plan.plan import Plan
from beamctl.runs.commit import commit_of
from beamctl.runs.folder import RecordFolder
from beamctl.runs.last_run import LastRun, LastRuns
from beamctl.workflow.concurrent_reads import WorkspaceReads, read_workspaces
from beamctl.workflow.connection import Access, Link, open_link
from beamctl.workflow.documents import quoted, read_desired
from beamctl.workflow.failures import failure_of, raise_if_alone, separated
from beamctl.workflow.plan import digest_of_plan, plan_from, readings
from beamctl.workflow.shards import covered, scope_of

if TYPE_CHECKING:
    from beamctl.plan.address import Address
    from beamctl.plan.base_guards import BaseDocument
    from beamctl.report.data import WorkspaceFailure


T = TypeVar("T")

_UNKNOWN = Place("")


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and the connection to its workspace.

    Attributes:
        plan: The plan.
        link: The connection.
        again: What is read to plan again. The result is whether the plan is unchanged.
        commit: Returns the commit of the documents; empty if there is none.
        digest: Returns the digest that identifies the plan in run records.
        unrecorded: Whether the last recorded run declared something else.
        place: The line that declares the workspace.
        identifier: The API's id of the workspace, if it was read.
    """

    plan: Plan
    link: Link
    again: Callable[[], WorkspaceReads[bool]]
    commit: Callable[[], str]
    digest: Callable[[], str]
    unrecorded: bool = False
    place: Place = _UNKNOWN
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class AllPlanned:
    """The result of planning several workspaces, each in the order of the documents.

    Attributes:
        planned: Those that could be planned.
        failures: Those that could not.
        scope: What the shard is a part of; None if all were planned.
        order: Both together.
    """

    planned: tuple[Planned, ...]
    failures: tuple[WorkspaceFailure, ...] = ()
    scope: ShardScope | None = None
    order: tuple[str, ...] = ()

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans."""
        return tuple(each.plan for each in self.planned)


@dataclass(frozen=True, slots=True)
class Checks:
    """What plans are checked against, besides their documents, and which of them are made.

    Attributes:
        floors: Guards set for this run.
        records: The run records.
        base: The commit whose documents' guards must not be loosened unseen; empty for none.
        only: The objects whose changes are planned; empty for all.
        shard: The part of the workspaces to plan; None for all.
    """

    floors: Bounds
    records: RecordFolder
    base: str = ""
    only: tuple[Address, ...] = ()
    shard: Shard | None = None

    @property
    def flags(self) -> list[str]:
        """The options that ask for the same base and part again, as typed in a shell."""
        compared = [f"--base {quoted(self.base)}"] if self.base else []
        chosen = [f"--only {shell_word(str(each))}" for each in self.only]
        return [*compared, *chosen, *([f"--shard {self.shard}"] if self.shard else [])]


def plan_all(
    files: Sequence[str],
    workspaces: Sequence[str],
    access: Access,
    stack: ExitStack,
    granted: Sequence[Allowance],
    checks: Checks,
) -> AllPlanned:
    """Plan every workspace of the documents. One that cannot be planned does not affect the others.

    Args:
        files: The documents.
        workspaces: The workspaces to plan; empty for all.
        access: How to reach the API.
        stack: Closes the connections.
        granted: The allowed hazards.
        checks: What the plans are checked against.

    Raises:
        UsageError: An allowed hazard is not for one workspace of the run, or nothing has a chosen address.
        BeamctlError: The only workspace cannot be planned.
    """
    whole = read_desired(files, workspaces)
    refuse_misdirected(granted, [desired.workspace for desired in whole])  # also for workspaces of other shards
    scope = scope_of(whole, checks.shard)
    documents = covered(whole, scope)
    bases: Mapping[str, BaseDocument] = {}
    if checks.base:
        from beamctl.workflow.base_document import guard_bases

        bases = guard_bases(whole, checks.base, files, is_whole=not workspaces)
    last = LastRuns(checks.records)

    def opened(desired: Desired) -> WorkspaceReads[Planned]:
        link = stack.enter_context(open_link(access, desired.workspace))
        base = bases.get(desired.workspace)
        return _planning(desired, link, last.of(desired.workspace, link.api_url), granted, checks, base)

    found = read_workspaces([partial(opened, desired) for desired in documents], access.reads)
    done, errors = separated(documents, found)
    raise_if_alone((error for _, error in errors), len(whole))
    planned = tuple(each for _, each in done)
    if checks.only:
        from beamctl.workflow.only import refuse_unmatched

        refuse_unmatched(checks.only, documents, [each.plan for each in planned])
    failures = tuple(failure_of(each, error) for each, error in errors)
    return AllPlanned(planned, failures, scope, tuple(each.workspace for each in documents))


def read_planned(
    planned: Sequence[Planned], reads: Callable[[Planned], WorkspaceReads[T]]
) -> list[tuple[Planned, T | BeamctlError]]:
    """Read all workspaces again, at the same time: each with the result, or with the error that is about it.

    Args:
        planned: The plans.
        reads: What to read, such as `Planned.again`.
    """
    openings = [partial(reads, each) for each in planned]
    return list(zip(planned, read_workspaces(openings, planned[0].link.reads) if planned else (), strict=True))


def _planning(
    desired: Desired,
    link: Link,
    last: LastRun,
    granted: Sequence[Allowance],
    checks: Checks,
    base: BaseDocument | None,
) -> WorkspaceReads[Planned]:
    allowed = allowed_in(desired.workspace, granted)

    def made(live: Mapping[str, Any]) -> Plan:
        return plan_from(live, desired, link, last, floors=checks.floors, granted=allowed, base=base, only=checks.only)

    def reads(then: Callable[[Mapping[str, Any]], T]) -> WorkspaceReads[T]:
        return WorkspaceReads(desired.workspace, link.silent_reader, readings(desired), then)

    def planned(live: Mapping[str, Any]) -> Planned:
        first = made(live)
        return Planned(
            first,
            link,
            lambda: reads(lambda live: made(live) == first),
            lambda: commit_of(*desired.sources),
            partial(digest_of_plan, first),
            unrecorded=first.declared != last.declared,
            place=desired.document.place("workspace"),
        )

    return reads(planned)


def is_refused(plans: Sequence[Plan], allowed: Sequence[Allowance]) -> bool:
    """Whether any plan has a hazard that is not allowed."""
    return any(refused(plan.hazards, allowed, plan.workspace) for plan in plans)


def unused_allowances(plans: Sequence[Plan], allowed: Sequence[Allowance]) -> list[str]:
    """The allowances that match no hazard, as typed."""
    return [printable(str(each)) for plan in plans for each in unused(plan.hazards, allowed, plan.workspace)]
