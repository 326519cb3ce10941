"""`beamctl drift`: report differences between a workspace and its document."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from beamctl.cli import options
from beamctl.cli.base import base_option
from beamctl.cli.exits import Exit, worst
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.notify import notifications
from beamctl.cli.output import Output
from beamctl.cli.reports import ReportFile, problems_reported, refuse_unwritable, without_secrets, write_reports
from beamctl.cli.shards import shard_option
from beamctl.errors import UsageError
from beamctl.model.shard import Shard
from beamctl.model.text import printable
from beamctl.report.data import CommandName, DriftDetails, ReportData
from beamctl.runs.folder import RecordFolder
from beamctl.workflow.connection import Access
from beamctl.workflow.documents import named_files, read_sources
from beamctl.workflow.drift import MOST_LOOKS, Drifted, DriftRequest, drift
from beamctl.workflow.looks import BETWEEN_LOOKS
from beamctl.workflow.notifications import Notifier

if TYPE_CHECKING:
    from beamctl.plan.known_drift import Known


@click.command(
    "drift",
    cls=BeamctlCommand,
    examples=(
        "beamctl drift",
        "beamctl drift -f access/ -o json",
        "beamctl drift --base origin/main --confirm 2 --known known.yaml",
        "beamctl drift --patch | git apply",
    ),
)
@options.files
@options.workspaces
@shard_option
@base_option(
    "Say why something differs, by comparison with the document at this commit. Default: the commit of the last "
    "complete apply, if a run record shows it."
)
@option(
    Group.SAFETY,
    "--confirm",
    "looks",
    type=click.IntRange(1, MOST_LOOKS),
    metavar="N",
    default=1,
    help=f"Look up to N times, {BETWEEN_LOOKS:g} seconds apart, and report only what differs every time.",
)
@option(
    Group.SAFETY,
    "--known",
    "known_file",
    metavar="FILE",
    help="A file of differences that are accepted until a day, by address, such as member:eve@example.com.",
)
@option(Group.OUTPUT, "--coverage", is_flag=True, help="Also count what is managed, unmanaged and excluded.")
@option(
    Group.SAFETY,
    "--require-coverage",
    "required",
    metavar="PERCENT",
    callback=lambda _context, _option, text: percentage(text),
    help="Exit 2 if less than this share is managed, such as 100%. Excluded objects do not count.",
)
@option(
    Group.OUTPUT,
    "--patch",
    is_flag=True,
    help="Print a unified diff for `git apply` that makes the documents say what is live, instead of the report.",
)
@option(Group.OUTPUT, "--write", is_flag=True, help="Edit the documents so that they say what is live.")
@options.verbose
@options.reports
@options.record
@options.view
@options.reads
@notifications
def command(  # noqa: PLR0913 - one argument per option
    files: tuple[str, ...],
    workspaces: tuple[str, ...],
    *,
    shard: Shard | None,
    base: str,
    looks: int,
    known_file: str | None,
    coverage: bool,
    required: float | None,
    patch: bool,
    write: bool,
    reports: tuple[ReportFile, ...],
    record: RecordFolder,
    out: Output,
    verbose: bool,
    access: Access,
    notifier: Notifier,
) -> int:
    """Report differences between a workspace and its document.

    Changes nothing in the workspace. Exits 0 if there is no drift and 2 if there is, even if --write edits the document
    to match, or if --require-coverage is not met.
    """
    if patch and out.json:
        raise UsageError("--patch prints a diff, not JSON", "Add --report json=FILE for both.")
    refuse_unwritable(reports, _inputs(files, known_file), record.path, None)
    for note in record.ignored():
        out.info(note)
    sources = read_sources(files)
    if patch or write:
        from beamctl.workflow.adopt import refuse_standard_input

        refuse_standard_input(sources)
    known, counts = _known(known_file), coverage or required is not None
    request = DriftRequest(files, sources, workspaces, base, looks, known, counts, shard)
    with problems_reported(reports, out):
        found = drift(request, access, record, out.info)
    data = _data(found, required, out)
    notifier.drift(data, record)
    failed = out.failed(data.failures)
    if not patch:
        _show(data, out, verbose=verbose)
    if patch or write:
        from beamctl.cli.adopted_drift import show_and_write
        from beamctl.workflow.adopt import adopt

        show_and_write(adopt(sources, found.seen), out, patch=patch, write=write)
    write_reports(reports, data, out)
    return worst(exit_of_drift(data, out), failed)


def _inputs(files: tuple[str, ...], known_file: str | None) -> list[str]:
    return [*named_files(files), *([known_file] if known_file is not None else [])]


def _data(found: Drifted, required: float | None, out: Output) -> ReportData:
    details, failures = replace(found.details, required_coverage=required), without_secrets(found.failures, out)
    return ReportData(
        CommandName.DRIFT, found.plans, details=details, failures=failures, scope=found.scope, order=found.order
    )


def _show(data: ReportData, out: Output, *, verbose: bool) -> None:
    if out.json:
        from beamctl.report import json_report

        out.result(json_report.report(data))
    else:
        from beamctl.report.drift_text import drifts_text

        out.result(drifts_text(data, out.style, verbose=verbose))


def _known(file: str | None) -> tuple[Known, ...]:
    if file is None:
        return ()
    from beamctl.workflow.known_drift import read_known

    return read_known(file)


def exit_of_drift(data: ReportData, out: Output) -> Exit:
    """The exit code of a drift in which no workspace failed. Says what is missing for the required coverage."""
    uncovered = _say_uncovered(data.details, out)
    return Exit.DIFFERS if uncovered or any(plan.differs for plan in data.plans) else Exit.DONE


def _say_uncovered(details: DriftDetails, out: Output) -> bool:
    """Say what is missing for the required coverage. Returns whether anything is."""
    from beamctl.report.drift_details_spans import uncovered_spans
    from beamctl.report.spans import plain

    lines = [line for name in details.coverage if (line := plain(uncovered_spans(name, details)))]
    for line in lines:
        out.error(line)
    return bool(lines)


def percentage(text: str | None) -> float | None:
    """Parse a value of `--require-coverage`.

    Raises:
        UsageError: It is not a percentage from 0 to 100.
    """
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,3}(?:[.][0-9]{1,6})?)%?", text, re.ASCII)
    if not found or float(found[1]) > _WHOLE:
        raise UsageError(f"--require-coverage: {printable(text)!r} is not a percentage", "Write it like 100%.")
    return float(found[1])


_WHOLE = 100
