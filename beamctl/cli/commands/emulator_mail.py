"""`beamctl emulator mail`: list the e-mails that the emulator sent, and show the newest."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from beamctl.cli.commands import local
from beamctl.cli.commands.emulator_seed import database_option
from beamctl.cli.exits import Exit
from beamctl.cli.options import PathType
from beamctl.errors import UsageError
from beamctl.model.text import printable

if TYPE_CHECKING:
    from beamctl.emulator.mail.received import Received

_MOST = 20
"""How many e-mails are listed."""

mail_option = click.option(
    "--mail",
    metavar="DIR",
    type=PathType(file_okay=False),
    show_default=f"{local.MAIL}/ next to the database",
    help="The maildir that receives e-mails.",
)


@click.command("mail")
@click.option("--to", metavar="E-MAIL", help="Only e-mails to this address.")
@mail_option
@database_option
def command(to: str | None, mail: Path | None, database: Path) -> int:
    """List the e-mails that were sent, and show the newest with its link."""
    from beamctl.emulator import received_letters

    folder = mail or local.maildir(database)
    try:
        emails = received_letters(folder, to)
        shown = _email_text(emails[-1]) if emails else ()
    except OSError as error:
        raise UsageError(
            f"cannot read {folder}: {error.strerror or error}", "Name another folder with --mail."
        ) from None
    for line in (*_list(emails, folder, to), *shown):
        click.echo(printable(line))
    return Exit.DONE


def command_to_read(mail: Path | None, database: Path) -> str:
    """The command that reads the e-mails of an emulator."""
    command = "beamctl emulator mail"
    if mail:
        return f"{command} --mail {shlex.quote(str(mail))}"
    return command if database == local.DATABASE else f"{command} --db {shlex.quote(str(database))}"


def _list(emails: list[Received], folder: Path, to: str | None) -> list[str]:
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


def _email_text(email: Received) -> list[str]:
    headers = [f"To:       {email.to}", f"Subject:  {email.subject}", f"File:     {email.path}"]
    text = email.text().splitlines() or ["(This e-mail has no plain text.)"]
    return ["", *headers, "", *text, "", "(Links work while the emulator is running:  beamctl emulator serve)"]


def _date(email: Received) -> str:
    return f"{email.date:%Y-%m-%d %H:%M}" if email.date else " " * 16
