"""`beamctl init`: write the first files of a repository from the live workspace. Overwrites nothing."""

from __future__ import annotations

import click

from beamctl.cli import options
from beamctl.cli.exits import Exit
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.interaction import ask, why_no_input
from beamctl.cli.output import Output
from beamctl.errors import UsageError
from beamctl.model.text import printable
from beamctl.report.first_document import first_document, written_text
from beamctl.system.clock import current_time
from beamctl.workflow.connection import Access, default_workspace, open_link
from beamctl.workflow.credentials import refuse_shared_variables
from beamctl.workflow.init import CiPlatform, NewFile, ci_files, document_paths, refuse_existing, write_all
from beamctl.workflow.show import export


@click.command(
    "init",
    cls=BeamctlCommand,
    examples=("beamctl init", "beamctl init -w acme --ci github", "beamctl init -w acme -w staging --ci none"),
)
@options.workspaces_option(
    "A workspace to write a document for. Repeatable. Default: BEAMCTL_WORKSPACE, BL_WORKSPACE or the official CLI's, "
    "else you are asked."
)
@option(
    Group.DOCUMENTS,
    "--ci",
    type=click.Choice([each.value for each in CiPlatform]),
    help="Also write CI files for this platform. Without this option you are asked.",
)
@options.quiet
@options.connection
def command(*, workspaces: tuple[str, ...], ci: str | None, out: Output, access: Access) -> int:
    """Write a first document from the live workspace, with CI files and .gitignore.

    A plan of the document has no changes. Several workspaces get a file each in access/. Overwrites nothing: if a file
    exists, nothing is written. Only .gitignore is added to. Exits 4 if this credential cannot read everything.
    """
    platform = CiPlatform(ci) if ci else None
    if platform is None and (why := why_no_input(())):
        choices = ", ".join(each.value for each in CiPlatform)
        raise UsageError(f"--ci is missing, and {why}", f"Add --ci with one of: {choices}.")
    if platform is None:  # it will ask
        refuse_existing([])
    names = list(dict.fromkeys(workspaces)) or [_workspace(access, out)]
    refuse_shared_variables(access, names)
    platform = platform or _platform(out)
    documents, others = document_paths(names), ci_files(platform)
    refuse_existing([*documents.values(), *(each.path for each in others)])
    files, unseen = [], {}
    for name, path in documents.items():
        with open_link(access, name) as link:
            found = export(name, link.reader, current_time())
        text = out.redaction.redact(first_document(name, found.text))
        files.append(NewFile(path, text.encode()))
        if found.unseen:
            unseen[name] = ", ".join(found.unseen)
    written = write_all([*files, *others])
    shown = [str(path) for path in written]
    out.info(written_text(shown[: len(files)], shown[len(files) :], has_ci=bool(others)))
    for name, left_out in unseen.items():
        out.info(f"This credential cannot read all of {name} (exit 4). Left out: {left_out}.")
    return Exit.NOT_ALLOWED if unseen else Exit.DONE


def _workspace(access: Access, out: Output) -> str:
    """The configured workspace, or the one that the user names."""
    try:
        return default_workspace(access)
    except UsageError:
        if why_no_input(()):
            raise
    name = ask("Workspace", "", out).strip()
    if not name:
        raise UsageError("no workspace given, so nothing was written", "Name one with -w NAME.")
    return name


def _platform(out: Output) -> CiPlatform:
    choices = [each.value for each in CiPlatform]
    answer = ask(f"CI files ({', '.join(choices[:-1])} or {choices[-1]})", "", out).strip().lower()
    if answer not in choices:
        raise UsageError(f"{printable(answer)!r} is not one of: {', '.join(choices)}. Nothing was written.")
    return CiPlatform(answer)
