"""`beamctl drift`: what stands in the workspace that the document does not say. It must not be able to change it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from beamctl.cli import options
from beamctl.cli.connect import access_of, link
from beamctl.cli.documents import read_desired, unread
from beamctl.cli.exits import Exit
from beamctl.cli.machine_clock import skew_note
from beamctl.cli.output import Output, output_of
from beamctl.cli.planning import plan_now
from beamctl.cli.record_folder import RecordFolder, note_ignored
from beamctl.cli.run_records import NO_RUN, LastRun, last_run
from beamctl.errors import UsageError


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
    """Tell what stands in a workspace that its document does not say.

    Reads only. Exits 0 where there is no drift and 2 where there is.
    """
    out = output_of(output, no_color=no_color, quiet=quiet)
    note_ignored(record, out)
    access = access_of(**connection)
    with ExitStack() as stack:  # what runs left makes a difference to hazards only, and drift changes nothing
        wanted = read_desired(files, workspaces)
        if note := unread(files):
            out.talk(note)
        ways = [(each, stack.enter_context(link(access, each.workspace))) for each in wanted]
        plans = [plan_now(each, way, _last_run(record, each.workspace, way.api_url, out)) for each, way in ways]
        for said in dict.fromkeys(skew_note(way.skew()) for _, way in ways):
            out.talk(f"Note: {said}.") if said else None
    if out.json:
        from beamctl.report.json_report import drift_json

        out.payload(drift_json(plans))
    else:
        from beamctl.report.text.drift import drift_text

        out.payload("\n".join(drift_text(plan, out.style) for plan in plans))
    return Exit.DIFFERS if any(plan.differs for plan in plans) else Exit.DONE


def _last_run(folder: RecordFolder, workspace: str, api: str, out: Output) -> LastRun:
    """What the records say; nothing if they cannot be read. Drift needs them only to explain unfinished secrets."""
    try:
        return last_run(folder, workspace, api)
    except UsageError as error:
        out.talk(f"Note: no run record was read: {error.message}.")
        return NO_RUN
