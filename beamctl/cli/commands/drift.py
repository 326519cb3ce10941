"""`beamctl drift`: report differences between a workspace and its document.

A module of its own: there is one for each command."""

from __future__ import annotations

import click

from beamctl.cli import options
from beamctl.cli.help import BeamctlCommand
from beamctl.cli.output import Exit, Output
from beamctl.cli.reports import ReportFile, problems_reported, refuse_unwritable, write_reports
from beamctl.report.data import CommandName, ReportData
from beamctl.runs.folder import RecordFolder
from beamctl.workflow.connection import Access
from beamctl.workflow.documents import named_files
from beamctl.workflow.plan import drift


@click.command("drift", cls=BeamctlCommand, examples=("beamctl drift", "beamctl drift -f access/ -o json"))
@options.files
@options.workspaces
@options.reports
@options.record
@options.view
@options.connection
def command(
    files: tuple[str, ...],
    workspaces: tuple[str, ...],
    *,
    reports: tuple[ReportFile, ...],
    record: RecordFolder,
    out: Output,
    access: Access,
) -> int:
    """Report differences between a workspace and its document.

    Changes nothing. Exits 0 if there is no drift and 2 if there is.
    """
    refuse_unwritable(reports, named_files(files), record.path, None)
    for note in record.ignored():
        out.info(note)
    with problems_reported(reports, out):
        plans = drift(files, workspaces, access, record, out.info)
    if out.json:
        from beamctl.report.json_report import drift_json

        out.result(drift_json(plans))
    else:
        from beamctl.report.drift_text import drift_text

        out.result("\n".join(drift_text(plan, out.style) for plan in plans))
    write_reports(reports, ReportData(CommandName.DRIFT, plans), out)
    return Exit.DIFFERS if any(plan.differs for plan in plans) else Exit.DONE
