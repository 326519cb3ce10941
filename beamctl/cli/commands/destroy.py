"""`beamctl destroy`: show what would be deleted, ask for the name, delete the workspace and report the result."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import click

from beamctl.cli import candidates, options
from beamctl.cli.exits import Exit
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.interaction import Interrupt, ask, why_no_input
from beamctl.cli.output import Output
from beamctl.document.desired import Desired
from beamctl.errors import RefusedError, UnwritableError
from beamctl.plan.contents import Deletion, WorkspaceContents
from beamctl.plan.plan import runs_as
from beamctl.report.style import PLAIN, Style
from beamctl.report.workspace_text import contents_text, deletion_text
from beamctl.workflow.connection import Access, DeletionLink, open_deletion_link
from beamctl.workflow.destroy import contents_of, destroy, document_that_allows
from beamctl.workflow.documents import defaults, read_desired


@click.command(
    "destroy",
    cls=BeamctlCommand,
    examples=("beamctl destroy acme", "beamctl destroy acme -f beamctl.yaml --confirm acme"),
)
@click.argument("workspace", metavar="WORKSPACE", shell_complete=candidates.workspaces)
@options.files
@option(
    Group.SAFETY, "--confirm", metavar="NAME", help="The name of the workspace again, instead of typing it when asked."
)
@options.view
@options.connection
def command(
    workspace: str,
    files: tuple[str, ...],
    confirm: str | None,
    *,
    out: Output,
    access: Access,
) -> int:
    """Delete a workspace and everything in it, after showing what would be deleted.

    This cannot be undone. Refuses (exit 5) unless the workspace's document sets `guards: {preventDestroy: false}` and
    you type the name. Exits 6 if the workspace changed in the meantime.
    """
    document = document_that_allows(read_desired(files) if files or defaults() else (), workspace)
    if confirm is not None and confirm != workspace:
        raise _another_name("--confirm is not the name of")
    with open_deletion_link(access, workspace) as link:
        contents = contents_of(workspace, link.reader)
        if not out.json:
            out.result(_shown(contents, link, document, out.style))
        if confirm is None:
            _ask(contents, _shown(contents, link, document, PLAIN), files, out)
        with Interrupt(access.stop, quiet=out.quiet, look=f"beamctl show -w {workspace}"):
            deletion = destroy(
                contents, link.reader, link.deleter, stop=access.stop, pause=link.pause, credential=link.credential
            )
    _report(contents, link.api_url, document, deletion, out)
    return Exit.INTERRUPTED if access.stop.is_set() else Exit.DONE


def _shown(contents: WorkspaceContents, link: DeletionLink, document: Desired, style: Style) -> str:
    return contents_text(contents, link.api_url, runs_as(document, link.identity), style)


def _ask(contents: WorkspaceContents, shown: str, files: Sequence[str], out: Output) -> None:
    name = contents.workspace
    if why := why_no_input(files):
        named = "".join(f" -f {shlex.quote(file)}" for file in files)
        hint = f"To delete {name} without being asked:  beamctl destroy {name}{named} --confirm {name}"
        raise RefusedError(f"{why}, so nothing was deleted", hint)
    typed = ask(f"Type {name} to delete it for good", shown, out)
    if typed.removesuffix("\n") != name:
        raise _another_name("that is not the name of")


def _another_name(what: str) -> RefusedError:
    """The error for a wrong name. It does not repeat the input, which may be a pasted key."""
    return RefusedError(f"{what} the workspace, so nothing was deleted", "Type the name exactly as given in WORKSPACE.")


def _report(contents: WorkspaceContents, api_url: str, document: Desired, deletion: Deletion, out: Output) -> None:
    try:
        if out.json:
            from beamctl.report.workspace_json import destroyed_json

            out.result(destroyed_json(contents, api_url, deletion))
        else:
            out.result("\n" + deletion_text(contents.workspace, document.document.source, deletion, out.style))
    except UnwritableError as error:
        raise UnwritableError(error.message, f"{contents.workspace} was deleted anyway.") from None
