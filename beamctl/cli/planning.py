"""What `plan`, `apply` and `drift` do alike: read the documents, open each workspace, plan all before anything else.
It must not know what is done with the plans."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from beamctl.cli.connect import Access, Link, link
from beamctl.cli.documents import read_desired
from beamctl.cli.output import Output
from beamctl.document.document import Desired
from beamctl.errors import RefusedError, StalePlanError, UsageError
from beamctl.model.text import printable
from beamctl.plan.hazard import Allowance, allowance, refused, unused
from beamctl.plan.kind import Situation
from beamctl.plan.plan import Plan
from beamctl.usecases import plan


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and the way to the workspace it is for."""

    desired: Desired
    plan: Plan
    link: Link


def plan_all(
    files: Sequence[str],
    workspaces: Sequence[str],
    access: Access,
    stack: ExitStack,
    granted: Sequence[Allowance] = (),
) -> list[Planned]:
    """Plan every workspace of the documents. An error in one stops all: nothing has been changed yet.

    Raises:
        UsageError: A hazard is allowed, and the run is about several workspaces: it is not said in which.
    """
    wanted = read_desired(files, workspaces)
    if granted and len(wanted) > 1:
        names = ", ".join(desired.workspace for desired in wanted)
        raise UsageError("--allow is about one plan, and this run makes several", f"Pick one with -w: {names}.")
    return [_planned(desired, stack.enter_context(link(access, desired.workspace))) for desired in wanted]


def refuse_stale(planned: Sequence[Planned]) -> None:
    """Look again after somebody took their time to say yes.

    Raises:
        StalePlanError: A workspace is no longer what its plan was made from.
    """
    for each in planned:
        if _planned(each.desired, each.link).plan != each.plan:
            raise StalePlanError(
                f"{each.plan.workspace} changed while you were asked, so nothing was changed",
                "Run `beamctl apply` again to see the plan as it is now.",
            )


def _planned(desired: Desired, way: Link) -> Planned:
    situation = Situation(datetime.now(UTC).date(), way.api_url, way.identity)
    return Planned(desired, plan(desired, way.reader, situation), way)


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
