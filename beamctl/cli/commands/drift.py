"""`beamctl drift`: report differences between a workspace and its document."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from beamctl.cli import options
from beamctl.cli.exits import Exit
from beamctl.cli.output import Output, output_of
from beamctl.errors import UsageError
from beamctl.report.wording import words
from beamctl.runs.record_folder import RecordFolder, note_ignored
from beamctl.runs.store import NO_RUN, LastRun, last_run
from beamctl.workflow.clock import skew_note
from beamctl.workflow.connection import access_of, open_link
from beamctl.workflow.documents import read_desired, unread
from beamctl.workflow.planning import plan_now


@click.command("drift")
@options.files
@options.workspaces
@options.record
@options.view
@options.connection
def command(
    files: tuple[str, ...],
    workspaces: tuple[str, ...],
    *,
    record: RecordFolder,
    output: str,
    no_color: bool,
    quiet: bool,
    **connection: Any,  # noqa: ANN401 - the options of `options.connection`
) -> int:
    """Report differences between a workspace and its document.

    Changes nothing. Exits 0 if there is no drift and 2 if there is.
    """
    out = output_of(output, no_color=no_color, quiet=quiet)
    note_ignored(record, out)
    access = access_of(**connection)
    with ExitStack() as stack:  # no floors: hazards do not matter to drift, which changes nothing
        documents = read_desired(files, workspaces)
        if note := unread(files):
            out.info(note)
        links = [(each, stack.enter_context(open_link(access, each.workspace))) for each in documents]
        plans = [plan_now(each, link, _last_run(record, each.workspace, link.api_url, out)) for each, link in links]
        for skew in dict.fromkeys(skew_note(link.skew()) for _, link in links):
            out.info(f"Note: {words(skew)}.") if skew else None
    if out.json:
        from beamctl.report.json_report import drift_json

        out.result(drift_json(plans))
    else:
        from beamctl.report.text.drift import drift_text

        out.result("\n".join(drift_text(plan, out.style) for plan in plans))
    return Exit.DIFFERS if any(plan.differs for plan in plans) else Exit.DONE


def _last_run(folder: RecordFolder, workspace: str, api: str, out: Output) -> LastRun:
    """The last recorded run, if records can be read. Drift needs it only to explain unfinished secrets."""
    try:
        return last_run(folder, workspace, api)
    except UsageError as error:
        out.info(f"Note: run records were not read: {error.message}.")
        return NO_RUN
