"""The `beamctl` command: finds the subcommand, runs it, and turns what it raises into words and an exit code.
Subcommands are imported only when they are asked for; it must not know what any of them does."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from importlib import import_module
from typing import Any

import click
from click.core import ParameterSource

from beamctl import __version__
from beamctl.cli.exits import Exit, told
from beamctl.cli.output import complain, errors_in_format, open_streams
from beamctl.errors import DocumentError, UsageError

COMMANDS = {
    "validate": "Check documents, with no credential and no network.",
    "plan": "Show the changes that would make a workspace what its document says.",
    "apply": "Make a workspace what its document or a saved plan says, after showing the changes.",
    "drift": "Tell what stands in a workspace that its document does not say.",
    "runs": "List the applies that were recorded here, the last first; or show one with all its changes.",
    "undo": "Show the changes that would undo a run, and what of it cannot be undone.",
    "show": "Show a workspace as it is now: settings, members, machines, policies and the like.",
    "export": "Write a live workspace as a document, of which a plan is empty.",
    "destroy": "Delete a workspace and everything in it, after showing what would be lost.",
    "demo": "See it work, on this machine, in a new directory.",
    "emulator": "Run the control plane locally: to learn, to teach, to test a pipeline.",
}
"""Every subcommand with the first line of its help, so that `--help` imports none of them."""


_MAY_BE_EMPTY = "body"
"""An argument of `emulator call`, which says more about it."""


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
        return _refusing_empty(command)

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
    open_streams()
    try:
        code = beamctl.main(args=list(arguments), prog_name="beamctl", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - nothing is left to Python
        return _tell(error)
    return code if isinstance(code, int) else Exit.DONE


def _refusing_empty(command: click.Command) -> click.Command:
    """A copy of a command, and of those it consists of, that first refuses empty values."""
    copied = copy(command)
    if isinstance(copied, click.Group):
        copied.commands = {name: _refusing_empty(each) for name, each in copied.commands.items()}
    elif (callback := copied.callback) is not None:

        def refusing(**given: Any) -> Any:  # noqa: ANN401 - whatever the command takes and returns
            _refuse_empty(click.get_current_context(), output=given.get("output", "text"))
            return callback(**given)

        copied.callback = refusing
    return copied


@errors_in_format
def _refuse_empty(context: click.Context, *, output: str) -> None:  # noqa: ARG001 - `errors_in_format` reads it
    """Refuse an option or argument that is empty, which is nearly always a variable that is not set.

    Raises:
        UsageError: One is.
    """
    for parameter in context.command.params:
        name = parameter.name or ""
        value = context.params.get(name)
        is_given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_given and name != _MAY_BE_EMPTY and "" in (value if isinstance(value, tuple) else (value,)):
            is_option = isinstance(parameter, click.Option)
            shown = max(parameter.opts, key=len) if is_option else parameter.human_readable_name.strip("[]")
            raise UsageError(f"{shown} is empty", "Is a variable not set?")


def _tell(error: BaseException) -> Exit:
    match error:
        case click.exceptions.NoArgsIsHelpError():
            error.show()
            return Exit.WRONG_INPUT
        case click.ClickException():
            return _said(error.format_message(), _see_help(error), Exit.WRONG_INPUT)
        case click.Abort():  # click's word for KeyboardInterrupt
            error = KeyboardInterrupt()
        case DocumentError():
            from beamctl.report.text.problems import problems_text

            complain(problems_text(error.problems, compared=error.compared).removesuffix("\n"))
            return told(error).code
        case _:
            pass
    what = told(error)
    return _said(what.message, what.hint, what.code)


def _said(message: str, hint: str, code: Exit) -> Exit:
    from beamctl.model.text import printable

    complain("\n".join([f"Error: {printable(message)}", *(f"  {printable(line)}" for line in hint.splitlines())]))
    return code


def _see_help(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    if context is None:
        return ""
    see = f"See: {context.command_path} --help"
    takes_files = any(parameter.name == "files" for parameter in context.command.params)
    if takes_files and "unexpected extra argument" in error.format_message():
        return f"Documents are named with -f:  {context.command_path} -f FILE\n{see}"
    return see
