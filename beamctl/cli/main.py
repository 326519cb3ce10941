"""The `beamctl` command: imports and runs a subcommand, and turns exceptions into a message and an exit code."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from copy import copy
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from beamctl import __version__
from beamctl.cli.actions_log import actions_streams
from beamctl.cli.exits import Exit
from beamctl.cli.help import BeamctlGroup
from beamctl.cli.output import Output, open_streams
from beamctl.errors import UsageError
from beamctl.secrets.redaction import OutputRedaction

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "validate": "Check documents, without a credential or a network.",
    "plan": "Show the changes needed to make a workspace match its document.",
    "apply": "Show the changes a document or a saved plan makes to a workspace, then make them.",
    "drift": "Report differences between a workspace and its document.",
    "merge-reports": "Join the JSON reports of all shards of a run.",
    "comment": "Post a Markdown report as a comment on the pull request of this CI run, or update the earlier comment.",
    "runs": "List recorded applies, newest first, or show one with all its changes.",
    "undo": "Show the changes that would undo a run, and what cannot be undone.",
    "show": "Show workspaces as they are now: settings, members, service accounts, policies and more.",
    "where": "Find where people have access, live and declared, and through which groups.",
    "offboard": "Remove people from all documents, and show the plan that follows.",
    "export": "Write a live workspace as a document.",
    "init": "Write a first document from the live workspace, with CI files and .gitignore.",
    "destroy": "Delete a workspace and everything in it, after showing what would be deleted.",
    "demo": "Run a guided demo on this machine.",
    "completion": "Print a script that completes commands, options, workspaces and e-mail addresses.",
    "emulator": "Run an emulator of the API locally, to learn, to teach or to test a pipeline.",
}
"""Each subcommand with the first line of its help, so that `--help` does not import them."""


_MAY_BE_EMPTY = "body"
"""An argument of `emulator call`, which reports an empty body itself."""


class LazyGroup(BeamctlGroup):
    """A group that imports its commands on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All commands, in the order in which they are usually learned."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"beamctl.cli.commands.{cmd_name.replace('-', '_')}").command
        return _refusing_empty(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Complete the commands without importing them."""
        from click.shell_completion import CompletionItem

        found = [CompletionItem(name, help=line) for name, line in COMMANDS.items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest a similar one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            suggestion = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{suggestion}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    examples=("beamctl demo", "beamctl export -w acme > beamctl.yaml", "beamctl plan", "beamctl apply --help"),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="beamctl %(version)s")
def beamctl() -> None:
    """Access as code for Beamlit (Blaxel) workspaces.

    Access is declared in a YAML file. `plan` compares it with the live workspace, and `apply` makes the changes.
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code. All exceptions are handled."""
    open_streams()
    if instruction := os.environ.get("_BEAMCTL_COMPLETE"):  # set by the scripts of `beamctl completion`
        from beamctl.cli.completion import answer

        return answer(beamctl, instruction)
    with actions_streams():
        out = Output(OutputRedaction(_own_secrets))
        try:
            code = beamctl.main(args=list(arguments), prog_name="beamctl", standalone_mode=False, obj=out)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - reported by beamctl, not by Python
            return out.report(error)
        return code if isinstance(code, int) else Exit.DONE


def _own_secrets() -> Iterator[str]:
    """The credentials and passwords in the environment, and the URLs of notifications."""
    from beamctl.api.credential import environment_secrets

    yield from environment_secrets(os.environ)
    if urls := os.environ.get("BEAMCTL_NOTIFY"):
        from beamctl.api.notifier import secrets_of_url

        yield from (secret for url in urls.split() for secret in secrets_of_url(url))


def _refusing_empty(command: click.Command) -> click.Command:
    """A copy of a command and its subcommands that refuses empty values."""
    copied = copy(command)
    if isinstance(copied, click.Group):
        copied.commands = {name: _refusing_empty(each) for name, each in copied.commands.items()}
    elif (callback := copied.callback) is not None:

        def refusing(**given: Any) -> Any:  # noqa: ANN401 - whatever the command takes and returns
            context = click.get_current_context()
            out: Output = context.obj
            try:
                _refuse_empty(context)
            except UsageError as error:
                return out.for_options(given.get("output", "text")).report(error)
            return callback(**given)

        copied.callback = refusing
    return copied


def _refuse_empty(context: click.Context) -> None:
    """Refuse an empty option or argument, which is almost always an unset variable.

    Raises:
        UsageError: A value is empty.
    """
    for parameter in context.command.params:
        name = parameter.name or ""
        value = context.params.get(name)
        is_given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_given and name != _MAY_BE_EMPTY and "" in (value if isinstance(value, tuple) else (value,)):
            is_option = isinstance(parameter, click.Option)
            shown = max(parameter.opts, key=len) if is_option else parameter.human_readable_name.strip("[].")
            raise UsageError(f"{shown} is empty", "Check that the variable it comes from is set.")
