"""What `plan` and `apply` do alike: read the documents, open each workspace, plan all before anything else.
It must not know what is done with the plans."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from beamctl.cli.commit import commit_of
from beamctl.cli.connect import Access, Link, link
from beamctl.cli.documents import read_desired
from beamctl.cli.machine_clock import judged, skew_note
from beamctl.cli.output import Output
from beamctl.cli.record_folder import RecordFolder
from beamctl.cli.run_records import LastRun, last_run
from beamctl.cli.secret_sources import with_source_hazards
from beamctl.document.document import Desired
from beamctl.errors import RefusedError, StalePlanError, UsageError
from beamctl.model.text import printable
from beamctl.plan.comparison import Note, Situation
from beamctl.plan.floors import NO_FLOORS, Bounds
from beamctl.plan.hazard import Allowance, allowance, refused, unused
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import digest_of
from beamctl.plan.plan_json import plans_data
from beamctl.workflow.questions import plan


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and the way to the workspace it is for.

    Attributes:
        plan: The plan.
        link: The way.
        still: Looks again, and tells whether it still holds.
        commit: Tells the commit of the documents it was made from; empty where there is none.
        digest: Tells what names it in records.
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
    """What plans are checked against in addition to their documents.

    Attributes:
        floors: Guards that the run sets.
        records: The records of applies.
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
    """Plan every workspace of the documents. An error in one stops all: nothing has been changed yet.

    Args:
        files: Where the documents are.
        workspaces: Those that are meant; none for all.
        access: How to reach them.
        stack: Closes the ways to them.
        granted: The hazards that somebody allowed.
        checks: What the plans are checked against.

    Raises:
        UsageError: A hazard is allowed, and the run is about several workspaces: it is not said in which.
    """
    wanted = read_desired(files, workspaces)
    refuse_shared(granted, [desired.workspace for desired in wanted])
    ways = [(desired, stack.enter_context(link(access, desired.workspace))) for desired in wanted]
    return [_planned(desired, way, granted, checks) for desired, way in ways]


def refuse_shared(granted: Sequence[Allowance], workspaces: Sequence[str]) -> None:
    """Refuse what is allowed in a run over several workspaces.

    Raises:
        UsageError: A hazard is allowed, and it is not said in which.
    """
    if granted and len(workspaces) > 1:
        hint = f"Pick one with -w: {', '.join(workspaces)}."
        raise UsageError("--allow is about one plan, and this run makes several", hint)


def command_for(command: str, files: Sequence[str], workspaces: Sequence[str]) -> str:
    """A command about what this run is about, as one would type it."""
    named = [f"-f {quoted(file)}" for file in files]
    picked = [f"-w {name}" for name in workspaces] if len(workspaces) == 1 else []  # several: each plan picks its own
    return " ".join([command, *named, *picked])


def quoted(file: str) -> str:
    """The name of a file as one would type it."""
    return shlex.quote(printable(file))


def refuse_stale(planned: Sequence[Planned]) -> None:
    """Look again after somebody took their time to say yes.

    Raises:
        StalePlanError: A workspace is no longer what its plan was made from.
    """
    for each in planned:
        if not each.still():
            raise StalePlanError(
                f"{each.plan.workspace} changed while you were asked, so nothing was changed",
                "Run `beamctl apply` again to see the plan as it is now.",
            )


def plan_now(
    desired: Desired,
    way: Link,
    last: LastRun,
    floors: Bounds = NO_FLOORS,
    granted: Sequence[Allowance] = (),
) -> Plan:
    """Plan one workspace as it is at this moment.

    Args:
        desired: What its document says.
        way: To it.
        last: What the records say of earlier runs.
        floors: Guards that the run sets.
        granted: The hazards that are allowed.
    """

    def told() -> Situation:
        return replace(situation(way, last, floors), allowed=tuple(granted))

    return with_clocks(with_source_hazards(plan(desired, way.reader, told)), way)


def with_clocks(plan: Plan, way: Link) -> Plan:
    """The plan with a note if the clock of this machine is not the API's."""
    said = skew_note(way.skew())
    return replace(plan, notes=(Note(said), *plan.notes)) if said else plan


def situation(way: Link, last: LastRun, floors: Bounds) -> Situation:
    """What a plan depends on at this moment. Called once the workspace was read, which tells the API's clock."""
    now = judged(way.skew())
    return Situation(
        now.date(),
        way.api_url,
        way.identity,
        last.left,
        now=now,
        floors=floors,
        recorded=last.declared,
        interrupted=last.interrupted,
        resent=last.history.resent,
        deferred=last.history.deferred,
        withdrawn=last.history.withdrawn,
    )


def _planned(desired: Desired, way: Link, granted: Sequence[Allowance], checks: Checks) -> Planned:
    last = last_run(checks.records, desired.workspace, way.api_url)
    made = partial(plan_now, desired, way, last, checks.floors, granted)
    first = made()
    source = desired.document.source
    return Planned(
        first,
        way,
        lambda: made() == first,
        lambda: commit_of(source),
        lambda: digest_of(plans_data([first], ())),
        unrecorded=first.declared != last.declared,
    )


def allowances(texts: Sequence[str]) -> tuple[Allowance, ...]:
    """Read what `--allow` names.

    Raises:
        UsageError: One of them is no hazard, or one that cannot be allowed.
    """
    return tuple(allowance(text) for text in texts)


def is_refused(plans: Sequence[Planned], allowed: Sequence[Allowance]) -> bool:
    """Whether any plan has a hazard that nobody allowed."""
    return any(refused(each.plan.hazards, allowed) for each in plans)


def say_unused(plans: Sequence[Planned], allowed: Sequence[Allowance], out: Output) -> None:
    """Say which allowances no plan has a hazard for."""
    for each in _unused(plans, allowed):
        out.talk(f"Note: --allow {each} allows nothing here: the plan has no such hazard.")


def refuse_unused(plans: Sequence[Planned], allowed: Sequence[Allowance], out: Output) -> None:
    """Refuse to make the changes of another plan than the one that was allowed. Where there are none, only say so.

    Raises:
        RefusedError: There are changes, and an allowance for which no plan has a hazard.
    """
    if not any(each.plan.changes for each in plans):
        say_unused(plans, allowed, out)
    elif others := _unused(plans, allowed):
        raise RefusedError(
            f"the plan has no such hazard as --allow {' and --allow '.join(others)}: it is not the plan that was "
            "allowed, so nothing was changed",
            "Run `beamctl plan` to see the plan as it is now, and allow exactly what that prints.",
        )


def _unused(plans: Sequence[Planned], allowed: Sequence[Allowance]) -> list[str]:
    hazards = [hazard for each in plans for hazard in each.plan.hazards]
    return [printable(str(each)) for each in unused(hazards, allowed)]
