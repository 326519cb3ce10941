"""`beamctl emulator mail`: the letters that the local control plane wrote, for people without a mail program. It must
not know how a letter came to be."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from beamctl.cli import local
from beamctl.cli.emulator_seed import database_option
from beamctl.cli.exits import Exit
from beamctl.cli.options import PathType
from beamctl.errors import UsageError
from beamctl.model.text import printable

if TYPE_CHECKING:
    from beamctl.emulator.mail.received import Received

_MOST = 20
"""How many letters are listed."""

mail_option = click.option(
    "--mail",
    metavar="DIR",
    type=PathType(file_okay=False),
    show_default=f"{local.MAIL}/ beside the database",
    help="The maildir with the letters to people.",
)


@click.command("mail")
@click.option("--to", metavar="E-MAIL", help="Only the letters to this address.")
@mail_option
@database_option
def command(to: str | None, mail: Path | None, database: Path) -> int:
    """List the letters to people, and show the newest with its link."""
    from beamctl.emulator import received_letters

    folder = mail or local.maildir(database)
    try:
        letters = received_letters(folder, to)
        shown = _letter(letters[-1]) if letters else ()
    except OSError as error:
        raise UsageError(
            f"cannot read {folder}: {error.strerror or error}", "Name another folder with --mail."
        ) from None
    for line in (*_list(letters, folder, to), *shown):
        click.echo(printable(line))
    return Exit.DONE


def command_to_read(mail: Path | None, database: Path) -> str:
    """What to type to read the letters of a control plane."""
    typed = "beamctl emulator mail"
    if mail:
        return f"{typed} --mail {shlex.quote(str(mail))}"
    return typed if database == local.DATABASE else f"{typed} --db {shlex.quote(str(database))}"


def _list(letters: list[Received], folder: Path, to: str | None) -> list[str]:
    whose = f" to {to}" if to else ""
    if not letters:
        return [f"No letter{whose} in {folder}. Whoever is invited gets one; the invitations of a seed have none."]
    count = "1 letter" if len(letters) == 1 else f"{len(letters)} letters"
    left_out = len(letters) - _MOST
    return [
        f"{count}{whose} in {folder}{', the newest last' if len(letters) > 1 else ''}:",
        "",
        *([f"  … {left_out} older"] if left_out > 0 else []),
        *(f"  {_date(letter)}  {letter.to}  {letter.subject}" for letter in letters[-_MOST:]),
    ]


def _letter(letter: Received) -> list[str]:
    heads = [f"To:       {letter.to}", f"Subject:  {letter.subject}", f"File:     {letter.path}"]
    text = letter.text().splitlines() or ["(It holds no plain text.)"]
    return ["", *heads, "", *text, "", "(A link opens while the control plane is served:  beamctl emulator serve)"]


def _date(letter: Received) -> str:
    return f"{letter.date:%Y-%m-%d %H:%M}" if letter.date else " " * 16
