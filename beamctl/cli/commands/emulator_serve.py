"""`beamctl emulator serve`: run the emulator over HTTP, with faults, a clock and a log for testing clients."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from beamctl.cli.actions_log import end_pairs
from beamctl.cli.commands import local
from beamctl.cli.commands.local import command_to_read, load, read_seed
from beamctl.cli.exits import Exit
from beamctl.cli.help import BeamctlCommand
from beamctl.cli.options import PathType
from beamctl.errors import UsageError
from beamctl.model.text import printable

if TYPE_CHECKING:
    from beamctl.emulator import BehaviorFlag, MiddlewareOptions, MovableClock, Rule

DEFAULT_PORT = 8080

database_option = click.option(
    "--db",
    "database",
    type=PathType(dir_okay=False),
    default=local.DATABASE,
    show_default=True,
    help="The SQLite database, created if it does not exist.",
)

mail_option = click.option(
    "--mail",
    metavar="DIR",
    type=PathType(file_okay=False),
    help=f"The maildir that receives e-mails. Default: {local.MAIL}/ next to the database.",
)


@dataclass(frozen=True, slots=True)
class InstrumentOptions:
    """The values of the options, as typed."""

    faults: tuple[str, ...]
    clock: str | None
    log: str | None
    control: bool


def instrument_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add these options to a command, which receives them as one argument, `given`."""

    @click.option(
        "--fault",
        "faults",
        multiple=True,
        metavar="FAULT[@REQUESTS]",
        help="A fault to inject, such as 503@3, 429:2@1-5, latency:300ms or reset-after@POST:/users#1. Repeatable.",
    )
    @click.option(
        "--clock",
        metavar="TIME",
        help="Move the clock of the database to this time, such as +8d or 2027-01-31T00:00:00Z; +0s is the real time.",
    )
    @click.option("--log", metavar="FILE", help="Log each request as a line of JSON; - is standard error.")
    @click.option("--control", is_flag=True, help="Let programs change faults and the clock under /control.")
    @functools.wraps(function)
    def gathered(
        *args: Any,  # noqa: ANN401 - whatever the command takes
        faults: tuple[str, ...],
        clock: str | None,
        log: str | None,
        control: bool,
        **options: Any,  # noqa: ANN401 - as above
    ) -> Any:  # noqa: ANN401 - as above
        return function(*args, given=InstrumentOptions(faults, clock, log, control), **options)

    return gathered


@click.command(
    "serve",
    cls=BeamctlCommand,
    examples=(
        "beamctl emulator serve --seed seed.yaml",
        "beamctl emulator serve --log - --fault 503@3 --fault latency:300ms",
        "beamctl emulator serve --clock +8d",
    ),
)
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    default=DEFAULT_PORT,
    show_default=True,
    help="The port to listen on. 0 picks a free one.",
)
@click.option("--seed", "seed_file", metavar="FILE", help="An initial state, loaded before the first request.")
@click.option(
    "--quirk",
    "quirks",
    multiple=True,
    metavar="NAME",
    help="Behave in another way where the real API's behavior is unknown. Repeatable. beamctl/emulator/README.md "
    "lists the names.",
)
@mail_option
@click.option("--smtp", metavar="HOST[:PORT]", help="Also send e-mails through this server, without a login.")
@click.option(
    "--public-url",
    metavar="URL",
    help="The emulator's URL in links in e-mails. Default: the address it listens on.",
)
@instrument_options
@database_option
def command(  # noqa: PLR0913 - its options
    *,
    host: str,
    port: int,
    seed_file: str | None,
    quirks: tuple[str, ...],
    mail: Path | None,
    smtp: str | None,
    public_url: str | None,
    given: InstrumentOptions,
    database: Path,
) -> int:
    """Serve the emulator over HTTP until Ctrl-C."""
    from beamctl.emulator import EmulatorError, add_middleware, clock_of, serve

    chosen = _quirks(quirks)
    seed = None if seed_file is None else read_seed(seed_file)
    move = _clock_move(given.clock)
    with instruments_for(given) as configured:
        app = local.opened(database, mail=mail, smtp=smtp, quirks=chosen, public_url=public_url)
        instruments = replace(configured, clock=clock_of(app))
        add_middleware(app, instruments)

        def begin(url: str) -> None:
            move(instruments.clock)
            if seed_file is not None:  # like the clock only once the port is open: a failed start changes nothing
                load(seed_file, seed, database)
            _print_addresses(url, app, mail, database, notes(given, instruments, url))

        try:
            serve(app, host, port, begin)
        except EmulatorError as error:
            raise UsageError(str(error), "Choose another --port, or --port 0 for a free one.") from None
    return Exit.DONE


