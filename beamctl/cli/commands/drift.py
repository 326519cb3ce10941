"""`beamctl drift`: report differences between a workspace and its document.

A module of its own: there is one for each command."""

from __future__ import annotations

import click

from beamctl.cli import options
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.output import Exit, Output
from beamctl.cli.reports import ReportFile, refuse_unwritable, write_reports
from beamctl.errors import UsageError
from beamctl.report.data import CommandName, ReportData
from beamctl.runs.folder import RecordFolder
from beamctl.workflow.connection import Access
from beamctl.workflow.documents import named_files, read_sources
from beamctl.workflow.plan import drift, plan_now


@click.command(
    "drift",
    cls=BeamctlCommand,
    examples=("beamctl drift", "beamctl drift -f access/ -o json", "beamctl drift --patch | git apply"),
)
@options.files
@options.workspaces
@option(
    Group.OUTPUT,
    "--patch",
    is_flag=True,
    help="Print a unified diff for `git apply` that makes the documents say what is live, instead of the report.",
)
@option(Group.OUTPUT, "--write", is_flag=True, help="Make these edits in the documents.")
@options.reports
@options.record
@options.view
@options.connection
def command(  # noqa: PLR0913 - one argument per option
    files: tuple[str, ...],
    workspaces: tuple[str, ...],
    *,
    patch: bool,
    write: bool,
    reports: tuple[ReportFile, ...],
    record: RecordFolder,
    out: Output,
    access: Access,
) -> int:
    """Report differences between a workspace and its document.

    Changes nothing in the workspace. Exits 0 if there is no drift and 2 if there is, even if --write edits the document
    to match.
    """
    if patch and out.json:
        raise UsageError("--patch prints a diff, not JSON", "Add --report json=FILE for both.")
    refuse_unwritable(reports, named_files(files), record.path, None)
    for note in record.ignored():
        out.info(note)
    adopter = None
    if patch or write:
        from beamctl.workflow.adopt import DriftAdopter

        adopter = DriftAdopter(read_sources(files))
    plans = drift(files, workspaces, access, record, out.info, adopter.look if adopter else plan_now)
    if out.json:
        from beamctl.report.json_report import drift_json

        out.result(drift_json(plans))
    elif not patch:
        from beamctl.report.drift_text import drift_text

        out.result("\n".join(drift_text(plan, out.style) for plan in plans))
    if adopter:
        from beamctl.cli.adopted_drift import show_and_write

        show_and_write(adopter.result(), out, patch=patch, write=write)
    write_reports(reports, ReportData(CommandName.DRIFT, plans), out.redaction)
    return Exit.DIFFERS if any(plan.differs for plan in plans) else Exit.DONE
