"""Opens saved plans to apply them, and refuses those that are stale or expired."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from beamctl.document.load import YAML_SUFFIXES
from beamctl.document.problem import Place
from beamctl.errors import StalePlanError, UsageError
from beamctl.model.shard import ShardScope
from beamctl.plan.hazard import Allowance, Hazard, refuse_misdirected, unused
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import LARGEST, Saved, refuse_untimely
from beamctl.plan.staleness import ends
from beamctl.report.data import WorkspaceFailure
from beamctl.report.drift_text import stale_text
from beamctl.runs.last_run import last_run
from beamctl.runs.store import applied_before
from beamctl.secrets.sources import with_source_hazards
from beamctl.system.clock import current_time
from beamctl.system.files import read_file
from beamctl.system.signature import verify
from beamctl.workflow.apply_view import ApplyRequest
from beamctl.workflow.concurrent_reads import WorkspaceReads, read_workspaces
from beamctl.workflow.connection import Access, Link, api_time, open_link
from beamctl.workflow.documents import quoted
from beamctl.workflow.failures import failure, raise_if_alone, separated
from beamctl.workflow.plan import with_clocks
from beamctl.workflow.plan_all import Checks, Planned
from beamctl.workflow.saved_plan import Recheck, open_plan, recheck_readings, rechecked

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OpenedPlan:
    """A saved plan that was opened.

    Attributes:
        planned: The plans that are not stale.
        allowed: The allowed hazards.
        content: The content of the file.
        failures: The workspaces whose plans are stale or could not be checked.
        scope: What the shard is a part of; None if the run is not divided.
    """

    planned: Sequence[Planned]
    allowed: Sequence[Allowance]
    content: Saved
    failures: Sequence[WorkspaceFailure]
    scope: ShardScope | None = None


def open_saved(file: str, request: ApplyRequest, access: Access, stack: ExitStack) -> OpenedPlan:
    """Open a saved plan and check that it is not stale. Its signature is verified before it is parsed. If it has plans
    of several workspaces, one that is stale does not affect the others.

    Hazards can be allowed now or when the plan was made, except those of this run's floors, which can be allowed only
    now: the plan may be older than the floors.

    Args:
        file: The file as the user named it.
        request: What to apply.
        access: How to reach the API.
        stack: Closes the connections.

    Raises:
        UsageError: It is not signed, not a saved plan, its times are invalid, or it is for another workspace or API.
        StalePlanError: It is stale.
    """
    saved, shard = _read(file, request), request.checks.shard
    named = [plan for plan in saved.plans if not request.workspaces or plan.workspace in request.workspaces]
    whole = tuple(plan.workspace for plan in named)
    scope = ShardScope(shard, whole, saved.digest, saved.commit) if shard else None
    picked = [plan for plan in named if scope is None or scope.shard.has(plan.workspace)]
    refuse_misdirected(request.allowed, whole)

    def opened(plan: Plan) -> WorkspaceReads[_Checked]:
        _refuse_expired(saved, [plan], file, current_time())
        if run := applied_before(request.checks.records, plan.workspace, saved.digest):
            raise _stale(file, f"{file} was already applied, in the run {run}")
        link = stack.enter_context(open_link(access, plan.workspace))
        return _checking(saved, file, plan, link, request.checks)

    found = read_workspaces([partial(opened, plan) for plan in picked], access.reads)
    done, errors = separated(picked, found)
    raise_if_alone((error for _, error in errors), len(whole))
    checked = [each for _, each in done]
    before = [each for _, below, name in checked for each in unused(below, saved.allowed, name)]
    failures = [failure(plan.workspace, Place(plan.source), error) for plan, error in errors]
    return OpenedPlan([planned for planned, _, _ in checked], [*request.allowed, *before], saved, failures, scope)


def _read(file: str, request: ApplyRequest) -> Saved:
    if Path(file).suffix in YAML_SUFFIXES:
        hint = f"To apply a document, use -f:  beamctl apply -f {quoted(file)}"
        raise UsageError(f"{file} is not a saved plan", hint)
    content = read_file(Path(file), LARGEST)
    signer = "" if request.signers is None else verify(content, file, Path(request.signers))
    saved = replace(open_plan(content, file), signer=signer)
    refuse_untimely(saved, file, datetime.now(UTC))
    names = [plan.workspace for plan in saved.plans]
    if foreign := [name for name in request.workspaces if name not in names]:
        raise UsageError(
            f"{file} is for {', '.join(names)}, not {foreign[0]!r}", "Use -w with a workspace in the plan."
        )
    _refuse_expired(saved, (), file, current_time())
    return saved


_Checked = tuple[Planned, tuple[Hazard, ...], str]
"""The rechecked plan, the hazards of this run's floors, and the workspace."""


