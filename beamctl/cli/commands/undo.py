"""`beamctl undo`: plan the changes that would undo a run."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from beamctl.apply.record import Record
from beamctl.cli import options
from beamctl.cli.exits import Exit
from beamctl.cli.output import Output, output_of
from beamctl.document.document import Desired, Document
from beamctl.errors import UsageError
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.comparison import Note
from beamctl.plan.floors import Bounds
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import digest_of
from beamctl.plan.plan_json import plans_data
from beamctl.runs.record_folder import RecordFolder, note_ignored
from beamctl.runs.store import find_record, last_run, made_with
from beamctl.secrets.sources import with_source_hazards
from beamctl.workflow.connection import Link, access_of, open_link
from beamctl.workflow.documents import defaults, read_desired
from beamctl.workflow.planning import (
    Checks,
    Planned,
    allowances,
    command_for,
    is_refused,
    quoted,
    say_unused,
    situation,
    with_clocks,
)
from beamctl.workflow.questions import undo
from beamctl.workflow.saved_plans import save, target_of


@click.command("undo")
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
    out: str | None,
    expires: str | None,
    record: RecordFolder,
    output: str,
    no_color: bool,
    quiet: bool,
    floors: Bounds,
    **connection: Any,  # noqa: ANN401 - the options of `options.connection`
) -> int:
    """Show the changes that would undo a run, and what cannot be undone.

    RUN is a name from `beamctl runs`, the start of one, or `last`. Nothing is changed: save the plan with --out and
    apply the file. The guards are those of the workspace's document, if there is one.
    """
    printer = output_of(output, no_color=no_color, quiet=quiet)
    granted = allowances(allowed)
    target = target_of(out, expires, record.path)
    note_ignored(record, printer)
    found = find_record(record, run, with_changes=True)
    desired = _guarded(found, files, printer)
    access = access_of(**connection)
    with ExitStack() as stack:
        link = stack.enter_context(open_link(access, found.workspace))
        planned = [_planned(found, desired, link, Checks(floors, record))]
        plan = planned[0].plan
        saved = save(planned, granted, target)
        command = command_for(f"{_undo_command(found.run.id, record.named)} --out FILE", files, ())
        if printer.json:
            from beamctl.report.json_report import plans_json

            printer.result(plans_json([plan], granted))
        else:
            from beamctl.report.text.plan import undo_text

            printer.result(undo_text(plan, granted, printer.style, command))
        say_unused(planned, granted, printer)
    refused = is_refused(planned, granted)
    if saved or (plan.changes and not refused):
        printer.info(
            saved or f"Nothing was changed. To make these changes, save the plan and apply the file:  {command}"
        )
    return Exit.REFUSED if refused else Exit.DONE


def _guarded(record: Record, files: tuple[str, ...], printer: Output) -> Desired:
    """The guards in the workspace's document, without the rest of the document."""
    known = read_desired(files, [record.workspace] if files else []) if files or defaults() else ()
    bare = Desired(record.workspace, Document(f"run {record.run.id}", {}, {}, {}))
    about = next((desired for desired in known if desired.workspace == record.workspace), bare)
    if about is bare:
        printer.info(f"Note: no document here declares {record.workspace}, so only the default guards apply.")
    return Desired(record.workspace, bare.document, about.guards, {}, about.skip)


def _planned(record: Record, desired: Desired, link: Link, checks: Checks) -> Planned:
    if link.api_url != record.api:
        message = f"{record.run.id} was made at {record.api}, but --api-url is {link.api_url}"
        raise UsageError(message, "Use the API of the run.")

    last = last_run(checks.records, record.workspace, record.api)
    elsewhere = tuple(
        Note(
            fact(
                Code.RUN_ALSO_CHANGED,
                workspace=each.workspace,
                command=_undo_command(each.run.id, checks.records.named),
            )
        )
        for each in made_with(checks.records, record)
    )

    def make() -> Plan:
        found = undo(record, desired, link.reader, lambda: situation(link, last, checks.floors))
        return with_clocks(with_source_hazards(replace(found, notes=(*found.notes, *elsewhere))), link)

    first = make()
    return Planned(first, link, lambda: make() == first, lambda: "", lambda: digest_of(plans_data([first], ())))


def _undo_command(run: str, records: Path | None) -> str:
    """The command that shows how to undo a run."""
    return f"beamctl undo {quoted(run)}" + (f" --record {quoted(str(records))}" if records else "")
