"""Options shared by several commands."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from beamctl.cli import candidates, connection_options
from beamctl.cli.floors import floor_options
from beamctl.cli.help import Decorator, Group, combined, option
from beamctl.cli.output import Output
from beamctl.cli.reports import report_file
from beamctl.report.formats import FORMATS
from beamctl.runs.folder import RecordFolder


class PathType(click.Path):
    """A path. An empty string stays empty instead of becoming the current directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's
        """Convert a value, except an empty string."""
        return value if value == "" else Path(os.fsdecode(super().convert(value, param, ctx)))


def _with_output(function: Callable[..., Any]) -> Callable[..., Any]:
    """Pass the output to a command as one argument, and report its errors in the format of the output."""

    @functools.wraps(function)
    def command(
        *args: Any,  # noqa: ANN401 - whatever the command takes
        quiet: bool,
        output: str = "text",
        no_color: bool = False,
        **options: Any,  # noqa: ANN401 - as above
    ) -> Any:  # noqa: ANN401 - as above
        base: Output = click.get_current_context().obj
        out = base.for_options(output, no_color=no_color, quiet=quiet)
        try:
            return function(*args, out=out, **options)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - reported by beamctl, not by Python
            return out.report(error)

    return command


files = option(
    Group.DOCUMENTS,
    "-f",
    "--file",
    "files",
    multiple=True,
    metavar="FILE",
    help="A document, a directory of them, or - for standard input. Repeatable. Default: beamctl.yaml, else access/.",
)


def workspaces_option(purpose: str) -> Decorator:
    """The option `-w`, with the help of one command."""
    return option(
        Group.DOCUMENTS,
        "-w",
        "--workspace",
        "workspaces",
        multiple=True,
        metavar="NAME",
        shell_complete=candidates.workspaces,
        help=purpose,
    )


workspaces = workspaces_option("Only this workspace. Repeatable.")
_output = option(
    Group.OUTPUT,
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The format of the result.",
)
_no_color = option(Group.OUTPUT, "--no-color", is_flag=True, help="Do not use colors. Setting NO_COLOR does the same.")
_quiet = option(Group.OUTPUT, "-q", "--quiet", is_flag=True, help="Print only the result.")
quiet = combined(_quiet, _with_output)
view = combined(_output, _no_color, _quiet, _with_output)
allow = option(
    Group.SAFETY,
    "--allow",
    "allowed",
    multiple=True,
    metavar="[WORKSPACE:]NAME=VALUE",
    shell_complete=candidates.hazards,
    help="Allow one hazard of this plan, as printed by the refusal. Repeatable. If there are several workspaces, the "
    "name of one is required.",
)
floors = floor_options
parallelism = connection_options.parallelism
connection = connection_options.connection
reads = connection_options.reads
verbose = option(Group.OUTPUT, "-v", "--verbose", is_flag=True, help="Also show each workspace without changes.")
saving = combined(
    option(
        Group.OUTPUT,
        "--out",
        "file",
        metavar="FILE",
        help="Save the plan. `beamctl apply FILE` makes exactly its changes.",
    ),
    option(
        Group.OUTPUT,
        "--expires",
        metavar="TIME",
        help="How long a saved plan is valid, such as 30m or 7d. Default: 24h.",
    ),
    option(
        Group.OUTPUT,
        "--sign",
        metavar="KEY",
        help="Sign the saved plan with an SSH key, or with ssh-agent if KEY is a public key. Writes FILE.sig.",
    ),
)
reports = option(
    Group.OUTPUT,
    "--report",
    "reports",
    multiple=True,
    callback=lambda _context, _option, named: tuple(map(report_file, named)),
    metavar="FORMAT=FILE",
    shell_complete=candidates.formats,
    help=f"Also write a report to a file (github: to the runner's). Repeatable. Formats: {', '.join(FORMATS)}.",
)
record = option(
    Group.OUTPUT,
    "--record",
    type=click.Path(file_okay=False),
    callback=lambda _context, _option, named: named if named == "" else RecordFolder(named),
    metavar="DIR",
    help="The directory of run records, or a URL such as s3://bucket/records. Default: .beamctl/runs.",
)
