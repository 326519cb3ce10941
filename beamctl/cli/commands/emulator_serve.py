"""`beamctl emulator serve`: run the emulator over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from beamctl.cli.commands import local
from beamctl.cli.commands.emulator_instruments import InstrumentOptions, instrument_options, instruments_for, notes
from beamctl.cli.commands.emulator_mail import command_to_read, mail_option
from beamctl.cli.commands.emulator_seed import database_option, load, read_seed
from beamctl.cli.exits import Exit
from beamctl.cli.help import Command
from beamctl.errors import UsageError
from beamctl.model.text import printable

if TYPE_CHECKING:
    from beamctl.emulator import Quirk

DEFAULT_PORT = 8080


@click.command(
    "serve",
    cls=Command,
    examples=(
        "beamctl emulator serve --seed seed.yaml",
        "beamctl emulator serve --log - --fault 503@3 --fault latency:300ms",
        "beamctl emulator serve --clock +8d",
    ),
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0 picks a free one."
)
@click.option("--seed", "seed_file", metavar="FILE", help="An initial state, loaded before the first request.")
@click.option(
    "--quirk",
    "quirks",
    multiple=True,
    metavar="NAME",
    help="Choose a behavior where that of the real API is unknown. Repeatable.",
)
@mail_option
@click.option("--smtp", metavar="HOST[:PORT]", help="Also send e-mails through this server, without a login.")
@click.option(
    "--public-url",
    metavar="URL",
    show_default="where it listens",
    help="The URL under which people reach it, for links in e-mails.",
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
    from beamctl.emulator import EmulatorError, instrument, serve

    chosen = _quirks(quirks)
    seed = None if seed_file is None else read_seed(seed_file)
    with instruments_for(given) as instruments:
        now = instruments.clock
        app = local.opened(database, mail=mail, smtp=smtp, quirks=chosen, now=now, public_url=public_url)
        instrument(app, instruments)

        def begin(url: str) -> None:
            if seed_file is not None:  # only once the port is open, so that a failed start can be repeated
                load(seed_file, seed, database, now=now)
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
        *more,
    ):
        click.echo(printable(line))


def _quirks(names: tuple[str, ...]) -> frozenset[Quirk]:
    from beamctl.emulator import Quirk

    known = {quirk.value: quirk for quirk in Quirk}
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"there is no quirk {unknown[0]!r}", f"There are: {', '.join(known)}.")
    return frozenset(known[name] for name in names)
