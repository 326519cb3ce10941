"""`beamctl apply`: show the plans, ask for approval, make the changes and report the results."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import click

from beamctl.cli import options
from beamctl.cli.exits import Exit
from beamctl.cli.output import Output, UnwritableError, output_of, print_stderr
from beamctl.errors import RefusedError, UsageError
from beamctl.plan.guards import Bounds
from beamctl.plan.hazard import Allowance
from beamctl.plan.plan_file import Saved
from beamctl.report.style import PLAIN, Style
from beamctl.report.text.plan import APPLY, plans_text
from beamctl.runs.record_folder import RecordFolder, note_ignored
from beamctl.secrets.reserved_files import ReservedFiles
from beamctl.secrets.terminal import OPTION, terminal
from beamctl.workflow.apply_run import NOT_STOPPED, ApplyOptions, Results, apply_all, refuse_unusable_secrets
from beamctl.workflow.connection import Access, access_of
from beamctl.workflow.documents import defaults, named_files
from beamctl.workflow.planning import (
    Checks,
    Planned,
    allowances,
    command_for,
    is_refused,
    plan_all,
    quoted,
    refuse_stale,
    refuse_unused,
    say_unused,
)
from beamctl.workflow.saved_plans import open_saved


@click.command("apply")
@click.argument("saved", metavar="[PLAN]", required=False)
@options.files
@options.workspaces
@click.option(
    "--auto-approve", is_flag=True, help="Do not ask for approval. For CI, where the plan was already reviewed."
)
@click.option(
    OPTION,
    is_flag=True,
    help="Show each new secret on this terminal. Secrets without `secretTo` are shown here only.",
)
@options.allow
@options.parallelism
@options.record
@options.view
@options.connection
@options.floors
def command(  # noqa: PLR0913 - one argument per option
    *,
    saved: str | None,
    files: tuple[str, ...],
    workspaces: tuple[str, ...],
    allowed: tuple[str, ...],
    parallelism: int,
    record: RecordFolder,
    output: str,
    auto_approve: bool,
    reveal_secrets: bool,
    no_color: bool,
    quiet: bool,
    floors: Bounds,
    **connection: Any,  # noqa: ANN401 - the options of `options.connection`
) -> int:
    """Show the changes a document or a saved plan makes to a workspace, then make them.

    PLAN is a file written by `beamctl plan --out`. Exactly its changes are made, and no document is read.
    Asks for approval on a terminal. Exits 0 if all changes were made, 5 if the plan is refused, 6 if it is stale,
    and 7 if some changes failed or were skipped.
    """
    out = output_of(output, no_color=no_color, quiet=quiet)
    granted = allowances(allowed)
    if saved is not None and files:
        raise UsageError("a saved plan cannot be combined with -f", "Use either PLAN or -f.")
    with ExitStack() as stack:
        no_input = "" if auto_approve else _why_no_input(files)
        screen = stack.enter_context(terminal(json=out.json, no_input=no_input)) if reveal_secrets else None
        access, checks = access_of(**connection), Checks(floors, record)
        origin = None
        if saved is not None:
            planned, granted, origin = open_saved(saved, access, stack, workspaces, granted, checks)
        else:
            planned = plan_all(files, workspaces, access, stack, granted, checks)
        command = command_for(APPLY if saved is None else f"{APPLY} {quoted(saved)}", files, workspaces)
        shown = partial(plans_text, [each.plan for each in planned], granted, command=command, saved=origin)
        if not out.json:
            out.result(shown(out.style))
        reserved = _reserved(files, saved, planned, access, record)
        apply_options = ApplyOptions(
            parallelism, record, out, access.stop, saved=saved is not None, screen=screen, reserved=reserved
        )
        approve = None if auto_approve else lambda: _approve(planned, shown, out, no_input)
        results: Results = []
        code = _make(planned, granted, results, apply_options, approve, command)
    if out.json:
        _report(planned, granted, results, out, origin)
    return code


def _reserved(
    files: Sequence[str], saved: str | None, planned: Sequence[Planned], access: Access, record: RecordFolder
) -> ReservedFiles:
    """The files that no secret may replace.

    A saved plan does not record which folders were read. The folders of its documents count as read, except those that
    contain the current directory.
    """
    sources = [each.plan.source for each in planned]
    inputs = named_files(files) if saved is None else [saved]
    folders = [Path(name) for name in files or defaults()]
    if saved is not None:
        found = [Path(source).parent for source in sources]
        folders += [folder for folder in found if not Path.cwd().is_relative_to(folder.resolve())]
    read = tuple(folder for folder in folders if folder.is_dir())
    return ReservedFiles(access.credential_files, (*inputs, *sources), record.path, read)


def _make(
    planned: Sequence[Planned],
    granted: Sequence[Allowance],
    results: Results,
    apply_options: ApplyOptions,
    approve: Callable[[], None] | None,
    command: str,
) -> Exit:
    note_ignored(apply_options.records, apply_options.out)
    if is_refused(planned, granted):
        say_unused(planned, granted, apply_options.out)
        return Exit.REFUSED
    refuse_unused(planned, granted, apply_options.out)
    refuse_unusable_secrets(planned, apply_options, command, approved=False)
    if approve is not None:
        approve()
    refuse_unusable_secrets(planned, apply_options, command, approved=True)
    return apply_all(planned, results, apply_options)


def _why_no_input(files: Sequence[str]) -> str:
    """Why no one can be asked for approval; empty if someone can."""
    if "-" in files:
        return "standard input is the document"
    return "" if sys.stdin.isatty() else "there is no terminal to ask on"


def _approve(planned: Sequence[Planned], shown: Callable[[Style], str], out: Output, no_input: str) -> None:
    count = sum(len(each.plan.changes) for each in planned)
    if not count:
        return
    if no_input:
        raise RefusedError(
            f"{no_input}, so nothing was changed", "To apply without approval:  beamctl apply --auto-approve"
        )
    if out.json or not sys.stdout.isatty():  # the plan must be visible before it is approved
        print_stderr(shown(PLAIN), nl=False)
    names = ", ".join(each.plan.workspace for each in planned if each.plan.changes)
    print_stderr(f"\nMake {count} change{'s' * (count != 1)} to {names}? Only 'yes' is accepted: ", nl=False)
    if sys.stdin.readline().strip() != "yes":
        raise RefusedError("not approved, so nothing was changed")
    refuse_stale(planned)


def _report(
    planned: Sequence[Planned], granted: Sequence[Allowance], results: Results, out: Output, origin: Saved | None
) -> None:
    from beamctl.report.json_report import applied_json

    events = [(each.plan, became) for each, became in results]
    try:
        out.result(applied_json([each.plan for each in planned], granted, events, saved=origin))
    except UnwritableError as error:
        raise UnwritableError(error.message, NOT_STOPPED if results else "") from None
