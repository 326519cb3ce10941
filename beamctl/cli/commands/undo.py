"""`beamctl undo`: plan the changes that would undo a run."""

from __future__ import annotations

from functools import partial

import click

from beamctl.cli import options
from beamctl.cli.commands.plan import report, saving_target, to_save
from beamctl.cli.exits import Exit
from beamctl.cli.help import BeamctlCommand
from beamctl.cli.output import Output
from beamctl.plan.guards import Bounds
from beamctl.plan.hazard import allowance, refuse_misdirected
from beamctl.report.data import CommandName, ReportData
from beamctl.report.plan_text import undo_text
from beamctl.runs.folder import RecordFolder
from beamctl.runs.store import find_record
from beamctl.workflow.connection import Access, open_link
from beamctl.workflow.documents import command_for
from beamctl.workflow.plan_all import AllPlanned, Checks
from beamctl.workflow.undo import guards_for, plan_undo, undo_command


@click.command("undo", cls=BeamctlCommand, examples=("beamctl undo last", "beamctl undo last --out undo.json"))
@click.argument("run", metavar="RUN")
@options.files
@options.allow
@options.saving
@options.record
@options.view
@options.connection
@options.floors
def command(  # noqa: PLR0913 - one argument per option
    *,
    run: str,
    files: tuple[str, ...],
    allowed: tuple[str, ...],
    file: str | None,
    expires: str | None,
    sign: str | None,
    record: RecordFolder,
    out: Output,
    floors: Bounds,
    access: Access,
) -> int:
    """Show the changes that would undo a run, and what cannot be undone.

    RUN is a name from `beamctl runs`, the start of one, or `last`. Nothing is changed: save the plan with --out and
    apply the file. Then change the document too, or its next apply makes the undone changes again. The guards are those
    of the workspace's document, if there is one.
    """
    granted = tuple(map(allowance, allowed))
    target = saving_target(file, expires, sign, record)
    for note in record.ignored():
        out.info(note)
    found = find_record(record, run, with_changes=True)
    desired = guards_for(found, files, out.info)
    refuse_misdirected(granted, [found.workspace])
    with open_link(access, found.workspace) as link:
        (planned,) = to_save(AllPlanned((plan_undo(found, desired, link, Checks(floors, record)),)), target).planned
        command = command_for(f"{undo_command(found.run.id, record.named)} --out FILE", files, ())
        text = partial(undo_text, planned.plan, granted, out.style, command)
        data = ReportData(CommandName.PLAN, [planned.plan], granted, apply_command=command)
        refused = report([planned], data, target, out, text)
    if planned.plan.changes and not refused and target is None:
        out.info(f"Nothing was changed. To make these changes, save the plan and apply the file:  {command}")
    return Exit.REFUSED if refused else Exit.DONE
