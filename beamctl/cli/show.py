"""`beamctl show`: a workspace as it is. It must not compare it with anything."""

from __future__ import annotations

from typing import Any

import click

from beamctl.cli import options
from beamctl.cli.connect import access_of, default_workspace, link
from beamctl.cli.documents import defaults, read_desired
from beamctl.cli.exits import Exit
from beamctl.cli.output import output_of
from beamctl.errors import UsageError
from beamctl.workflow.questions import show


@click.command("show")
@click.option(
    "-w",
    "--workspace",
    metavar="NAME",
    help="Default: the document's, else BEAMCTL_WORKSPACE, else BL_WORKSPACE, else the CLI's.",
)
@options.files
@options.view
@options.connection
def command(
    workspace: str | None,
    files: tuple[str, ...],
    output: str,
    *,
    no_color: bool,
    quiet: bool,
    **connection: Any,  # noqa: ANN401 - the options of `options.connection`
) -> int:
    """Show a workspace as it is now: settings, members, machines, policies and the like.

    Of each member the role, the standing (accepted, invited, expired) and the source. Exits 4 where something cannot be
    seen with this credential, and shows the rest.
    """
    out = output_of(output, no_color=no_color, quiet=quiet)
    access = access_of(**connection)
    name = workspace if workspace is not None else _documented(files) or default_workspace(access)
    with link(access, name) as way:
        sections = show(name, way.reader)
        api_url = way.api_url
    if out.json:
        from beamctl.report.json_report import show_json

        out.payload(show_json(name, api_url, sections))
    else:
        from beamctl.report.text.show import show_text

        out.payload(show_text(name, api_url, sections, out.style))
    unseen = [section for section, shown in sections.items() if shown.unseen]
    if not unseen:
        return Exit.DONE
    out.talk(f"Not all of {name} can be seen with this credential (exit 4): {', '.join(unseen)}.")
    return Exit.NOT_ALLOWED


def _documented(files: tuple[str, ...]) -> str:
    if not files and not defaults():
        return ""
    names = [desired.workspace for desired in read_desired(files)]
    if len(names) > 1:
        raise UsageError("the documents are about several workspaces", f"Pick one with -w: {', '.join(names)}.")
    return names[0]
