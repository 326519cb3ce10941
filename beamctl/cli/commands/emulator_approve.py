"""`beamctl emulator approve`: approve or deny a device login without a browser."""

from __future__ import annotations

from pathlib import Path

import click

from beamctl.cli.commands import local
from beamctl.cli.commands.emulator_seed import database_option
from beamctl.cli.exits import Exit
from beamctl.cli.help import Command
from beamctl.errors import UsageError
from beamctl.model.text import printable


@click.command(
    "approve",
    cls=Command,
    examples=("beamctl emulator approve WDJB-MJHT --as ada@example.com", "beamctl emulator approve WDJB-MJHT --deny"),
)
@click.argument("user_code", metavar="USER-CODE")
@click.option("--as", "email", metavar="E-MAIL", help="The user who logs in. A new user is signed up first.")
@click.option("--deny", is_flag=True, help="Deny the login instead.")
@database_option
def command(user_code: str, email: str | None, deny: bool, database: Path) -> int:  # noqa: FBT001 - click's flag
    """Approve the login of a device (`bl login`) that shows USER-CODE."""
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
