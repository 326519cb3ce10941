"""`beamctl emulator`: fill the local control plane, and act in it as somebody. It must not know any kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from beamctl.cli import emulator_approve, emulator_mail, emulator_serve, local
from beamctl.cli.emulator_seed import database_option, load, read_seed
from beamctl.cli.exits import Exit
from beamctl.errors import UsageError
from beamctl.model.text import printable


@click.group("emulator")
def command() -> None:
    """Run the control plane locally: to learn, to teach, to test a pipeline."""
    local.require_emulator()


command.add_command(emulator_serve.command)
command.add_command(emulator_mail.command)
command.add_command(emulator_approve.command)


@command.command("seed")
@click.argument("seed_file", metavar="FILE")
@database_option
def seed_command(seed_file: str, database: Path) -> int:
    """Load a starting state from FILE (- is standard input)."""
    seed = read_seed(seed_file)
    local.opened(database)
    load(seed_file, seed, database)
    click.echo(f"Loaded {printable(seed_file)} into {printable(str(database))}.")
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
@database_option
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


@command.command("sync", epilog="\b\nbeamctl emulator sync")
@database_option
def sync_command(database: Path) -> int:
    """Synchronize with the directory: whom it wants and somebody removed, or who left, is a member again."""
    from beamctl.emulator import synchronize_directory

    if not database.exists():
        raise UsageError(f"{database} does not exist", "Make one:  beamctl emulator seed FILE")
    back = synchronize_directory(local.opened(database))
    for email, workspace in back:
        click.echo(f"{printable(email)} is back in {printable(workspace)}.")
    if not back:
        click.echo("Nobody was missing. A seed says who came by the directory:  source: directory_sync")
    return Exit.DONE


def _parsed(body: str | None) -> Any:  # noqa: ANN401 - any JSON
    if body is None:
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise UsageError(f"the body is not JSON: {error}", """Write it like '{"role": "admin"}'.""") from None
