"""The `beamctl` command: finds the subcommand, runs it, and turns what it raises into words and an exit code.
Subcommands are imported only when they are asked for; it must not know what any of them does."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from beamctl import __version__
from beamctl.cli.exits import Exit, exit_of
from beamctl.errors import BeamctlError, DocumentError

COMMANDS = {
    "validate": "Check documents, with no credential and no network.",
    "plan": "Show the changes that would make a workspace what its document says.",
    "apply": "Make these changes, after showing them.",
    "drift": "Tell what stands in a workspace that its document does not say.",
    "show": "Show a workspace as it is now.",
    "demo": "See it work, on this machine, in a new directory.",
    "emulator": "Run the control plane locally.",
}
"""Every subcommand with the first line of its help, so that `--help` imports none of them."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All commands, in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"beamctl.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may be meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{meant}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="beamctl %(version)s")
def beamctl() -> None:
    """Access as code for Beamlit (Blaxel) workspaces.

    Who may do what stands in a YAML file; `plan` shows what differs from the live workspace, `apply` makes it so.
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command line and give its exit code. Nothing it raises is left to Python."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(arguments)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the last flush does not fail too
        return Exit.ERROR


def _run(arguments: Sequence[str]) -> int:
    try:
        code = beamctl.main(args=list(arguments), prog_name="beamctl", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        return _tell(error)
    return code if isinstance(code, int) else Exit.DONE


def _tell(error: BaseException) -> Exit:
    match error:
        case click.exceptions.NoArgsIsHelpError():
            error.show()
            return Exit.WRONG_INPUT
        case click.ClickException():
            return _said(error.format_message(), _see_help(error), Exit.WRONG_INPUT)
        case click.Abort() | KeyboardInterrupt():
            return _said("interrupted", "", Exit.INTERRUPTED)
        case DocumentError():
            from beamctl.report.text.problems import problems_text

            click.echo(problems_text(error.problems), err=True, nl=False)
            return exit_of(error)
        case BeamctlError():
            return _said(error.message, error.hint, exit_of(error))
        case _:  # the last net: a bug must not print values, which may be secret
            spot = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} at {Path(spot.filename).name}:{spot.lineno}"
            return _said(f"beamctl has a bug: {where}", "Please report this line and the command.", Exit.ERROR)


def _said(message: str, hint: str, code: Exit) -> Exit:
    from beamctl.model.text import printable

    lines = [f"Error: {printable(message)}"] + [f"  {printable(line)}" for line in hint.splitlines()]
    click.echo("\n".join(lines), err=True)
    return code


def _see_help(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"See: {context.command_path} --help" if context is not None else ""
