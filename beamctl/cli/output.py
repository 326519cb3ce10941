"""Where text goes: payload to standard output, talk to standard error; and whether colours are wanted.
It must not know what is said."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from beamctl.cli.exits import exit_of
from beamctl.errors import BeamctlError, DocumentError
from beamctl.report.style import Style


@dataclass(frozen=True, slots=True)
class Output:
    """How one command talks.

    Attributes:
        json: Whether the payload is for machines.
        quiet: Whether talk is unwelcome.
        style: The colours of the payload.
    """

    json: bool
    quiet: bool
    style: Style

    def payload(self, text: str) -> None:
        """The result: to standard output."""
        click.echo(text, nl=False, color=True)

    def talk(self, text: str) -> None:
        """Everything else: to standard error, unless it is unwelcome."""
        if not self.quiet:
            click.echo(text, err=True, color=True)


def output_of(output: str, *, no_color: bool, quiet: bool) -> Output:
    """The output that the options and the terminal ask for."""
    colour = (
        not no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    )
    return Output(json=output == "json", quiet=quiet, style=Style(colour=colour))


def errors_in_format(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a command with `--output` tell its errors to machines too, in the one JSON object it prints."""

    @functools.wraps(function)
    def told(*args: Any, output: str, **options: Any) -> Any:  # noqa: ANN401 - whatever the command takes
        try:
            return function(*args, output=output, **options)
        except BeamctlError as error:
            if output == "json":
                click.echo(_error_json(error), nl=False)
            raise

    return told


def _error_json(error: BeamctlError) -> str:
    from beamctl.report.as_json import error_json, problems_json

    if isinstance(error, DocumentError):
        return problems_json(error.problems, 0)
    return error_json(error.message, error.hint, exit_of(error))
