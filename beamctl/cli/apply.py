"""`beamctl apply`: show the plans, ask, make the changes, and say what became of each. It must not decide anything that
the plan does not say."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from threading import Event as StopSignal
from typing import Any

import click

from beamctl.apply.event import Event
from beamctl.cli import options
from beamctl.cli.connect import access_of
from beamctl.cli.exits import Exit
from beamctl.cli.interrupt import Interrupt
from beamctl.cli.output import Output, UnwritableError, output_of, say
from beamctl.cli.planning import Planned, allowances, is_refused, plan_all, refuse_stale, refuse_unused, say_unused
from beamctl.cli.progress import Progress
from beamctl.errors import RefusedError
from beamctl.plan.hazard import Allowance
from beamctl.report.style import PLAIN, Style
from beamctl.report.text.apply import counts, end_text
from beamctl.report.text.plan import plans_text
from beamctl.usecases import apply

Ran = list[tuple[Planned, list[Event]]]
_WENT_ON = "The apply went on all the same: run `beamctl plan` to see how it stands."


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
    access = access_of(**connection)
    with ExitStack() as stack:
        planned = plan_all(files, workspaces, access, stack, granted)
        if not out.json:
            out.payload(_shown(planned, granted, out.style))
        ran: Ran = []
        code = Exit.REFUSED
        if is_refused(planned, granted):
            say_unused(planned, granted, out)
        else:
            refuse_unused(planned, granted, out)
            if not auto_approve:
                _approve(planned, granted, out, from_stdin="-" in files)
            code = _apply_all(planned, ran, parallelism, out, access.stop)
    if out.json:
        _report(planned, granted, ran, out)
    return code


def _shown(planned: Sequence[Planned], granted: Sequence[Allowance], style: Style) -> str:
    return plans_text([each.plan for each in planned], granted, style)


def _approve(planned: Sequence[Planned], granted: Sequence[Allowance], out: Output, *, from_stdin: bool) -> None:
    count = sum(len(each.plan.changes) for each in planned)
    if not count:
        return
    if from_stdin or not sys.stdin.isatty():
        why = "standard input is the document" if from_stdin else "there is no terminal to ask on"
        raise RefusedError(
            f"{why}, so nothing was changed", "To apply without being asked:  beamctl apply --auto-approve"
        )
    if out.json or not sys.stdout.isatty():  # nobody approves what they have not seen
        say(_shown(planned, granted, PLAIN), nl=False)
    names = ", ".join(each.plan.workspace for each in planned if each.plan.changes)
    say(f"\nMake {count} change{'s' * (count != 1)} to {names}? Only `yes` is taken: ", nl=False)
    if sys.stdin.readline().strip() != "yes":
        raise RefusedError("not approved, so nothing was changed")
    refuse_stale(planned)


def _apply_all(planned: Sequence[Planned], ran: Ran, parallelism: int, out: Output, stop: StopSignal) -> Exit:
    code = Exit.DONE
    unwritable: UnwritableError | None = None
    with Interrupt(stop, quiet=out.quiet):
        for each in (each for each in planned if each.plan.changes):
            events: list[Event] = []
            ran.append((each, events))
            try:
                _apply_one(each, events, parallelism, out, stop)
            except UnwritableError as error:
                unwritable = error
            _, _, failed, skipped = counts(events)
            code = Exit.PARTLY if failed or skipped else code
    if unwritable is not None:
        raise UnwritableError(unwritable.message, _WENT_ON)
    return Exit.INTERRUPTED if stop.is_set() else code


def _apply_one(each: Planned, events: list[Event], parallelism: int, out: Output, stop: StopSignal) -> None:
    progress = Progress(out, len(each.plan.changes))
    unwritable: UnwritableError | None = None
    for event in apply(each.plan, each.link.reader, each.link.sender, parallelism=parallelism, stop=stop):
        events.append(event)
        try:
            progress.show(event)
        except UnwritableError as error:  # a full disk for the report is no reason to leave half of it undone
            unwritable = error
    progress.end()
    if unwritable is not None:
        raise unwritable
    if not out.json:
        out.payload("\n" + end_text(each.plan.workspace, events))


def _report(planned: Sequence[Planned], granted: Sequence[Allowance], ran: Ran, out: Output) -> None:
    from beamctl.report.as_json import applied_json

    events = [(each.plan, became) for each, became in ran]
    try:
        out.payload(applied_json([each.plan for each in planned], granted, events))
    except UnwritableError as error:
        raise UnwritableError(error.message, _WENT_ON if ran else "") from None
