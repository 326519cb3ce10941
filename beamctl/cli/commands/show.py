"""`beamctl show`: show a live workspace."""

from __future__ import annotations

from collections.abc import Sequence

import click

from beamctl.cli import options
from beamctl.cli.exits import Exit, exit_of, worst
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.output import Output
from beamctl.errors import UsageError
from beamctl.workflow.connection import Access, default_workspace, open_link
from beamctl.workflow.documents import defaults, read_desired
from beamctl.workflow.show import show


@click.command(
    "show",
    cls=BeamctlCommand,
    examples=("beamctl show -w acme", "beamctl show -w acme -o json", "beamctl show --credentials -f access/"),
)
@options.workspaces_option(
    "The workspace; with --credentials, repeatable. Default: the document's, else BEAMCTL_WORKSPACE, BL_WORKSPACE or "
    "the official CLI's."
)
@options.files
@option(
    Group.CONNECTION,
    "--credentials",
    is_flag=True,
    help="Show which credential each workspace would use and where it comes from, never its value. Makes no request.",
)
@options.view
@options.reads
def command(
    workspaces: tuple[str, ...],
    files: tuple[str, ...],
    *,
    credentials: bool,
    out: Output,
    access: Access,
) -> int:
    """Show a workspace as it is now: settings, members, service accounts, policies and more.

    Members are listed with their role, standing (accepted, invited or expired) and source. Exits 4 if this credential
    cannot read everything, and shows the rest. With --credentials, exits 4 if a workspace has none.
    """
    names = list(dict.fromkeys(workspaces)) or _documented(files) or [default_workspace(access)]
    if credentials:
        return _show_credentials(names, out, access)
    if len(names) > 1:
        which = "several workspaces were named" if workspaces else "the documents declare several workspaces"
        raise UsageError(which, f"Pick one with -w: {', '.join(names)}.")
    name = names[0]
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


def _documented(files: tuple[str, ...]) -> list[str]:
    if not files and not defaults():
        return []
    return [desired.workspace for desired in read_desired(files)]


def _show_credentials(names: Sequence[str], out: Output, access: Access) -> int:
    from beamctl.report.credential_text import credentials_text, hint_text, unmatched_notes
    from beamctl.workflow.credentials import credentials_of

    found = credentials_of(access, names)
    if out.json:
        from beamctl.report.json_report import credentials_json

        out.result(credentials_json(found))
    else:
        out.result(credentials_text(found, out.style))
    for note in unmatched_notes(found):
        out.info(note)
    errors = [use.error for use in found.uses if use.error]
    if errors:
        out.info(hint_text(errors[0]))
    return worst(Exit.DONE, *(exit_of(error.code) for error in errors))
