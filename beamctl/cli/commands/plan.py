"""`beamctl plan`: show the changes that an apply would make."""

from __future__ import annotations

from contextlib import ExitStack

import click

from beamctl.cli import options
from beamctl.cli.exits import Exit
from beamctl.cli.output import Output
from beamctl.plan.guards import Bounds
from beamctl.plan.hazard import allowance
from beamctl.report.text.plan import saved_text, unused_note
from beamctl.runs.folder import RecordFolder
from beamctl.workflow.connection import Access
from beamctl.workflow.documents import command_for, unread
from beamctl.workflow.plan import Checks, is_refused, plan_all, unused_allowances
from beamctl.workflow.save_plan import save, target_of


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
    file: str | None,
    expires: str | None,
    record: RecordFolder,
    out: Output,
    detailed_exitcode: bool,
    floors: Bounds,
    access: Access,
) -> int:
    """Show the changes needed to make a workspace match its document.

    Exits 0, or 2 with --detailed-exitcode if there are changes, or 5 if `apply` would refuse the plan.
    """
    granted = tuple(map(allowance, allowed))
    target = target_of(file, expires, record.path)
    for note in record.ignored():
        out.info(note)
    with ExitStack() as stack:
        planned = plan_all(files, workspaces, access, stack, granted, Checks(floors, record))
        if note := unread(files):
            out.info(note)
        plans = [each.plan for each in planned]
        saved = save(planned, granted, target, out.redaction)
        if out.json:
            from beamctl.report.json_report import plans_json

            out.result(plans_json(plans, granted))
        else:
            from beamctl.report.text.plan import APPLY, plans_text

            command = command_for(APPLY, files, workspaces)
            out.result(plans_text(plans, granted, out.style, command=command))
        for text in unused_allowances(plans, granted):
            out.info(unused_note(text))
        if saved and target.file:
            out.info(saved_text(saved, target.file))
    if is_refused(plans, granted):
        return Exit.REFUSED
    return Exit.DIFFERS if detailed_exitcode and any(plan.changes for plan in plans) else Exit.DONE
