"""Where text goes: payload to standard output, talk to standard error; and whether colours are wanted.
It must not know what is said."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import click

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