def _checking(saved: Saved, file: str, plan: Plan, link: Link, checks: Checks) -> WorkspaceReads[_Checked]:
    if link.api_url != plan.api:
        raise UsageError(
            f"{file} is for {plan.api}, but --api-url is {link.api_url}", "Use the API of the plan, or make a new plan."
        )

    last = last_run(checks.records, plan.workspace, plan.api)

    def recheck(live: Mapping[str, Any]) -> Recheck:
        def today() -> date:
            return api_time(link.skew()).date()

        found = rechecked(
            plan,
            live,
            link.identity,
            floors=checks.floors,
            recorded=last.declared,
            today=today,
            is_signed=bool(saved.signer),
        )
        _refuse_expired(saved, [plan], file, api_time(link.skew()))
        _refuse_stale(saved, file, found)
        return replace(found, plan=with_clocks(with_source_hazards(found.plan), link))

    def reads(then: Callable[[Mapping[str, Any]], T]) -> WorkspaceReads[T]:
        _refuse_expired(saved, [plan], file, current_time())
        return WorkspaceReads(plan.workspace, link.silent_reader, recheck_readings(plan), then)

    def checked(live: Mapping[str, Any]) -> _Checked:
        first = recheck(live)

        def again() -> WorkspaceReads[bool]:
            return reads(lambda live: recheck(live).plan.hazards == first.plan.hazards)  # other changes raise an error

        unrecorded = first.plan.declared not in (None, last.declared)
        commit, digest, place = (lambda: saved.commit), (lambda: saved.digest), Place(plan.source)
        planned = Planned(first.plan, link, again, commit, digest, unrecorded, place)
        return planned, first.below_floors, plan.workspace

    return reads(checked)


def _refuse_expired(saved: Saved, plans: Sequence[Plan], file: str, now: datetime) -> None:
    """Refuse an expired plan. It also expires when the access of one of its members ends, whatever the file says."""
    until = valid_until(saved.expires, plans)
    if now >= until:
        raise _stale(file, f"{file} was valid until {until:%Y-%m-%d %H:%M} UTC")


def valid_until(expires: datetime, plans: Sequence[Plan]) -> datetime:
    """When saved plans stop being valid: a plan also expires when the access of one of its members ends."""
    return min([expires, *(datetime.combine(day, time(), UTC) for plan in plans if (day := ends(plan)))])


def _refuse_stale(saved: Saved, file: str, found: Recheck) -> None:
    name = found.plan.workspace
    if saved.workspace_ids[name] != found.workspace_id:
        raise _stale(file, f"{name} is not the workspace that {file} was made for, but another with the same name")
    if not found.stale_objects:
        return
    if found.plan.changes and len(found.in_effect) == len(found.plan.changes):
        raise _stale(file, f"{file} was already applied: {name} matches it")
    done = f"{len(found.in_effect)} of its {len(found.plan.changes)} changes are already in place."
    why = f"{name} changed since {file} was made, so nothing was changed"
    raise _stale(file, why, *stale_text(found.stale_objects), *([done] if found.in_effect else []))


def _stale(file: str, why: str, *lines: str) -> StalePlanError:
    again = f"Make and review a new plan:  beamctl plan --out {quoted(file)}"
    return StalePlanError(why, "\n".join([*lines, again]))
