"""`beamctl apply`: show the plans, ask, make the changes, and say what became of each. It must not decide anything that
the plan does not say."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import click

from beamctl.apply.event import Event
from beamctl.cli import options
from beamctl.cli.connect import access_of
from beamctl.cli.exits import Exit
from beamctl.cli.interrupt import Interrupt
from beamctl.cli.output import Output, output_of
from beamctl.cli.planning import Planned, allowances, is_refused, plan_all, say_unused
from beamctl.cli.progress import Progress
from beamctl.errors import RefusedError
from beamctl.plan.hazard import Allowance
from beamctl.report.text.apply import counts, end_text
from beamctl.report.text.plan import plan_text
from beamctl.usecases import apply

Ran = list[tuple[Planned, list[Event]]]


@click.command("apply")
@options.files
@options.workspaces
@click.option("--auto-approve", is_flag=True, help="Do not ask. For CI, where the plan was reviewed before.")
@options.allow
@options.parallelism
@options.view
@options.connection
def command(  # noqa: PLR0913 - one argument an option
    files: tuple[str, ...],
    workspaces: tuple[str, ...],
    allowed: tuple[str, ...],
    parallelism: int,
    output: str,
    *,
    auto_approve: bool,
    no_color: bool,
    quiet: bool,
    **connection: Any,  # noqa: ANN401 - the options of `options.connection`
) -> int:
    """Make a workspace what its document says, after showing the changes.

    Asks for `yes` on a terminal. Exits 0 when all is done, 5 where it refuses, 7 where something was left undone.
    """
    out = output_of(output, no_color=no_color, quiet=quiet)
    granted = allowances(allowed)
    with ExitStack() as stack:
        planned = plan_all(files, workspaces, access_of(**connection), stack)
        if not out.json:
            out.payload("\n".join(plan_text(each.plan, granted, out.style) for each in planned))
        say_unused(planned, granted, out)
        ran: Ran = []
        code = Exit.REFUSED
        if not is_refused(planned, granted):
            _approve(planned, auto_approve=auto_approve, from_stdin="-" in files)
            code = _apply_all(planned, ran, parallelism, out)
    if out.json:
        _report(planned, granted, ran, out)
    return code


def _approve(planned: Sequence[Planned], *, auto_approve: bool, from_stdin: bool) -> None:
    count = sum(len(each.plan.changes) for each in planned)
    if auto_approve or not count:
        return
    if from_stdin or not sys.stdin.isatty():
        raise RefusedError(
            "there is no terminal to ask on, so nothing was changed",
            "To apply without being asked:  beamctl apply --auto-approve",
        )
    names = ", ".join(each.plan.workspace for each in planned if each.plan.changes)
    click.echo(f"\nMake {count} change{'s' * (count != 1)} to {names}? Only `yes` is taken: ", nl=False, err=True)
    if sys.stdin.readline().strip() != "yes":
        raise RefusedError("not approved, so nothing was changed")


def _apply_all(planned: Sequence[Planned], ran: Ran, parallelism: int, out: Output) -> Exit:
    code = Exit.DONE
    with Interrupt(out.talk) as interrupt:
        for each in planned:
            if not each.plan.changes:
                continue
            events: list[Event] = []
            ran.append((each, events))
            progress = Progress(out, len(each.plan.changes))
            for event in apply(
                each.plan, each.link.reader, each.link.sender, parallelism=parallelism, stop=interrupt.stop
            ):
                events.append(event)
                progress.show(event)
            progress.end()
            if not out.json:
                out.payload("\n" + end_text(each.plan.workspace, events))
            _, _, failed, skipped = counts(events)
            code = Exit.PARTLY if failed or skipped else code
        return Exit.INTERRUPTED if interrupt.stop.is_set() else code


def _report(planned: Sequence[Planned], granted: Sequence[Allowance], ran: Ran, out: Output) -> None:
    from beamctl.report.as_json import applied_json

    events = [(each.plan, became) for each, became in ran]
    out.payload(applied_json([each.plan for each in planned], granted, events))
