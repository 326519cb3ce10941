"""`beamctl where`: find where people have access.

A module of its own: there is one for each command."""

from __future__ import annotations

import click

from beamctl.cli import candidates, options
from beamctl.cli.help import BeamctlCommand
from beamctl.cli.output import Output
from beamctl.workflow.connection import Access, default_workspace
from beamctl.workflow.documents import defaults, read_sources, unread_note
from beamctl.workflow.where import addresses, where


@click.command(
    "where",
    cls=BeamctlCommand,
    examples=("beamctl where eve@example.com", "beamctl where eve@example.com -f access/ -w acme -o json"),
)
@click.argument("emails", metavar="EMAIL...", nargs=-1, required=True, shell_complete=candidates.emails)
@options.files
@options.workspaces_option("This workspace, also if no document declares it. Repeatable. Default: all declared ones.")
@options.view
@options.reads
def command(
    emails: tuple[str, ...],
    files: tuple[str, ...],
    workspaces: tuple[str, ...],
    *,
    out: Output,
    access: Access,
) -> int:
    """Find where people have access, live and declared, and through which groups.

    Reads all workspaces of the documents. Exits 0 also if the people have no access anywhere; if a workspace cannot be
    read, it says so, shows the others, and exits 1 or 4.
    """
    addresses(emails)
    sources = read_sources(files) if files or defaults() else []
    names = workspaces if workspaces or sources else (default_workspace(access),)
    found = where(sources, names, emails, access)
    if sources and (note := unread_note(files)):
        out.info(note)
    if out.json:
        from beamctl.report.workspace_json import where_json

        out.result(where_json(found.people, found.failures))
    else:
        from beamctl.report.whereabouts import where_text

        out.result(where_text(found.people, out.style))
    return out.failed(found.failures)
