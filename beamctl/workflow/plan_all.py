"""Plans every workspace of the documents. One that cannot be planned does not affect the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from beamctl.document.desired import Desired
from beamctl.document.problem import Place
from beamctl.errors import BeamctlError
from beamctl.model.shard import Shard, ShardScope
from beamctl.model.text import printable
from beamctl.plan.guards import Bounds
from beamctl.plan.hazard import Allowance, allowed_in, refuse_misdirected, refused, unused
from beamctl.plan.plan import Plan
from beamctl.runs.commit import commit_of
from beamctl.runs.folder import RecordFolder
from beamctl.runs.last_run import last_run
from beamctl.workflow.connection import Access, Link, open_link
from beamctl.workflow.documents import read_desired
from beamctl.workflow.failures import ISOLATED, failure_of, raise_if_alone
from beamctl.workflow.plan import digest_of_plan, plan_now
from beamctl.workflow.shards import covered, scope_of

if TYPE_CHECKING:
    from beamctl.plan.base_guards import BaseDocument
    from beamctl.report.data import WorkspaceFailure


_UNKNOWN = Place("")


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and the connection to its workspace.

    Attributes:
        plan: The plan.
        link: The connection.
        still: Plans again and returns whether the plan is unchanged.
        commit: Returns the commit of the documents; empty if there is none.
        digest: Returns the digest that identifies the plan in run records.
        unrecorded: Whether the last recorded run declared something else.
        place: The line that declares the workspace.
    """

    plan: Plan
    link: Link
    still: Callable[[], bool]
    commit: Callable[[], str]
    digest: Callable[[], str]
    unrecorded: bool = False
    place: Place = _UNKNOWN


@dataclass(frozen=True, slots=True)
class AllPlanned:
    """The result of planning several workspaces, each in the order of the documents.

    Attributes:
        planned: Those that could be planned.
        failures: Those that could not.
        scope: What the shard is a part of; None if all were planned.
    """

    planned: tuple[Planned, ...]
    failures: tuple[WorkspaceFailure, ...] = ()
    scope: ShardScope | None = None

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
        shard: The part of the workspaces to plan; None for all.
    """

    floors: Bounds
    records: RecordFolder
    base: str = ""
    shard: Shard | None = None


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
        UsageError: An allowed hazard is not for one workspace of the run.
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
    planned: list[Planned] = []
    errors: dict[str, BeamctlError] = {}
    for desired in documents:
        try:
            link = stack.enter_context(open_link(access, desired.workspace))
            planned.append(_planned(desired, link, granted, checks, bases.get(desired.workspace)))
        except ISOLATED as error:
            errors[desired.workspace] = error
    raise_if_alone(errors.values(), len(whole))
    failures = [failure_of(each, errors[each.workspace]) for each in documents if each.workspace in errors]
    return AllPlanned(tuple(planned), tuple(failures), scope)


def _planned(
    desired: Desired, link: Link, granted: Sequence[Allowance], checks: Checks, base: BaseDocument | None
) -> Planned:
    last = last_run(checks.records, desired.workspace, link.api_url)
    allowed = allowed_in(desired.workspace, granted)
    make = partial(plan_now, desired, link, last, checks.floors, allowed, base)
    first = make()
    source = desired.document.source
    return Planned(
        first,
        link,
        lambda: make() == first,
        lambda: commit_of(source),
        partial(digest_of_plan, first),
        unrecorded=first.declared != last.declared,
        place=desired.document.place("workspace"),
    )


def is_refused(plans: Sequence[Plan], allowed: Sequence[Allowance]) -> bool:
    """Whether any plan has a hazard that is not allowed."""
    return any(refused(plan.hazards, allowed, plan.workspace) for plan in plans)


def unused_allowances(plans: Sequence[Plan], allowed: Sequence[Allowance]) -> list[str]:
    """The allowances that match no hazard, as typed."""
    return [printable(str(each)) for plan in plans for each in unused(plan.hazards, allowed, plan.workspace)]
