"""Planning shared by `plan`, `apply`, `drift` and `undo`: reads documents, opens workspaces and makes all plans."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from beamctl.cli.output import Output
from beamctl.document.document import Desired
from beamctl.errors import RefusedError, StalePlanError, UsageError
from beamctl.model.text import printable
from beamctl.plan.comparison import Note, Situation
from beamctl.plan.guards import NO_FLOORS, Bounds
from beamctl.plan.hazard import Allowance, allowance, refused, unused
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import digest_of
from beamctl.plan.plan_json import plans_data
from beamctl.runs.commit import commit_of
from beamctl.runs.record_folder import RecordFolder
from beamctl.runs.store import LastRun, last_run
from beamctl.secrets.sources import with_source_hazards
from beamctl.workflow.clock import api_time, skew_note
from beamctl.workflow.connection import Access, Link, open_link
from beamctl.workflow.documents import read_desired
from beamctl.workflow.questions import plan


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
    """

    plan: Plan
    link: Link
    still: Callable[[], bool]
    commit: Callable[[], str]
    digest: Callable[[], str]
    unrecorded: bool = False


@dataclass(frozen=True, slots=True)
class Checks:
    """What plans are checked against, besides their documents.

    Attributes:
        floors: Guards set for this run.
        records: The run records.
    """

    floors: Bounds
    records: RecordFolder


def plan_all(
    files: Sequence[str],
    workspaces: Sequence[str],
    access: Access,
    stack: ExitStack,
    granted: Sequence[Allowance],
    checks: Checks,
) -> list[Planned]:
    """Plan every workspace of the documents. An error in one stops all, before anything is changed.

    Args:
        files: The documents.
        workspaces: The workspaces to plan; empty for all.
        access: How to reach the API.
        stack: Closes the connections.
        granted: The allowed hazards.
        checks: What the plans are checked against.

    Raises:
        UsageError: A hazard is allowed, but the run covers several workspaces.
    """
    documents = read_desired(files, workspaces)
    refuse_shared(granted, [desired.workspace for desired in documents])
    links = [(desired, stack.enter_context(open_link(access, desired.workspace))) for desired in documents]
    return [_planned(desired, link, granted, checks) for desired, link in links]


def refuse_shared(granted: Sequence[Allowance], workspaces: Sequence[str]) -> None:
    """Refuse allowed hazards in a run over several workspaces.

    Raises:
        UsageError: A hazard is allowed, but the run covers several workspaces.
    """
    if granted and len(workspaces) > 1:
        hint = f"Pick one with -w: {', '.join(workspaces)}."
        raise UsageError("--allow applies to one plan, but this run makes several", hint)


def command_for(command: str, files: Sequence[str], workspaces: Sequence[str]) -> str:
    """A command for the files and workspaces of this run, as typed in a shell."""
    named = [f"-f {quoted(file)}" for file in files]
    picked = (
        [f"-w {name}" for name in workspaces] if len(workspaces) == 1 else []
    )  # for several, each plan names its own
    return " ".join([command, *named, *picked])


def quoted(file: str) -> str:
    """A file name, quoted for a shell."""
    return shlex.quote(printable(file))


def refuse_stale(planned: Sequence[Planned]) -> None:
    """Check that the workspaces did not change during the approval.

    Raises:
        StalePlanError: A workspace changed after it was planned.
    """
    for each in planned:
        if not each.still():
            raise StalePlanError(
                f"{each.plan.workspace} changed while waiting for approval, so nothing was changed",
                "Run `beamctl apply` again to see the new plan.",
            )


def plan_now(
    desired: Desired,
    link: Link,
    last: LastRun,
    floors: Bounds = NO_FLOORS,
    granted: Sequence[Allowance] = (),
) -> Plan:
    """Plan one workspace as it is now.

    Args:
        desired: The desired state.
        link: The connection to the workspace.
        last: The last recorded run.
        floors: Guards set for this run.
        granted: The allowed hazards.
    """

    def current_situation() -> Situation:
        return replace(situation(link, last, floors), allowed=tuple(granted))

    return with_clocks(with_source_hazards(plan(desired, link.reader, current_situation)), link)


def with_clocks(plan: Plan, link: Link) -> Plan:
    """The plan, with a note if the clocks of this machine and the API differ."""
    note = skew_note(link.skew())
    return replace(plan, notes=(Note(note), *plan.notes)) if note else plan


def situation(link: Link, last: LastRun, floors: Bounds) -> Situation:
    """What a plan currently depends on. Call it after reading the workspace, because that reads the API's clock."""
    now = api_time(link.skew())
    return Situation(
        now.date(),
        link.api_url,
        link.identity,
        last.left,
        now=now,
        floors=floors,
        recorded=last.declared,
        interrupted=last.interrupted,
        resent=last.history.resent,
        deferred=last.history.deferred,
        withdrawn=last.history.withdrawn,
    )


def _planned(desired: Desired, link: Link, granted: Sequence[Allowance], checks: Checks) -> Planned:
    last = last_run(checks.records, desired.workspace, link.api_url)
    make = partial(plan_now, desired, link, last, checks.floors, granted)
    first = make()
    source = desired.document.source
    return Planned(
        first,
        link,
        lambda: make() == first,
        lambda: commit_of(source),
        lambda: digest_of(plans_data([first], ())),
        unrecorded=first.declared != last.declared,
    )


def allowances(texts: Sequence[str]) -> tuple[Allowance, ...]:
    """Parse the values of `--allow`.

    Raises:
        UsageError: A value is not a hazard, or the hazard cannot be allowed.
    """
    return tuple(allowance(text) for text in texts)


def is_refused(plans: Sequence[Planned], allowed: Sequence[Allowance]) -> bool:
    """Whether any plan has a hazard that is not allowed."""
    return any(refused(each.plan.hazards, allowed) for each in plans)


def say_unused(plans: Sequence[Planned], allowed: Sequence[Allowance], out: Output) -> None:
    """Print a note for each allowance that matches no hazard."""
    for each in _unused(plans, allowed):
        out.info(f"Note: --allow {each} has no effect: the plan has no such hazard.")


def refuse_unused(plans: Sequence[Planned], allowed: Sequence[Allowance], out: Output) -> None:
    """Refuse to apply if an allowance matches no hazard: the plan is not the one that was reviewed.

    Plans without changes get only a note.

    Raises:
        RefusedError: There are changes, and an allowance matches no hazard.
    """
    if not any(each.plan.changes for each in plans):
        say_unused(plans, allowed, out)
    elif others := _unused(plans, allowed):
        raise RefusedError(
            f"no hazard of the plan matches --allow {' and --allow '.join(others)}: the plan is not the one that was "
            "reviewed, so nothing was changed",
            "Run `beamctl plan` to see the current plan, and allow exactly what it prints.",
        )


def _unused(plans: Sequence[Planned], allowed: Sequence[Allowance]) -> list[str]:
    hazards = [hazard for each in plans for hazard in each.plan.hazards]
    return [printable(str(each)) for each in unused(hazards, allowed)]
