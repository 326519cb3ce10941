"""`beamctl plan`: show the changes that an apply would make."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from beamctl.cli import options
from beamctl.cli.exits import Exit
from beamctl.cli.output import output_of
from beamctl.plan.guards import Bounds
from beamctl.runs.record_folder import RecordFolder, note_ignored
from beamctl.workflow.connection import access_of
from beamctl.workflow.documents import unread
from beamctl.workflow.planning import Checks, allowances, command_for, is_refused, plan_all, say_unused
from beamctl.workflow.saved_plans import save, target_of


@click.command("plan")
@options.files
@options.workspaces
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 if there are changes.")
@options.allow
@options.saving
@options.record
@options.view
@options.connection
@options.floors
def command(  # noqa: PLR0913 - one argument per option
    *,
    files: tuple[str, ...],
    workspaces: tuple[str, ...],
    allowed: tuple[str, ...],
    out: str | None,
    expires: str | None,
    record: RecordFolder,
    output: str,
    detailed_exitcode: bool,
    no_color: bool,
    quiet: bool,
    floors: Bounds,
    **connection: Any,  # noqa: ANN401 - the options of `options.connection`
) -> int:
    """Show the changes needed to make a workspace match its document.

    Exits 0, or 2 with --detailed-exitcode if there are changes, or 5 if `apply` would refuse the plan.
    """
    printer = output_of(output, no_color=no_color, quiet=quiet)
    granted = allowances(allowed)
    target = target_of(out, expires, record.path)
    note_ignored(record, printer)
    with ExitStack() as stack:
        planned = plan_all(files, workspaces, access_of(**connection), stack, granted, Checks(floors, record))
        if note := unread(files):
            printer.info(note)
        plans = [each.plan for each in planned]
        saved = save(planned, granted, target)
        if printer.json:
            from beamctl.report.json_report import plans_json

            printer.result(plans_json(plans, granted))
        else:
            from beamctl.report.text.plan import APPLY, plans_text

            command = command_for(APPLY, files, workspaces)
            printer.result(plans_text(plans, granted, printer.style, command=command))
        say_unused(planned, granted, printer)
        if saved:
            printer.info(saved)
    if is_refused(planned, granted):
        return Exit.REFUSED
    return Exit.DIFFERS if detailed_exitcode and any(plan.changes for plan in plans) else Exit.DONE
