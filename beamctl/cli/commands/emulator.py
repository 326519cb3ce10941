"""`beamctl emulator`: load a seed, call the API as a user, read e-mails, approve logins, synchronize with the
directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from beamctl.cli.commands import emulator_serve, local
from beamctl.cli.commands.emulator_serve import database_option, mail_option
from beamctl.cli.commands.local import load, read_seed
from beamctl.cli.exits import Exit
from beamctl.cli.help import BeamctlCommand, BeamctlGroup
from beamctl.errors import UsageError
from beamctl.model.text import printable

if TYPE_CHECKING:
    from beamctl.emulator.mail.maildir import ReceivedEmail

_MOST = 20
"""How many e-mails are listed."""


@click.group(
    "emulator",
    cls=BeamctlGroup,
    examples=(
        "beamctl emulator seed seed.yaml",
        "beamctl show -w acme --api-url local",
        "beamctl emulator serve --seed seed.yaml",
    ),
)
def command() -> None:
    """Run an emulator of the API locally, to learn, to teach or to test a pipeline."""
    local.require_emulator()


command.add_command(emulator_serve.command)


@command.command("seed", cls=BeamctlCommand, examples=("beamctl emulator seed seed.yaml",))
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
    cls=BeamctlCommand,
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
    """Call the API as a user.

    For example, accept an invitation, or make a change outside beamctl.
    """
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


@command.command("sync", cls=BeamctlCommand, examples=("beamctl emulator sync",))
@database_option
def sync_command(database: Path) -> int:
    """Re-add directory members who were removed or left."""
    from beamctl.emulator import synchronize_directory

    if not database.exists():
        raise UsageError(f"{database} does not exist", "Create it:  beamctl emulator seed FILE")
    back = synchronize_directory(local.opened(database))
    for email, workspace in back:
        click.echo(f"{printable(email)} is back in {printable(workspace)}.")
    if not back:
        click.echo("No one was missing. In a seed, members from the directory have:  source: directory_sync")
    return Exit.DONE


@command.command(
    "approve",
    cls=BeamctlCommand,
    examples=(
        "beamctl emulator approve WDJB-MJHT --as ada@example.com",
        "beamctl emulator approve WDJB-MJHT --deny",
    ),
)
@click.argument("user_code", metavar="USER-CODE")
@click.option("--as", "email", metavar="E-MAIL", help="The user who logs in. A new user is signed up first.")
@click.option("--deny", is_flag=True, help="Deny the login instead.")
@database_option
def approve_command(user_code: str, email: str | None, deny: bool, database: Path) -> int:  # noqa: FBT001 - click's flag
    """Approve the device login (`bl login`) that shows USER-CODE."""
    if deny == (email is not None):
        raise UsageError("the login must be either approved or denied", "Use either --as E-MAIL or --deny.")
    if not database.exists():
        raise UsageError(f"{database} does not exist", "Create it:  beamctl emulator seed FILE")
    from beamctl.emulator import EmulatorError, NoAddressError, approve_login, deny_login

    app = local.opened(database)
    try:
        if email is None:
            deny_login(app, user_code)
        else:
            approve_login(app, user_code, email)
    except NoAddressError as error:
        raise UsageError(f"--as: {error}", "Write it like --as kim@example.com.") from None
    except EmulatorError as error:
        raise UsageError(str(error), "Use the code that the device shows now. If it expired, log in again.") from None
    click.echo("Denied." if email is None else f"Approved: the device is now logged in as {printable(email)}.")
    return Exit.DONE


@command.command(
    "mail", cls=BeamctlCommand, examples=("beamctl emulator mail", "beamctl emulator mail --to kim@example.com")
)
@click.option("--to", metavar="E-MAIL", help="Only e-mails to this address.")
@mail_option
@database_option
def mail_command(to: str | None, mail: Path | None, database: Path) -> int:
    """List the e-mails that were sent, and show the newest."""
    from beamctl.emulator import received_emails

    folder = mail or local.maildir(database)
    try:
        emails = received_emails(folder, to)
        shown = _email_text(emails[-1]) if emails else ()
    except OSError as error:
        raise UsageError(
            f"cannot read {folder}: {error.strerror or error}", "Name another folder with --mail."
        ) from None
    for line in (*_list(emails, folder, to), *shown):
        click.echo(printable(line))
    return Exit.DONE


def _list(emails: list[ReceivedEmail], folder: Path, to: str | None) -> list[str]:
    addressed = f" to {to}" if to else ""
    if not emails:
        return [f"No e-mail{addressed} in {folder}. Invitations send one; those in a seed do not."]
    count = "1 e-mail" if len(emails) == 1 else f"{len(emails)} e-mails"
    left_out = len(emails) - _MOST
    return [
        f"{count}{addressed} in {folder}{', the newest last' if len(emails) > 1 else ''}:",
        "",
        *([f"  … {left_out} older"] if left_out > 0 else []),
        *(f"  {_date(email)}  {email.to}  {email.subject}" for email in emails[-_MOST:]),
    ]


def _email_text(email: ReceivedEmail) -> list[str]:
    headers = [f"To:       {email.to}", f"Subject:  {email.subject}", f"File:     {email.path}"]
    text = email.text().splitlines() or ["(This e-mail has no plain text.)"]
    return ["", *headers, "", *text, "", "(Links work while the emulator is running:  beamctl emulator serve)"]


def _date(email: ReceivedEmail) -> str:
    return f"{email.date:%Y-%m-%d %H:%M}" if email.date else " " * 16


def _parsed(body: str | None) -> Any:  # noqa: ANN401 - any JSON
    if body is None:
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise UsageError(f"the body is not JSON: {error}", """Write it like '{"role": "admin"}'.""") from None
