"""`beamctl emulator`: load a seed, call the API as a user, and synchronize with the directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from beamctl.cli.commands import emulator_approve, emulator_mail, emulator_serve, local
from beamctl.cli.commands.emulator_seed import database_option, load, read_seed
from beamctl.cli.exits import Exit
from beamctl.cli.help import Command
from beamctl.errors import UsageError
from beamctl.model.text import printable


@click.group("emulator")
def command() -> None:
    """Run an emulator of the API locally, to learn, to teach or to test a pipeline."""
    local.require_emulator()


command.add_command(emulator_serve.command)
command.add_command(emulator_mail.command)
command.add_command(emulator_approve.command)


@command.command("seed")
@click.argument("seed_file", metavar="FILE")
@database_option
def seed_command(seed_file: str, database: Path) -> int:
    """Load an initial state from FILE (- is standard input)."""
    seed = read_seed(seed_file)
    local.opened(database)
    load(seed_file, seed, database)
    click.echo(f"Loaded {printable(seed_file)} into {printable(str(database))}.")
    return Exit.DONE


@command.command(
    "call",
    cls=Command,
    examples=(
        "beamctl emulator call --as kim@example.com POST /workspaces/acme/join",
        'beamctl emulator call --as ada@example.com -w acme PUT /users/kim@example.com \'{"role": "admin"}\'',
    ),
)
@click.option(
    "--as", "email", required=True, metavar="E-MAIL", help="The user who makes the call. A new user is signed up first."
)
@click.option("--workspace", "-w", metavar="NAME", help="The workspace, if the path does not name one.")
@click.argument("method", type=click.Choice(["GET", "POST", "PUT", "DELETE"], case_sensitive=False))
@click.argument("path")
@click.argument("body", required=False)
@database_option
def call_command(email: str, workspace: str | None, method: str, path: str, body: str | None, database: Path) -> int:
    """Call the API as a user, for example to accept an invitation or to make a change outside beamctl."""
    from beamctl.emulator import EmulatorError, as_person, ask

    if not database.exists():
        raise UsageError(f"{database} does not exist", "Create it:  beamctl emulator seed FILE")
    sent = _parsed(body)
    app = local.opened(database)
    try:
        client = as_person(app, email)
    except EmulatorError as error:
        raise UsageError(f"--as: {error}", "Write it like --as kim@example.com.") from None
    status, text = ask(client, method.upper(), path, sent, workspace or "")
    click.echo(f"{status} {printable(text.strip())}")
    return Exit.DONE if status < 400 else Exit.ERROR  # noqa: PLR2004 - where HTTP's errors begin


@command.command("sync", cls=Command, examples=("beamctl emulator sync",))
@database_option
def sync_command(database: Path) -> int:
    """Synchronize with the directory: re-add its members who were removed or left."""
    from beamctl.emulator import synchronize_directory

    if not database.exists():
        raise UsageError(f"{database} does not exist", "Create it:  beamctl emulator seed FILE")
    back = synchronize_directory(local.opened(database))
    for email, workspace in back:
        click.echo(f"{printable(email)} is back in {printable(workspace)}.")
    if not back:
        click.echo("No one was missing. In a seed, members from the directory have:  source: directory_sync")
    return Exit.DONE


def _parsed(body: str | None) -> Any:  # noqa: ANN401 - any JSON
    if body is None:
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise UsageError(f"the body is not JSON: {error}", """Write it like '{"role": "admin"}'.""") from None
