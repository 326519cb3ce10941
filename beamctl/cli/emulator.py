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
    from beamctl.emulator import Quirk, serve

    known = {quirk.value: quirk for quirk in Quirk}
    if odd := [name for name in quirks if name not in known]:
        raise UsageError(f"there is no quirk {odd[0]!r}", f"There are: {', '.join(known)}.")
    app = local.opened(database, quirks=frozenset(known[name] for name in quirks))
    if seed_file is not None:
        _say_keys(_load(seed_file, database))
    try:
        serve(app, host, port, lambda url: click.echo(f"The control plane listens on {url} (database: {database})"))
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}:{port}: {error.strerror or error}", "Choose another --port."
        ) from None
    return Exit.DONE


@command.command("seed")
@click.argument("seed_file", metavar="FILE")
@_database
def seed_command(seed_file: str, database: Path) -> int:
    """Load a starting state from FILE (- is standard input)."""
    local.opened(database)
    _say_keys(_load(seed_file, database))
    click.echo(f"Loaded {printable(seed_file)} into {database}.")
    return Exit.DONE


@command.command("call")
@click.option("--as", "email", required=True, metavar="E-MAIL", help="Who acts; somebody new signs up first.")
@click.option("--workspace", "-w", metavar="NAME", help="The workspace, where the path does not name one.")
@click.argument("method", type=click.Choice(["GET", "POST", "PUT", "DELETE"], case_sensitive=False))
@click.argument("path")
@click.argument("body", required=False)
@_database
def call_command(email: str, workspace: str | None, method: str, path: str, body: str | None, database: Path) -> int:
    r"""Call the API as somebody: accept an invitation, or change something behind beamctl's back.

    \b
    beamctl emulator call --as kim@example.com POST /workspaces/acme/join
    beamctl emulator call --as ada@example.com -w acme PUT /users/kim@example.com '{"role": "admin"}'
    """
    from werkzeug.test import Client  # type: ignore[import-untyped, unused-ignore]

    from beamctl.emulator import as_person

    if not database.exists():
        raise UsageError(f"{database} does not exist", "Make one:  beamctl emulator seed FILE")
    headers = {"X-Blaxel-Workspace": workspace} if workspace else {}
    answer = Client(as_person(local.opened(database), email)).open(
        f"/v0/{path.lstrip('/')}", method=method.upper(), json=_parsed(body), headers=headers
    )
    text = answer.get_data(as_text=True)
    click.echo(f"{answer.status_code} {printable(text.strip())}")
    return Exit.DONE if answer.status_code < 400 else Exit.ERROR  # noqa: PLR2004 - where HTTP's errors begin


def _parsed(body: str | None) -> Any:  # noqa: ANN401 - any JSON
    if body is None:
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise UsageError(f"the body is not JSON: {error}", """Write it like '{"role": "admin"}'.""") from None


def _load(seed_file: str, database: Path) -> list[MadeKey]:
    from beamctl.emulator import SeedError, load_seed

    (source, *more) = read_sources([seed_file])
    documents, problems = parse_plain(source.content, source.name)
    if problems:
        raise DocumentError(problems)
    if more or len(documents) != 1:
        raise UsageError(f"{seed_file} is not one document", "A seed is one file with one document.")
    try:
        return list(load_seed(database, documents[0]))
    except SeedError as error:
        listed = "\n".join(error.messages)
        raise UsageError(f"the seed {seed_file} cannot be loaded", listed) from None


def _say_keys(made: list[MadeKey]) -> None:
    for key in made:
        click.echo(f"Made for {key.who} ({key.kind}), shown only once: {key.key}")
