"""`beamctl validate`: check documents and print their problems.

A module of its own: there is one for each command."""

from __future__ import annotations

import sys

import click

from beamctl.cli import options
from beamctl.cli.exits import Exit
from beamctl.cli.help import BeamctlCommand
from beamctl.cli.output import Output
from beamctl.cli.reports import ReportFile, refuse_plan_reports, refuse_unwritable, write_reports
from beamctl.workflow.documents import named_files, read_sources, unread_note, validate


@click.command("validate", cls=BeamctlCommand, examples=("beamctl validate", "beamctl validate access/ -o json"))
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@options.files
@options.reports
@options.view
def command(paths: tuple[str, ...], files: tuple[str, ...], *, reports: tuple[ReportFile, ...], out: Output) -> int:
    """Check documents, without a credential or a network.

    PATH is a document or a directory of them, as with -f. Prints all problems as file:line:column with a hint. Exits 0
    if there are none, else 3. Warnings about valid but probably unintended content do not change the exit code.
    """
    files = (*files, *paths)
    refuse_plan_reports(reports)
    refuse_unwritable(reports, named_files(files) if reports else (), None, None)
    checked = validate(read_sources(files))
    if note := unread_note(files):
        out.info(note)
    lines = out.source_lines(sys.stdout)
    if out.json:
        from beamctl.report.json_report import problems_json

        out.result(problems_json(checked.problems, len(checked.desired), checked.warnings), is_error=True)
    elif checked.problems:
        from beamctl.report.problems_text import problems_text

        out.result(problems_text(checked.problems, out.style, source_lines=lines), is_error=True)
    else:
        from beamctl.report.problems_text import valid_text

        names = [desired.workspace for desired in checked.desired]
        out.result(valid_text(names, checked.warnings, out.style, source_lines=lines), is_error=True)
    if reports:
        from beamctl.report.data import CommandName, ReportData

        valid = list(dict.fromkeys(source for desired in checked.desired for source in desired.sources))
        found = ReportData(CommandName.PLAN, (), problems=checked.problems, warnings=checked.warnings, documents=valid)
        write_reports(reports, found, out)
    return Exit.WRONG_INPUT if checked.problems else Exit.DONE
