"""The options that several commands share, written once. It must not know what the commands do with them."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from beamctl.api.wait_budget import MOST
from beamctl.cli.floors import with_floors
from beamctl.cli.output import errors_in_format
from beamctl.cli.record_folder import RecordFolder

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

MOST_PARALLEL = 64


class _Seconds(click.FloatRange):
    """Seconds within bounds. Click would let NaN through."""

    name = "number of seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's
        """A number of seconds."""
        found = float(super().convert(value, param, ctx))
        if math.isnan(found):
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)
        return found


def _all(*decorators: Decorator) -> Decorator:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


class PathType(click.Path):
    """A path, or the empty text as it is: as a path it would be the current directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's
        """As click does, but an empty text."""
        return value if value == "" else Path(os.fsdecode(super().convert(value, param, ctx)))


files = click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    metavar="FILE",
    help="A document, a directory of them, or - for standard input. Repeatable. Default: beamctl.yaml, else access/.",
)
workspaces = click.option(
    "-w", "--workspace", "workspaces", multiple=True, metavar="NAME", help="Only this workspace. Repeatable."
)
output = click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or machines.",
)
no_color = click.option("--no-color", is_flag=True, help="No colours. So does NO_COLOR in the environment.")
quiet = click.option("-q", "--quiet", is_flag=True, help="Say nothing but the result.")
view = _all(output, no_color, quiet, errors_in_format)
allow = click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="NAME=VALUE",
    help="Allow one hazard of this plan, as its refusal prints it.",
)
floors = _all(
    click.option(
        "--min-admins",
        metavar="N",
        help="At least N accepted admins must remain, whatever the document says. BEAMCTL_MIN_ADMINS sets it too.",
    ),
    click.option(
        "--max-removals",
        metavar="N|N%",
        help="At most this many removals, demotions and revocations, whatever the document says. "
        "BEAMCTL_MAX_REMOVALS sets it too.",
    ),
    click.option(
        "--protect",
        multiple=True,
        metavar="EMAIL",
        help="Never remove or demote this person. '*@DOMAIN' means everyone at the domain, without its subdomains. "
        "Separate several with commas, or repeat the option. "
        "BEAMCTL_PROTECT sets it too.",
    ),
    click.option(
        "--allowed-domains",
        multiple=True,
        metavar="DOMAIN",
        help="Give access only to people of this domain. Separate several with commas, or repeat the option. "
        "BEAMCTL_ALLOWED_DOMAINS sets it too.",
    ),
    with_floors,
)
parallelism = click.option(
    "--parallelism",
    type=click.IntRange(1, MOST_PARALLEL),
    default=8,
    show_default=True,
    help="How many changes may run at the same time.",
)
saving = _all(
    click.option("--out", metavar="FILE", help="Save the plan, for `beamctl apply FILE` to make exactly that."),
    click.option("--expires", metavar="TIME", help="How long a saved plan is valid. Default: 24h."),
)
record = click.option(
    "--record",
    type=click.Path(file_okay=False),
    callback=lambda _context, _option, named: named if named == "" else RecordFolder(named and Path(named)),
    metavar="DIR",
    help="Where the records of applies are kept. Default: .beamctl/runs.",
)


def _with_notices(function: Callable[..., Any]) -> Callable[..., Any]:
    """Tell the connection of a command whether it may say that it waits."""

    @functools.wraps(function)
    def command(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the command takes
        return function(*args, silent=bool(options.get("quiet")), **options)

    return command


connection = _all(
    click.option(
        "--api-url",
        metavar="URL",
        help="The API's base URL, or `local` for the emulator on this machine. Default: BEAMCTL_API_URL, BL_API_URL, "
        "the official CLI's configuration, else https://api.blaxel.ai/v0.",
    ),
    click.option(
        "--api-key-file",
        metavar="FILE",
        help="A file with an API key. Default: BEAMCTL_API_KEY, BEAMCTL_CLIENT_CREDENTIALS, the same with BL_, "
        "else what `bl login` left.",
    ),
    click.option(
        "--timeout",
        type=_Seconds(min=0.1, max=600),
        metavar="SECONDS",
        default=60,
        show_default=True,
        help="Seconds for one request, from connecting to the last byte of the response.",
    ),
    click.option(
        "--max-wait",
        type=_Seconds(min=0, max=86400),
        metavar="SECONDS",
        default=MOST,
        show_default=True,
        envvar="BEAMCTL_MAX_WAIT",
        show_envvar=True,
        help="Seconds that this run may wait in total while the API limits requests.",
    ),
    click.option("--debug", is_flag=True, help="Show every request and answer on standard error, secrets masked."),
    _with_notices,
)