def _print_addresses(url: str, app: Any, mail: Path | None, database: Path, more: list[str]) -> None:  # noqa: ANN401 - Flask's
    from beamctl.emulator import url_for_people

    folder = mail or local.maildir(database)
    for line in (
        f"E-mails are written to {folder}. To read them:  {command_to_read(mail, database)}",
        f"The emulator listens on {url} (database: {database})",
        f"Users sign in and manage their workspaces at {url_for_people(app)}/",
        f"To use it:  export BEAMCTL_API_URL={url} BEAMCTL_API_KEY=KEY   (a key from the seed or the web pages)",
        f"bl, Go and @blaxel/core follow BL_API_URL={url}; Python's SDK and @blaxel/sdk ignore it: production!",
        *more,
    ):
        click.echo(printable(line))
    end_pairs()  # a server in the background must not stop the commands of the step's other programs


def _quirks(names: tuple[str, ...]) -> frozenset[BehaviorFlag]:
    from beamctl.emulator import BehaviorFlag

    known = {flag.value: flag for flag in BehaviorFlag}
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"there is no quirk {unknown[0]!r}", f"Choose from {', '.join(known)}.")
    return frozenset(known[name] for name in names)


@contextmanager
def instruments_for(given: InstrumentOptions) -> Iterator[MiddlewareOptions]:
    """The instruments that the options ask for. The log is open while the block runs.

    Raises:
        UsageError: An option is invalid, or the log cannot be written.
    """
    from beamctl.emulator import EmulatorError, FaultScript, LogFile, MiddlewareOptions, RequestLog

    script = FaultScript(_rules(given.faults))
    if given.log is None:
        yield MiddlewareOptions(script, RequestLog(), control=given.control)
        return
    try:
        file = LogFile(None if given.log == "-" else Path(given.log))
    except EmulatorError as error:
        raise UsageError(f"--log: {error}", "Name another file, or - for standard error.") from None
    try:
        yield MiddlewareOptions(script, RequestLog(file.write), control=given.control)
    finally:
        file.close()


def notes(given: InstrumentOptions, instruments: MiddlewareOptions, url: str) -> list[str]:
    """Lines about the active instruments, shown when the server starts."""
    lines = []
    if given.clock is not None or instruments.clock.ahead:
        lines.append(f"Its clock shows {instruments.clock():%Y-%m-%d %H:%M} UTC.")
    lines.extend(f"Fault: {standing.rule.text}" for standing in instruments.script.states())
    if given.control:
        control = url.removesuffix("/v0") + "/control"
        lines.append(f"Anyone who can reach {control} can change its faults and clock, and read its request log.")
    return lines


def _rules(texts: tuple[str, ...]) -> list[Rule]:
    from beamctl.emulator import FaultError, read_rule

    try:
        return [read_rule(text) for text in texts]
    except FaultError as error:
        raise UsageError(f"--fault: {error}", error.hint) from None


def _clock_move(text: str | None) -> Callable[[MovableClock], None]:
    """What `--clock` does to the clock of the database; nothing without it."""
    from beamctl.emulator import EmulatorError, MovableClock, read_duration, read_moment

    ahead = read_duration(text.removeprefix("+")) if text and text.startswith("+") else None
    moment = read_moment(text) if text is not None and ahead is None else None
    if text is not None and ahead is None and moment is None:
        raise UsageError(f"--clock: {text!r} is not a time", "Write it like +8d or 2027-01-31T00:00:00Z.")

    def move(clock: MovableClock) -> None:
        try:
            if ahead is not None:
                clock.set_ahead(ahead)
            elif moment is not None:
                clock.set(moment)
        except EmulatorError as error:
            raise UsageError(f"--clock: {error}", "Write it like +8d or 2027-01-31T00:00:00Z.") from None

    move(MovableClock())  # an impossible time is an error before the database is created
    return move
