"""`beamctl runs`: list the run records on this machine, or show one.

A module of its own: there is one for each command."""

from __future__ import annotations

from itertools import islice

import click

from beamctl.apply.record_reader import read_record
from beamctl.apply.summary import summary_of
from beamctl.cli import options
from beamctl.cli.exits import Exit
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.output import Output
from beamctl.runs.folder import RecordFolder
from beamctl.runs.store import count_records, find_record, records

_FEW = 20


@click.command("runs", cls=BeamctlCommand, examples=("beamctl runs", "beamctl runs last"))
@click.argument("run", metavar="[RUN]", required=False)
@option(Group.OUTPUT, "--all", "everything", is_flag=True, help=f"List all runs, not only the last {_FEW}.")
@options.record
@options.view
def command(*, run: str | None, everything: bool, record: RecordFolder, out: Output) -> int:
    """List recorded applies, newest first, or show one with all its changes.

    RUN is the name of a run, the start of its name, or `last`.
    """
    for note in record.ignored():
        out.info(note)
    if run is not None:
        found = find_record(record, run)
        if out.json:
            from beamctl.report.json_report import runs_json

            out.result(runs_json([(found.run.id, found)]))
        else:
            from beamctl.report.apply_text import run_text

            out.result(run_text(found, out.style))
        return Exit.DONE
    most = None if everything else _FEW
    if out.json:  # includes every change
        from beamctl.report.json_report import runs_json

        listed = list(islice(records(record, read_record), most))
        out.result(runs_json(listed, count_records(record) - len(listed)))
    elif summaries := list(islice(records(record, summary_of), most)):
        from beamctl.report.apply_text import runs_text

        out.result(runs_text(summaries, count_records(record) - len(summaries), out.style))
    else:
        out.result(f"No applies are recorded in {record.storage.where}.\n")
    return Exit.DONE
