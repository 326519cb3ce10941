"""Help pages: options in groups, and examples at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Group(StrEnum):
    """The groups of options, in the order in which they are shown."""

    DOCUMENTS = "Documents"
    SAFETY = "Safety"
    OUTPUT = "Output"
    CONNECTION = "Connection"


_PATHS = {"FILE": "file", "DIR": "dir"}
"""How shells call the values with these placeholders."""


class GroupedOption(click.Option):
    """An option that is listed under the heading of its group."""

    def __init__(self, *args: Any, group: Group, **attributes: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(*args, **attributes)
        self.group = group

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """What a shell offers as the value. Files and directories are found by the shell itself."""
        kind = _PATHS.get(self.metavar or "")
        if kind is None:
            return super().shell_complete(ctx, incomplete)
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type=kind)]


def option(group: Group, *names: str, **attributes: Any) -> Decorator:  # noqa: ANN401 - click's
    """`click.option` in a group."""
    return click.option(*names, cls=GroupedOption, group=group, **attributes)


class WithExamples(click.Command):
    """A command whose help ends with examples.

    Attributes:
        examples: Command lines that can be pasted.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **attributes: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(*args, **attributes)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the examples, unwrapped."""
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


class BeamctlGroup(WithExamples, click.Group):
    """A group of commands whose help ends with examples."""


class BeamctlCommand(WithExamples):
    """A command whose help lists its options by group."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, each group under its heading; those without a group last."""
        found: dict[Group | None, list[tuple[str, str]]] = {group: [] for group in (*Group, None)}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx)):
                found[parameter.group if isinstance(parameter, GroupedOption) else None].append(record)
        for group, records in found.items():
            if records:
                with formatter.section(group or "Options"):
                    formatter.write_dl(records)


def combined(*decorators: Decorator) -> Decorator:
    """Several decorators as one, in the order in which they would be written."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate
