"""`beamctl show`: show a live workspace."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import click

from beamctl.cli import options
from beamctl.cli.exits import Exit, exit_of, worst
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.output import Output
from beamctl.document.desired import Desired
from beamctl.errors import BeamctlError, DocumentError, UsageError
from beamctl.workflow.connection import Access, default_workspace
from beamctl.workflow.credentials import credential_of, credentials_of
from beamctl.workflow.documents import defaults, read_desired
from beamctl.workflow.failures import failure_of, separated
from beamctl.workflow.show import Shown, show_all, with_groups


@click.command(
    "show",
    cls=BeamctlCommand,
    examples=("beamctl show -w acme", "beamctl show -f access/ -o json", "beamctl show --credentials -f access/"),
)
@options.workspaces_option(
    "Only this workspace. Repeatable if documents declare them. Default: those of the documents, else "
    "BEAMCTL_WORKSPACE, BL_WORKSPACE or the official CLI's."
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
    """Show workspaces as they are now: settings, members, service accounts, policies and more.

    Members are listed with their role, standing (accepted, invited or expired) and source, and with the groups through
    which their document gives them access. Exits 4 if this credential cannot read everything, and shows the rest. With
    --credentials, exits 4 if a workspace has none.
    """
    names = list(dict.fromkeys(workspaces)) or _documented(files) or [default_workspace(access)]
    if credentials:
        return _show_credentials(names, _valid(files), out, access)
    if len(names) > 1:
        return _show_all(read_desired(files, workspaces), out, access)
    (found,) = show_all(names, access)
    if isinstance(found, BeamctlError):
        raise found
    if desired := _declared(names[0], files):
        found = _with_groups(found, desired)
    if out.json:
        from beamctl.report.workspace_json import show_json

        out.result(show_json(found.workspace, found.api_url, found.sections, credential_of(access, names[0])))
    else:
        out.result(_text(found, out, access))
    return _unseen(found, out)


def _show_all(documents: Sequence[Desired], out: Output, access: Access) -> int:
    """Show several workspaces in the order of their documents. One that cannot be read does not affect the others."""
    results = show_all([each.workspace for each in documents], access)
    done, errors = separated(documents, results)
    shown = [_with_groups(found, each) for each, found in done]
    failures = [failure_of(each, error) for each, error in errors]
    if out.json:
        from beamctl.report.workspace_json import show_all_json

        rows = [(each.workspace, each.api_url, each.sections, credential_of(access, each.workspace)) for each in shown]
        out.result(show_all_json(rows, failures))
    else:
        out.result("\n".join(_text(each, out, access) for each in shown))
    return worst(out.failed(failures), *(_unseen(each, out) for each in shown))


def _text(found: Shown, out: Output, access: Access) -> str:
    from beamctl.report.workspace_text import show_text

    return show_text(found.workspace, found.api_url, found.sections, out.style, credential_of(access, found.workspace))


def _unseen(found: Shown, out: Output) -> Exit:
    """Say what could not be read, and return the exit code of the workspace."""
    unseen = [section for section, shown in found.sections.items() if shown.unread]
    if not unseen:
        return Exit.DONE
    out.info(f"This credential cannot read all of {found.workspace} (exit 4). Left out: {', '.join(unseen)}.")
    return Exit.NOT_ALLOWED


def _with_groups(found: Shown, desired: Desired) -> Shown:
    return replace(found, sections=with_groups(found.sections, desired))


def _declared(name: str, files: tuple[str, ...]) -> Desired | None:
    """The valid document of a workspace, if there is one here."""
    if files or defaults():
        with suppress(DocumentError, UsageError):
            return read_desired(files, [name])[0]
    return None


def _documented(files: tuple[str, ...]) -> list[str]:
    if not files and not defaults():
        return []
    return [desired.workspace for desired in read_desired(files)]


def _valid(files: tuple[str, ...]) -> list[str]:
    """The workspaces of the documents; none if they are not valid."""
    with suppress(DocumentError, UsageError):
        return _documented(files)
    return []


def _show_credentials(names: Sequence[str], others: Sequence[str], out: Output, access: Access) -> int:
    from beamctl.report.credential_text import credentials_text, hint_text, unmatched_notes

    found = credentials_of(access, names, others)
    if out.json:
        from beamctl.report.workspace_json import credentials_json

        out.result(credentials_json(found))
    else:
        out.result(credentials_text(found, out.style))
    for note in unmatched_notes(found):
        out.info(note)
    errors = [use.error for use in found.uses if use.error]
    if errors:
        out.info(hint_text(errors[0]))
    return worst(Exit.DONE, *(exit_of(error.code) for error in errors))
