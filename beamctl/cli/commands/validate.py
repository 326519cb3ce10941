"""`beamctl validate`: check documents and print their problems."""

from __future__ import annotations

import click

from beamctl.cli import options
from beamctl.cli.exits import Exit
from beamctl.cli.output import output_of
from beamctl.workflow.documents import read_sources, unread
from beamctl.workflow.questions import validate


@click.command("validate")
@options.files
@options.view
def command(files: tuple[str, ...], output: str, *, no_color: bool, quiet: bool) -> int:
    """Check documents, without a credential or a network.

    Prints all problems as file:line:column with a hint. Exits 0 if there are none, else 3. Warnings about valid but
    probably unintended content do not change the exit code.
    """
    out = output_of(output, no_color=no_color, quiet=quiet)
    checked = validate(read_sources(files))
    if note := unread(files):
        out.info(note)
    if out.json:
        from beamctl.report.json_report import problems_json

        out.result(problems_json(checked.problems, len(checked.desired), checked.warnings), is_error=True)
    elif checked.problems:
        from beamctl.report.text.problems import problems_text

        out.result(problems_text(checked.problems, out.style), is_error=True)
    else:
        from beamctl.report.text.problems import valid_text

        names = [desired.workspace for desired in checked.desired]
        out.result(valid_text(names, checked.warnings, out.style), is_error=True)
    return Exit.WRONG_INPUT if checked.problems else Exit.DONE
