"""Options of every command that uses the API: its URL, the credential, timeouts and the number of requests."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from beamctl.api.clock import MOST_WAITING
from beamctl.cli.help import Group, combined, option
from beamctl.cli.output import Output

if TYPE_CHECKING:
    from beamctl.workflow.connection import Access

_MOST_PARALLEL = 64
_NAMES = ("api_url", "api_key_file", "env_file", "timeout", "max_wait", "debug")
"""The options that become the access."""


class _Seconds(click.FloatRange):
    """Seconds within bounds. click alone would accept NaN."""

    name = "number of seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's
        """A number of seconds."""
        found = float(super().convert(value, param, ctx))
        if math.isnan(found):
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)
        return found


parallelism = option(
    Group.CONNECTION,
    "--parallelism",
    type=click.IntRange(1, _MOST_PARALLEL),
    metavar="N",
    default=8,
    show_default=True,
    help="How many requests may be in flight at the same time, in all workspaces together.",
)
_reads = option(
    Group.CONNECTION,
    "--parallelism",
    "in_flight",
    type=click.IntRange(1, _MOST_PARALLEL),
    metavar="N",
    default=16,
    show_default=True,
    help="How many requests may be in flight at the same time, in all workspaces together.",
)


def access_of(  # noqa: PLR0913 - one argument per option
    out: Output,
    *,
    api_url: str | None,
    api_key_file: str | None,
    timeout: float,
    max_wait: float,
    debug: bool,
    env_file: str | None = None,
    in_flight: int | None = None,
) -> Access:
    """The access that the options of `connection` ask for.

    Raises:
        UsageError: A named file does not exist, or the env file is invalid.
    """
    from beamctl.api.clock import WaitBudget
    from beamctl.api.credential import environment_secrets
    from beamctl.api.sources import collect_sources
    from beamctl.cli.commands.local import local_app
    from beamctl.cli.interaction import StatusLine
    from beamctl.workflow.connection import READS_IN_FLIGHT, Access

    sources = collect_sources(api_url, api_key_file, env_file)
    if sources.from_env_file:
        out.redaction.redactor.learn_own(*environment_secrets(sources.environment))
    notices = None if out.quiet else StatusLine(out, is_terminal=sys.stderr.isatty() and not debug)
    return Access(
        sources,
        timeout,
        out.error if debug else None,
        out.redaction.redactor,
        local_app,
        notices,
        WaitBudget(max_wait, notices.line if notices else None),
        in_flight=in_flight or READS_IN_FLIGHT,
    )


def _with_access(function: Callable[..., Any]) -> Callable[..., Any]:
    """Pass the way to reach the API to a command as one argument, and close its connections afterwards."""

    @functools.wraps(function)
    def command(*args: Any, out: Output, **options: Any) -> Any:  # noqa: ANN401 - whatever the command takes
        named = {name: options.pop(name) for name in _NAMES}
        in_flight = options.pop("in_flight", None) or options.get("parallelism")
        access = access_of(out, **named, in_flight=in_flight)
        try:
            return function(*args, out=out, access=access, **options)
        finally:
            access.pool.close()

    return command


connection = combined(
    option(
        Group.CONNECTION,
        "--api-url",
        metavar="URL",
        help="The API's base URL, or `local` for the emulator on this machine. Default: BEAMCTL_API_URL, BL_API_URL, "
        "the official CLI's configuration, else https://api.blaxel.ai/v0.",
    ),
    option(
        Group.CONNECTION,
        "--api-key-file",
        metavar="FILE",
        help="A file with an API key. Default: BEAMCTL_API_KEY__WORKSPACE, BEAMCTL_CLIENT_CREDENTIALS__WORKSPACE, "
        "BEAMCTL_API_KEY, BEAMCTL_CLIENT_CREDENTIALS, BL_API_KEY, BL_CLIENT_CREDENTIALS, else the login of `bl login`.",
    ),
    option(
        Group.CONNECTION,
        "--env-file",
        metavar="FILE",
        help="A file with these variables and those of the API, such as `.env`. Variables of the environment take "
        "precedence. No such file is read without this option.",
    ),
    option(
        Group.CONNECTION,
        "--timeout",
        type=_Seconds(min=0.1, max=600),
        metavar="SECONDS",
        default=60,
        show_default=True,
        help="Seconds for one request, from connecting to the last byte of the response.",
    ),
    option(
        Group.CONNECTION,
        "--max-wait",
        type=_Seconds(min=0, max=86400),
        metavar="SECONDS",
        default=int(MOST_WAITING),
        show_default=True,
        envvar="BEAMCTL_MAX_WAIT",
        show_envvar=True,
        help="Total seconds that this run may wait if the API limits the rate of requests.",
    ),
    option(
        Group.CONNECTION,
        "--debug",
        is_flag=True,
        help="Show each request and response on standard error, with secrets hidden.",
    ),
    _with_access,
)
reads = combined(_reads, connection)
"""The same, with the number of requests in flight of a command that only reads."""
