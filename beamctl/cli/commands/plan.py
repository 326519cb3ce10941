"""`beamctl plan`: show the changes that an apply would make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import click

from beamctl.cli import options
from beamctl.cli.base import base_option
from beamctl.cli.exits import Exit, worst
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.only import only_option
from beamctl.cli.output import Output
from beamctl.cli.reports import ReportFile, problems_reported, refuse_unwritable, without_secrets, write_reports
from beamctl.cli.shards import shard_option
from beamctl.model.shard import Shard
from beamctl.model.text import printable, some
from beamctl.plan.guards import Bounds
from beamctl.plan.hazard import allowance
from beamctl.report.data import CommandName, ReportData
from beamctl.report.plan_text import APPLY, UNKNOWN_COMMIT, plans_text, saved_text, unused_note
from beamctl.runs.commit import is_in_ci
from beamctl.runs.folder import RecordFolder
from beamctl.workflow.connection import Access
from beamctl.workflow.documents import command_for, named_files, unread_note
from beamctl.workflow.plan_all import AllPlanned, Checks, Planned, is_refused, plan_all, unused_allowances

if TYPE_CHECKING:
    from beamctl.plan.address import Address
    from beamctl.workflow.save_plan import Target


@click.command(
    "plan",
    cls=BeamctlCommand,
    examples=(
        "beamctl plan",
        "beamctl plan -f access/ -w acme --detailed-exitcode",
        "beamctl plan --out plan.json",
        "beamctl plan --base origin/main --report markdown=plan.md",
    ),
)
@options.files
@options.workspaces
@only_option
@shard_option
@option(Group.OUTPUT, "--detailed-exitcode", is_flag=True, help="Exit 2 if there are changes.")
@option(Group.OUTPUT, "--explain", is_flag=True, help="In text output, say what each person gains and loses.")
@base_option(
    "Refuse what the document permits and did not permit at this commit: looser guards, sections and people that are "
    "no longer managed, new commands for secrets. For pull requests, name the base branch."
)
@options.verbose
@options.allow
@options.saving
@options.reports
@options.record
@options.view
@options.reads
@options.floors
def command(  # noqa: PLR0913 - one argument per option
    *,
    files: tuple[str, ...],
    workspaces: tuple[str, ...],
    only: tuple[Address, ...],
    shard: Shard | None,
    base: str,
    allowed: tuple[str, ...],
    file: str | None,
    expires: str | None,
    sign: str | None,
    reports: tuple[ReportFile, ...],
    record: RecordFolder,
    out: Output,
    detailed_exitcode: bool,
    explain: bool,
    verbose: bool,
    floors: Bounds,
    access: Access,
) -> int:
    """Show the changes needed to make a workspace match its document.

    Exits 0, or 2 with --detailed-exitcode if there are changes, or 5 if `apply` would refuse the plan.
    """
    granted = tuple(map(allowance, allowed))
    target = saving_target(file, expires, sign, record)
    signing = target.signing_files if target else ()
    refuse_unwritable(reports, [*named_files(files), *signing], record.path, file)
    for note in record.ignored():
        out.info(note)
    with ExitStack() as stack, problems_reported(reports, out):
        checks = Checks(floors, record, base, only, shard)
        planned = to_save(plan_all(files, workspaces, access, stack, granted, checks), target)
        if note := unread_note(files):
            out.info(note)
        plans = planned.plans
        command = command_for(APPLY, files, workspaces, *checks.flags)
        failures, scope = without_secrets(planned.failures, out), planned.scope
        data = ReportData(
            CommandName.PLAN, plans, granted, apply_command=command, failures=failures, scope=scope, order=planned.order
        )
        failed = out.failed(data.failures)
        text = partial(plans_text, data, out.style, explain=explain, verbose=verbose)
        refused = report(planned.planned, data, target, out, text)
        write_reports(reports, data, out)
    exits = [failed, Exit.REFUSED if refused else Exit.DONE]
    differs = detailed_exitcode and any(plan.changes for plan in plans)
    return worst(*exits, Exit.DIFFERS if differs else Exit.DONE)


def saving_target(file: str | None, expires: str | None, sign: str | None, record: RecordFolder) -> Target | None:
    """Where to save plans; None if they are not saved."""
    if file is None and expires is None and sign is None:
        return None
    from beamctl.workflow.save_plan import target_of

    return target_of(file, expires, sign, record.path)


def to_save(planned: AllPlanned, target: Target | None) -> AllPlanned:
    """The plans with what saving needs, if they are saved."""
    if target is None:
        return planned
    from beamctl.workflow.save_plan import identified

    return identified(planned)


def report(
    planned: Sequence[Planned],
    data: ReportData,
    target: Target | None,
    out: Output,
    text: Callable[[], str],
) -> bool:
    """Save plans if there is a target file, and report them. Returns whether `apply` would refuse them.

    Args:
        planned: The plans.
        data: The same for reports.
        target: Where to save the plans; None to not save them.
        out: The output.
        text: Makes the text report.
    """
    plans, granted = data.plans, data.allowed
    missing = [each.workspace for each in data.failures]
    saved = None
    if target is not None and (planned or not missing):
        from beamctl.workflow.save_plan import save

        saved = save(planned, granted, missing, target, out.redaction)
    if out.json:
        from beamctl.report import json_report

        out.result(json_report.report(data))
    else:
        out.result(text())
    for unused in unused_allowances(plans, granted):
        out.info(unused_note(unused))
    if target and not saved:
        out.info(f"{printable(target.file)} was not written: no workspace could be planned.")
    if target and saved:
        out.info(saved_text(saved, target.file, *target.signing_files[1:]))
        if missing:
            out.info(f"Not saved, because of an error: {some(missing)}.")
        if is_in_ci() and not saved.commit and any(plan.declared for plan in plans):  # an undo has no document
            out.info(UNKNOWN_COMMIT)
    return is_refused(plans, granted)
