"""`beamctl apply`: show the plans, ask for approval, make the changes and report the results."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from beamctl.cli import candidates, options
from beamctl.cli.apply_screen import ApplyScreen, ScreenSettings
from beamctl.cli.base import base_option
from beamctl.cli.exits import Exit, worst
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.interaction import Interrupt, why_no_input
from beamctl.cli.notify import notifications
from beamctl.cli.only import only_option, refuse_with_saved
from beamctl.cli.output import Output
from beamctl.cli.reports import ReportFile, problems_reported, refuse_unwritable, without_secrets, write_reports
from beamctl.cli.shards import shard_option
from beamctl.errors import UnwritableError, UsageError
from beamctl.model.shard import Shard
from beamctl.model.text import printable
from beamctl.plan.guards import Bounds
from beamctl.plan.hazard import allowance
from beamctl.report.data import CommandName, ReportData
from beamctl.runs.folder import RecordFolder
from beamctl.secrets.terminal import OPTION, terminal
from beamctl.workflow.apply import run_apply
from beamctl.workflow.apply_all import NOT_STOPPED
from beamctl.workflow.apply_view import Applied, ApplyRequest, ApplySession, ApplyStatus, inputs_of
from beamctl.workflow.connection import Access
from beamctl.workflow.notifications import Notifier
from beamctl.workflow.plan_all import Checks

if TYPE_CHECKING:
    from beamctl.plan.address import Address

_EXIT = {
    ApplyStatus.DONE: Exit.DONE,
    ApplyStatus.REFUSED: Exit.REFUSED,
    ApplyStatus.PARTLY: Exit.PARTLY,
    ApplyStatus.NOT_PERMITTED: Exit.NOT_ALLOWED,
    ApplyStatus.INTERRUPTED: Exit.INTERRUPTED,
}


@click.command(
    "apply",
    cls=BeamctlCommand,
    examples=(
        "beamctl apply",
        "beamctl apply plan.json --auto-approve",
        "beamctl apply --allow removes-admin=ada@example.com",
    ),
)
@click.argument("saved", metavar="[PLAN]", required=False, shell_complete=candidates.paths)
@options.files
@options.workspaces
@only_option
@shard_option
@option(
    Group.SAFETY,
    "--auto-approve",
    is_flag=True,
    help="Do not ask for approval. For CI, where the plan was already reviewed.",
)
@option(
    Group.OUTPUT,
    OPTION,
    is_flag=True,
    help="Show each new secret on this terminal. Secrets without `secretTo` are shown here only.",
)
@base_option(
    "Refuse what the document permits and did not permit at this commit, as `plan --base` does. Not for saved plans, "
    "which keep what was found when they were made."
)
@option(
    Group.SAFETY,
    "--verify",
    metavar="FILE",
    help="Apply PLAN only if its signature (PLAN.sig) is by someone in FILE, an allowed_signers file of ssh-keygen.",
)
@options.allow
@options.parallelism
@option(
    Group.OUTPUT, "-v", "--verbose", is_flag=True, help="List each change as it ends, even if there are more than 30."
)
@options.reports
@options.record
@options.view
@options.connection
@options.floors
@notifications
def command(  # noqa: PLR0913 - one argument per option
    *,
    saved: str | None,
    files: tuple[str, ...],
    workspaces: tuple[str, ...],
    only: tuple[Address, ...],
    shard: Shard | None,
    base: str,
    allowed: tuple[str, ...],
    parallelism: int,
    reports: tuple[ReportFile, ...],
    record: RecordFolder,
    out: Output,
    auto_approve: bool,
    verify: str | None,
    reveal_secrets: bool,
    verbose: bool,
    floors: Bounds,
    access: Access,
    notifier: Notifier,
) -> int:
    """Show the changes a document or a saved plan makes to a workspace, then make them.

    PLAN is a file written by `beamctl plan --out`. Exactly its changes are made, and no document is read.
    Asks for approval on a terminal. Exits 0 if all changes were made, 5 if the plan is refused, 6 if it is stale,
    and 7 if some changes failed or were skipped.
    """
    granted = tuple(map(allowance, allowed))
    if saved is not None:
        refuse_with_saved(files, base, only)
    refuse_unwritable(reports, inputs_of(saved, files, verify), record.path, None)
    no_input = "" if auto_approve else why_no_input(files)
    with ExitStack() as stack, problems_reported(reports, out), notifier.errors(record, unattended=auto_approve):
        screen = stack.enter_context(terminal(json=out.json, no_input=no_input)) if reveal_secrets else None
        checks = Checks(floors, record, base, only, shard)
        request = ApplyRequest(saved, files, workspaces, granted, checks, parallelism, screen, verify)
        settings = ScreenSettings(saved is not None, not auto_approve, no_input, verbose)
        view = ApplyScreen(out, access.stop, settings)
        interrupt = Interrupt(access.stop, quiet=out.quiet)
        applied = run_apply(request, ApplySession(access, view, out.redaction, interrupt))
    notifier.applied(data := _data(applied, out), record)
    return _reported(applied, data, reports, out)


def _reported(applied: Applied, data: ReportData, reports: tuple[ReportFile, ...], out: Output) -> Exit:
    """Write what is not shown yet, and return the exit code."""
    exit_code = worst(out.failed(data.failures), *(_EXIT[status] for status in applied.statuses))
    _show_result(data, out)
    try:
        write_reports(reports, data, out)
    except UsageError as error:
        if not data.results:
            raise
        out.say(f"Error: {printable(error.message)}\n  {NOT_STOPPED}")
        return Exit.PARTLY if exit_code is Exit.DONE else exit_code
    return exit_code


def _data(applied: Applied, out: Output) -> ReportData:
    review = applied.review
    return ReportData(
        CommandName.APPLY,
        [each.plan for each in review.planned],
        review.allowed,
        [(each.planned.plan, each.events) for each in applied.results],
        review.saved,
        review.command,
        failures=without_secrets(review.failures, out),
        scope=review.scope,
        order=review.order,
    )


def _show_result(data: ReportData, out: Output) -> None:
    """All results as JSON; as text, what is said about each workspace in the end, because the rest was shown."""
    try:
        if out.json:
            from beamctl.report.json_report import report

            out.result(report(data))
        elif data.several:
            from beamctl.report.fleet_text import ending_text

            blank = "" if data.results else "\n"  # each result ends with a blank line
            out.result(f"{blank}{ending_text(data, out.style)}")
    except UnwritableError as error:
        raise UnwritableError(error.message, NOT_STOPPED if data.results else "") from None
