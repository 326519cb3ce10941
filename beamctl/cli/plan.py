"""`beamctl plan`: what would be done. It must not be able to do it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from beamctl.cli import options
from beamctl.cli.connect import access_of
from beamctl.cli.exits import Exit
from beamctl.cli.output import output_of
from beamctl.cli.planning import allowances, is_refused, plan_all, say_unused


@click.command("plan")
@options.files
@options.workspaces
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where there are changes.")
@options.allow
@options.view
@options.connection
def command(  # noqa: PLR0913 - one argument an option
    files: tuple[str, ...],
    workspaces: tuple[str, ...],
    allowed: tuple[str, ...],
    output: str,
    *,
    detailed_exitcode: bool,
    no_color: bool,
    quiet: bool,
    **connection: Any,  # noqa: ANN401 - the options of `options.connection`
) -> int:
    """Show the changes that would make a workspace what its document says.

    Exits 0, with --detailed-exitcode 2 where there are changes, and 5 where `apply` would refuse.
    """
    out = output_of(output, no_color=no_color, quiet=quiet)
    granted = allowances(allowed)
    with ExitStack() as stack:
        planned = plan_all(files, workspaces, access_of(**connection), stack, granted)
    plans = [each.plan for each in planned]
    if out.json:
        from beamctl.report.as_json import plans_json

        out.payload(plans_json(plans, granted))
    else:
        from beamctl.report.text.plan import plans_text

        out.payload(plans_text(plans, granted, out.style))
    say_unused(planned, granted, out)
    if is_refused(planned, granted):
        return Exit.REFUSED
    return Exit.DIFFERS if detailed_exitcode and any(plan.changes for plan in plans) else Exit.DONE
