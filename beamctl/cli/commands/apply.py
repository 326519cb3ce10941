"""`beamctl apply`: show the plans, ask for approval, make the changes and report the results."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack

import click

from beamctl.apply.record import Ended, Event, NotAttempted
from beamctl.cli import candidates, options
from beamctl.cli.base import base_option
from beamctl.cli.exits import Exit, worst
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.interaction import MANY, Interrupt, Progress, ask, why_no_input
from beamctl.cli.notify import notifications
from beamctl.cli.output import Output
from beamctl.cli.reports import ReportFile, problems_reported, refuse_unwritable, without_secrets, write_reports
from beamctl.cli.shards import shard_option
from beamctl.errors import RefusedError, UnwritableError, UsageError
from beamctl.model.shard import Shard
from beamctl.model.text import printable
from beamctl.plan.guards import Bounds
from beamctl.plan.hazard import allowance
from beamctl.report.apply_text import end_text, event_text, is_summarized, not_permitted_text
from beamctl.report.data import CommandName, ReportData
from beamctl.report.plan_text import plans_text
from beamctl.runs.folder import RecordFolder
from beamctl.secrets.terminal import OPTION, terminal
from beamctl.workflow.apply import NOT_STOPPED, run_apply
from beamctl.workflow.apply_view import ApplyRequest, ApplySession, ApplyStatus, Review, inputs_of
from beamctl.workflow.connection import Access
from beamctl.workflow.notifications import Notifier
from beamctl.workflow.plan_all import Checks, Planned

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
    if saved is not None and files:
        raise UsageError("a saved plan cannot be combined with -f", "Use either PLAN or -f.")
    if saved is not None and base:
        raise UsageError("a saved plan cannot be combined with --base", "Make the plan with:  beamctl plan --base REV")
    refuse_unwritable(reports, inputs_of(saved, files, verify), record.path, None)
    no_input = "" if auto_approve else why_no_input(files)
    with ExitStack() as stack, problems_reported(reports, out), notifier.errors(record, unattended=auto_approve):
        screen = stack.enter_context(terminal(json=out.json, no_input=no_input)) if reveal_secrets else None
        checks = Checks(floors, record, base, shard)
        request = ApplyRequest(saved, files, workspaces, granted, checks, parallelism, screen, verify)
        view = _View(out, access, saved=saved is not None, asks=not auto_approve, no_input=no_input, verbose=verbose)
        applied = run_apply(request, ApplySession(access, view, out.redaction, Interrupt(access.stop, quiet=out.quiet)))
    notifier.applied(data := _data(applied.review, out, applied.results), record)
    failed = out.failed(data.failures)
    _show_result(data, out)
    try:
        write_reports(reports, data, out)
    except UsageError as error:
        if not data.results:
            raise
        out.say(f"Error: {printable(error.message)}\n  {NOT_STOPPED}")
        return Exit.PARTLY if applied.status is ApplyStatus.DONE else _EXIT[applied.status]
    return worst(_EXIT[applied.status], failed)


def _data(review: Review, out: Output, results: Sequence[tuple[Planned, Sequence[Event]]] = ()) -> ReportData:
    return ReportData(
        CommandName.APPLY,
        [each.plan for each in review.planned],
        review.allowed,
        [(each.plan, events) for each, events in results],
        review.saved,
        review.command,
        failures=without_secrets(review.failures, out),
        scope=review.scope,
    )


def _show_result(data: ReportData, out: Output) -> None:
    """All results as JSON; as text, what is said about each workspace in the end, because the rest was shown."""
    try:
        if out.json:
            from beamctl.report.json_report import report

            out.result(report(data))
        elif data.several:
            from beamctl.report.fleet_text import ending_text

            out.result(f"\n{ending_text(data, out.style)}")
    except UnwritableError as error:
        raise UnwritableError(error.message, NOT_STOPPED if data.results else "") from None


class _View:
    """Shows an apply: as text, or only notes, warnings and questions if the result is JSON."""

    def __init__(self, out: Output, access: Access, *, saved: bool, asks: bool, no_input: str, verbose: bool) -> None:
        self._out = out
        self._stop = access.stop
        self._saved = saved
        self._asks = asks
        self._no_input = no_input
        self._verbose = verbose
        self._is_terminal = sys.stderr.isatty() and not out.quiet and os.environ.get("TERM") != "dumb"
        self._progress: Progress | None = None
        self._ended = 0

    def show(self, review: Review) -> None:
        if not self._out.json:
            self._out.result(plans_text(_data(review, self._out), self._out.style, verbose=self._verbose))

    def note(self, text: str) -> None:
        self._out.info(text)

    def warn(self, text: str) -> None:
        self._clear()
        self._out.say(text)

    def confirm(self, review: Review) -> bool:
        count = sum(len(each.plan.changes) for each in review.planned)
        if not count or not self._asks:
            return False
        if self._no_input:
            flags = "" if review.saved else "".join(f" --allow {shlex.quote(str(each))}" for each in review.allowed)
            hint = f"To apply without approval:  {review.command}{flags} --auto-approve"
            raise RefusedError(f"{self._no_input}, so nothing was changed", hint)
        names = ", ".join(each.plan.workspace for each in review.planned if each.plan.changes)
        question = f"Make {count} change{'s' * (count != 1)} to {names}? Only 'yes' is accepted"
        text = plans_text(_data(review, self._out), verbose=self._verbose)
        if ask(question, text, self._out).strip() != "yes":
            raise RefusedError("not approved, so nothing was changed")
        return True

    def event(self, event: Event, total: int) -> None:
        if self._is_terminal and self._progress is None:
            self._progress = Progress(self._out, total)
        self._ended += isinstance(event, Ended | NotAttempted)
        is_listed = self._verbose or not self._is_terminal or total <= MANY or not is_summarized(event)
        text = event_text(event, self._out.style) if is_listed else ""
        if text and not self._out.json:
            self._clear()
            self._out.result(text + "\n")
        if self._progress is not None:
            self._progress.show(ended=self._ended)

    def ended(self, planned: Planned, events: Sequence[Event], status: ApplyStatus) -> None:
        self._clear()
        self._ended, self._progress = 0, None
        name = planned.plan.workspace
        try:
            if not self._out.json:
                text = end_text(name, events, saved=self._saved, interrupted=self._stop.is_set())
                self._out.result(f"\n{text}")
        finally:
            if status is ApplyStatus.NOT_PERMITTED:
                self._out.say(not_permitted_text(name, planned.link.credential_from))

    def _clear(self) -> None:
        if self._progress is not None:
            self._progress.clear()
