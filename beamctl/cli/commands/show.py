"""`beamctl show`: show a live workspace."""

from __future__ import annotations

import click

from beamctl.cli import candidates, options
from beamctl.cli.exits import Exit
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.output import Output
from beamctl.errors import UsageError
from beamctl.workflow.connection import Access, default_workspace, open_link
from beamctl.workflow.documents import defaults, read_desired
from beamctl.workflow.show import show


@click.command("show", cls=BeamctlCommand, examples=("beamctl show -w acme", "beamctl show -w acme -o json"))
@option(
    Group.DOCUMENTS,
    "-w",
    "--workspace",
    metavar="NAME",
    shell_complete=candidates.workspaces,
    help="The workspace. Default: the document's, else BEAMCTL_WORKSPACE, BL_WORKSPACE or the official CLI's.",
)
@options.files
@options.view
@options.reads
def command(
    workspace: str | None,
    files: tuple[str, ...],
    *,
    out: Output,
    access: Access,
) -> int:
    """Show a workspace as it is now: settings, members, service accounts, policies and more.

    Members are listed with their role, standing (accepted, invited or expired) and source. Exits 4 if this credential
    cannot read everything, and shows the rest.
    """
    name = workspace if workspace is not None else _documented(files) or default_workspace(access)
    with open_link(access, name) as link:
        sections = show(name, link.reader)
        api_url = link.api_url
    if out.json:
        from beamctl.report.json_report import show_json

        out.result(show_json(name, api_url, sections))
    else:
        from beamctl.report.workspace_text import show_text

        out.result(show_text(name, api_url, sections, out.style))
    unseen = [section for section, shown in sections.items() if shown.unread]
    if not unseen:
        return Exit.DONE
    out.info(f"This credential cannot read all of {name} (exit 4). Left out: {', '.join(unseen)}.")
    return Exit.NOT_ALLOWED


def _documented(files: tuple[str, ...]) -> str:
    if not files and not defaults():
        return ""
    names = [desired.workspace for desired in read_desired(files)]
    if len(names) > 1:
        raise UsageError("the documents declare several workspaces", f"Pick one with -w: {', '.join(names)}.")
    return names[0]
