"""`beamctl offboard`: remove people from all documents, and show the plan that follows."""

from __future__ import annotations

import click

from beamctl.cli import candidates, options
from beamctl.cli.adopted_drift import edit_files
from beamctl.cli.exits import Exit, worst
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.output import Output
from beamctl.cli.reports import without_secrets
from beamctl.plan.guards import Bounds
from beamctl.report.data import CommandName, ReportData
from beamctl.report.offboard_text import offboarding_text, remaining_text
from beamctl.report.plan_text import APPLY, plans_text
from beamctl.runs.folder import RecordFolder
from beamctl.system.clock import current_time
from beamctl.workflow.connection import Access
from beamctl.workflow.documents import command_for, read_sources, unread_note
from beamctl.workflow.offboard import offboard, plan_after
from beamctl.workflow.plan_all import is_refused


@click.command(
    "offboard",
    cls=BeamctlCommand,
    examples=(
        "beamctl offboard eve@example.com",
        "beamctl offboard eve@example.com -q | git apply",
        "beamctl offboard eve@example.com -f access/ --write --leaver HR-77",
    ),
)
@click.argument("emails", metavar="EMAIL...", nargs=-1, required=True, shell_complete=candidates.emails)
@options.files
@option(
    Group.DOCUMENTS,
    "--leaver",
    metavar="REASON",
    default=None,
    help="Also add them to `leavers`, from today on and with this reason: then no document can give them access, and "
    "they are removed from workspaces that do not list everyone.",
)
@option(Group.OUTPUT, "--write", is_flag=True, help="Edit the documents, instead of printing a diff for `git apply`.")
@options.record
@options.quiet
@options.reads
@options.floors
def command(  # noqa: PLR0913 - one argument per option
    emails: tuple[str, ...],
    files: tuple[str, ...],
    *,
    leaver: str | None,
    write: bool,
    record: RecordFolder,
    out: Output,
    access: Access,
    floors: Bounds,
) -> int:
    """Remove people from all documents, and show the plan that follows.

    Removes them from members, groups, guards.protected and manage.skip, and keeps comments and every other byte. Prints
    a diff on standard output and the plan on standard error, or edits the documents with --write. Changes nothing in a
    workspace. Exits 5 if `apply` would refuse the plan.
    """
    for note in record.ignored():
        out.info(note)
    found = offboard(read_sources(files), emails, leaver or "", current_time().date())
    if note := unread_note(files):
        out.info(note)
    edit_files(found.files, out, patch=not write, write=write)
    out.info(offboarding_text(found, written=write))
    after = plan_after(found, emails, access, record, floors)
    failures = without_secrets(after.failures, out)
    data = ReportData(
        CommandName.PLAN,
        after.plans,
        apply_command=command_for(APPLY, files, ()),
        failures=failures,
        order=[each.workspace for each in found.desired],
    )
    failed = out.failed(failures)
    text = plans_text(data, out.style)
    out.result(text) if write else out.info(text.rstrip("\n"))
    for each in after.remaining:
        out.error(remaining_text(each))
    return worst(Exit.REFUSED if is_refused(after.plans, ()) else Exit.DONE, failed)
