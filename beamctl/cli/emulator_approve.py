"""`beamctl emulator approve`: finish a login that a device began, without a browser. It must not know how a login is
kept, nor what the device may do then."""

from __future__ import annotations

from pathlib import Path

import click

from beamctl.cli import local
from beamctl.cli.emulator_seed import database_option
from beamctl.cli.exits import Exit
from beamctl.errors import UsageError
from beamctl.model.text import printable


@click.command(
    "approve",
    epilog="\b\nbeamctl emulator approve WDJB-MJHT --as ada@example.com\nbeamctl emulator approve WDJB-MJHT --deny",
)
@click.argument("user_code", metavar="USER-CODE")
@click.option("--as", "email", metavar="E-MAIL", help="Who logs in; somebody new signs up first.")
@click.option("--deny", is_flag=True, help="Turn the device away instead.")
@database_option
def command(user_code: str, email: str | None, deny: bool, database: Path) -> int:  # noqa: FBT001 - click's flag
    """Approve the login of a device (`bl login`) that shows USER-CODE."""
    if deny == (email is not None):
        raise UsageError("say who logs in, or that nobody does", "Use either --as E-MAIL or --deny.")
    if not database.exists():
        raise UsageError(f"{database} does not exist", "Make one:  beamctl emulator seed FILE")
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
        raise UsageError(str(error), "Use the code that the device shows now; if it expired, log in again.") from None
    click.echo("Denied." if email is None else f"Approved: the device acts as {printable(email)} from now on.")
    return Exit.DONE
