"""`beamctl emulator`: serve the local control plane, fill it, and act in it as somebody. It must not know any kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from beamctl.cli import local
from beamctl.cli.documents import read_sources
from beamctl.cli.exits import Exit
from beamctl.document.source import parse_plain
from beamctl.errors import DocumentError, UsageError
from beamctl.model.text import printable

if TYPE_CHECKING:
    from beamctl.emulator import MadeKey

DEFAULT_PORT = 8080
_database = click.option(
    "--db",
    "database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=local.DATABASE,
    show_default=True,
    help="The SQLite file; made where there is none.",
)


@click.group("emulator")
def command() -> None:
    """Run the control plane locally: to learn, to teach, to test a pipeline."""
    local.require_emulator()


@command.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0 picks a free one."
)
@click.option("--seed", "seed_file", metavar="FILE", help="A starting state, loaded before the first request.")
@click.option("--quirk", "quirks", multiple=True, metavar="NAME", help="An answer where the real API's is not known.")
@_database
def serve_command(host: str, port: int, seed_file: str | None, quirks: tuple[str, ...], database: Path) -> int:
    """Serve it over HTTP until Ctrl-C."""
    from beamctl.emulator import EmulatorError, Quirk, serve

    known = {quirk.value: quirk for quirk in Quirk}
    if odd := [name for name in quirks if name not in known]:
        raise UsageError(f"there is no quirk {odd[0]!r}", f"There are: {', '.join(known)}.")
    seed = None if seed_file is None else _read_seed(seed_file)
    app = local.opened(database, quirks=frozenset(known[name] for name in quirks))
    if seed_file is not None:
        _say_keys(_load(seed_file, seed, database))
    try:
        serve(app, host, port, lambda url: click.echo(f"The control plane listens on {url} (database: {database})"))
    except EmulatorError as error:
        raise UsageError(str(error), "Choose another --port, or --port 0 for a free one.") from None
    return Exit.DONE


@command.command("seed")
@click.argument("seed_file", metavar="FILE")
@_database
def seed_command(seed_file: str, database: Path) -> int:
    """Load a starting state from FILE (- is standard input)."""
    seed = _read_seed(seed_file)
    local.opened(database)
    _say_keys(_load(seed_file, seed, database))
    click.echo(f"Loaded {printable(seed_file)} into {database}.")
    return Exit.DONE


@command.command(
    "call",
    epilog="\b\nbeamctl emulator call --as kim@example.com POST /workspaces/acme/join\n"
    'beamctl emulator call --as ada@example.com -w acme PUT /users/kim@example.com \'{"role": "admin"}\'',
)
@click.option("--as", "email", required=True, metavar="E-MAIL", help="Who acts; somebody new signs up first.")
@click.option("--workspace", "-w", metavar="NAME", help="The workspace, where the path does not name one.")
@click.argument("method", type=click.Choice(["GET", "POST", "PUT", "DELETE"], case_sensitive=False))
@click.argument("path")
@click.argument("body", required=False)
@_database
def call_command(email: str, workspace: str | None, method: str, path: str, body: str | None, database: Path) -> int:
    """Call the API as somebody: accept an invitation, or change something behind beamctl's back."""
    from beamctl.emulator import EmulatorError, as_person, ask

    if not database.exists():
        raise UsageError(f"{database} does not exist", "Make one:  beamctl emulator seed FILE")
    sent = _parsed(body)
    app = local.opened(database)
    try:
        somebody = as_person(app, email)
    except EmulatorError as error:
        raise UsageError(f"--as: {error}", "Write it like --as kim@example.com.") from None
    status, text = ask(somebody, method.upper(), path, sent, workspace or "")
    click.echo(f"{status} {printable(text.strip())}")
    return Exit.DONE if status < 400 else Exit.ERROR  # noqa: PLR2004 - where HTTP's errors begin


def _parsed(body: str | None) -> Any:  # noqa: ANN401 - any JSON
    if body is None:
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise UsageError(f"the body is not JSON: {error}", """Write it like '{"role": "admin"}'.""") from None


def _read_seed(seed_file: str) -> Any:  # noqa: ANN401 - the emulator looks at its shape
    (source, *more) = read_sources([seed_file])
    documents, problems = parse_plain(source.content, source.name)
    if problems:
        raise DocumentError(problems)
    if more or len(documents) != 1:
        raise UsageError(f"{seed_file} is not one document", "A seed is one file with one document.")
    return documents[0]


def _load(seed_file: str, seed: Any, database: Path) -> list[MadeKey]:  # noqa: ANN401 - as above
    from beamctl.emulator import SeedError, load_seed

    try:
        return load_seed(database, seed)
    except SeedError as error:
        listed = "\n".join(error.messages)
        hint = f"{listed}\nTo go on with what is in {database}, load no seed; to begin anew, remove the file."
        raise UsageError(f"the seed {seed_file} cannot be loaded into {database}", hint) from None


def _say_keys(made: list[MadeKey]) -> None:
    for key in made:
        click.echo(f"Made for {key.who} ({key.kind}), shown only once: {key.key}")
