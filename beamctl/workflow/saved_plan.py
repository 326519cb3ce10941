"""Opens saved plans, and checks that they are not stale."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

from beamctl.document.load import YAML_SUFFIXES
from beamctl.document.schema import conforms
from beamctl.errors import StalePlanError, UsageError
from beamctl.kinds.registry import all_kinds
from beamctl.model.api_call import Reader
from beamctl.model.identity import Identity
from beamctl.model.shard import ShardScope
from beamctl.plan.across_kinds import deletes_only, read, with_dependencies
from beamctl.plan.change import Change
from beamctl.plan.comparison import Situation
from beamctl.plan.guards import NO_FLOORS, Bounds, Declared
from beamctl.plan.hazard import Allowance, Hazard, merged, unused
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import BY_HAND, LARGEST, Saved, read_saved, refuse_untimely
from beamctl.plan.plan_json import change_data
from beamctl.plan.staleness import StaleObject, below_floors, ends, in_effect, run_as, since_recorded, stale_objects
from beamctl.report.drift_text import stale_text
from beamctl.runs.last_run import last_run
from beamctl.runs.store import applied_before
from beamctl.secrets.sources import with_source_hazards
from beamctl.system.clock import current_time
from beamctl.system.files import read_file
from beamctl.system.signature import verify
from beamctl.workflow.apply_view import ApplyRequest
from beamctl.workflow.connection import Access, Link, api_time, open_link
from beamctl.workflow.documents import quoted
from beamctl.workflow.plan import identify, with_clocks
from beamctl.workflow.plan_all import Checks, Planned, refuse_shared


@dataclass(frozen=True, slots=True)
class Recheck:
    """A saved plan, checked against the live workspace.

    Attributes:
        plan: The plan for the identity that applies it.
        workspace_id: The API's id of the workspace.
        stale_objects: The objects that the plan depends on and that changed.
        in_effect: The changes that are already in effect.
        below_floors: The hazards raised by the floors of this run, which the file cannot allow.
    """

    plan: Plan
    workspace_id: str
    stale_objects: tuple[StaleObject, ...]
    in_effect: tuple[Change, ...]
    below_floors: tuple[Hazard, ...] = ()


def open_plan(content: bytes, name: str) -> Saved:
    """Parse the plans in a file and check that beamctl could have planned every change.

    Raises:
        UsageError: It is not a saved plan, or was modified.
    """
    saved = read_saved(content, name)
    plans = []
    for plan in saved.plans:
        kinds = [kind for kind in all_kinds() if kind.name in plan.sections]
        changes = with_dependencies(kinds, plan.changes, plan.quorums)  # the file's own are not trusted
        plans.append(replace(plan, changes=changes))
        _refuse_invalid(changes, name)
        if unknown := plan.sections.items() - {(kind.name, kind.section) for kind in all_kinds()}:
            raise UsageError(
                f"{name} has changes of the kind {min(unknown)[0]}, which this version of beamctl does not support",
                BY_HAND,
            )
    return replace(saved, plans=tuple(plans))


def _refuse_invalid(changes: Sequence[Change], where: str) -> None:
    kinds = {kind.name: kind for kind in all_kinds()}
    refuse_unplanned(where, (change for change in changes if not kinds[change.kind].is_valid(change)))


def could_be_planned(change: Change) -> bool:
    """Whether a change is one that beamctl plans."""
    kind = next((kind for kind in all_kinds() if kind.name == change.kind), None)
    return kind is not None and conforms(change_data("", change), "plannedChange") and kind.is_valid(change)


def refuse_unplanned(where: str, unplanned: Iterable[Change]) -> None:
    """Refuse changes that beamctl would not plan.

    Raises:
        UsageError: There is one.
    """
    for change in unplanned:
        message = f"{where} has a change that beamctl would not plan: {change.action.value} {change.name}"
        raise UsageError(message, BY_HAND)


def recheck_plan(
    saved: Plan,
    reader: Reader,
    identity: Identity | None,
    *,
    floors: Bounds = NO_FLOORS,
    recorded: Declared | None = None,
    today: date | Callable[[], date] = date.min,
) -> Recheck:
    """Check whether a saved plan still holds.

    Args:
        saved: The plan.
        reader: Of its workspace.
        identity: Who applies it, if the credential shows it.
        floors: The floors of this run.
        recorded: What the last recorded run declared.
        today: The date in UTC.
    """
    kinds = tuple(kind for kind in all_kinds() if kind.name in saved.sections)
    gone = {(change.kind, change.key) for change in saved.changes if change.after is None}
    live = {kind.name: read(kind, saved.workspace, reader, deletes_only(kind, gone)) for kind in kinds}
    situation = Situation(today() if callable(today) else today, saved.api, identity, floors=floors, recorded=recorded)
    plan = since_recorded(run_as(saved, kinds, live, situation), kinds, live, situation)
    below = below_floors(plan, kinds, live, situation)
    return Recheck(
        plan=replace(plan, hazards=merged(below, plan.hazards)),
        workspace_id=identify(saved.workspace, reader),
        stale_objects=stale_objects(saved, kinds, live),
        in_effect=in_effect(saved, kinds, live),
        below_floors=below,
    )


def open_saved(
    file: str, request: ApplyRequest, access: Access, stack: ExitStack
) -> tuple[list[Planned], tuple[Allowance, ...], Saved, ShardScope | None]:
    """Open a saved plan and check that it is not stale. Its signature is verified before it is parsed.

    Args:
        file: The file as the user named it.
        request: What to apply.
        access: How to reach the API.
        stack: Closes the connections.

    Returns:
        The plans, the allowed hazards, the content of the file, and what the shard is a part of. Hazards can be
        allowed now or when the plan was made, except those of this run's floors, which can be allowed only now: the
        plan may be older than the floors.

    Raises:
        UsageError: It is not signed, not a saved plan, its times are invalid, or it is for another workspace or API.
        StalePlanError: It is stale.
    """
    workspaces, checks = request.workspaces, request.checks
    if Path(file).suffix in YAML_SUFFIXES:
        hint = f"To apply a document, use -f:  beamctl apply -f {quoted(file)}"
        raise UsageError(f"{file} is not a saved plan", hint)
    content = read_file(Path(file), LARGEST)
    signer = "" if request.signers is None else verify(content, file, Path(request.signers))
    saved = replace(open_plan(content, file), signer=signer)
    refuse_untimely(saved, file, datetime.now(UTC))
    names = [plan.workspace for plan in saved.plans]
    if foreign := [name for name in workspaces if name not in names]:
        raise UsageError(
            f"{file} is for {', '.join(names)}, not {foreign[0]!r}", "Use -w with a workspace in the plan."
        )
    named = [plan for plan in saved.plans if not workspaces or plan.workspace in workspaces]
    whole = tuple(plan.workspace for plan in named)
    scope = ShardScope(checks.shard, whole, saved.digest, saved.commit) if checks.shard else None
    picked = [plan for plan in named if scope is None or scope.shard.has(plan.workspace)]
    refuse_shared(request.allowed, [plan.workspace for plan in picked])
    _refuse_expired(saved, picked, file, current_time())
    for plan in picked:
        if run := applied_before(checks.records, plan.workspace, saved.digest):
            raise _stale(file, f"{file} was already applied, in the run {run}")
    opened = [(plan, stack.enter_context(open_link(access, plan.workspace))) for plan in picked]
    checked = [_checked(saved, file, plan, link, checks) for plan, link in opened]
    before = unused([hazard for _, below in checked for hazard in below], saved.allowed)
    return [planned for planned, _ in checked], (*request.allowed, *before), saved, scope


def _checked(saved: Saved, file: str, plan: Plan, link: Link, checks: Checks) -> tuple[Planned, tuple[Hazard, ...]]:
    """The rechecked plan, and the hazards of this run's floors."""
    if link.api_url != plan.api:
        raise UsageError(
            f"{file} is for {plan.api}, but --api-url is {link.api_url}", "Use the API of the plan, or make a new plan."
        )

    last = last_run(checks.records, plan.workspace, plan.api)

    def recheck() -> Recheck:
        def today() -> date:
            return api_time(link.skew()).date()

        _refuse_expired(saved, [plan], file, current_time())
        found = recheck_plan(
            plan, link.reader, link.identity, floors=checks.floors, recorded=last.declared, today=today
        )
        _refuse_expired(saved, [plan], file, api_time(link.skew()))
        _refuse_stale(saved, file, found)
        return replace(found, plan=with_clocks(with_source_hazards(found.plan), link))

    def still() -> bool:
        return recheck().plan.hazards == first.plan.hazards  # other changes raise an error

    first = recheck()
    unrecorded = first.plan.declared not in (None, last.declared)
    planned = Planned(first.plan, link, still, lambda: saved.commit, lambda: saved.digest, unrecorded=unrecorded)
    return planned, first.below_floors


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
