"""Where text goes: payload to standard output, talk to standard error; and whether colours are wanted.
It must not know what is said."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TextIO

import click

from beamctl.cli.exits import told
from beamctl.cli.output_redaction import VEIL
from beamctl.errors import BeamctlError, DocumentError
from beamctl.model.text import visible
from beamctl.report.style import Style


class UnwritableError(BeamctlError):
    """Standard output takes no more: the disk is full."""


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

    def payload(self, text: str, *, complaint: bool = False) -> None:
        """The result: to standard output. A reader that went away (`| head`) changes nothing but that.

        Args:
            text: The result.
            complaint: Whether it is about something wrong, which it repeats.

        Raises:
            UnwritableError: It cannot be written. What is written after that goes nowhere.
        """
        if VEIL.has_news_of_short() and not self.quiet:
            say("Note: a credential or password that beamctl was given has under 8 characters: too short to be hidden.")
        hidden = VEIL.over_complaint if complaint else VEIL.over
        try:
            click.echo(visible(hidden(text, json=self.json)), nl=False, color=True)
        except BrokenPipeError:
            _to_nowhere(sys.stdout)
        except OSError as error:
            _to_nowhere(sys.stdout)
            raise UnwritableError(f"cannot write the output: {error.strerror or error}") from None

    def talk(self, text: str) -> None:
        """Everything else: to standard error, unless it is unwelcome."""
        if not self.quiet:
            complain(text)


def say(text: str, *, nl: bool = True) -> None:
    """Write to standard error. Nothing fails because nobody can read that."""
    try:
        click.echo(visible(VEIL.over(text)), nl=nl, err=True, color=True)
    except OSError:
        _to_nowhere(sys.stderr)


def complain(text: str) -> None:
    """Write to standard error what may repeat anything that somebody gave."""
    say(VEIL.over_complaint(text))


def open_streams() -> None:
    """See to it that no stream is closed (`>&-`), which Python calls None, that each takes every character, and that
    none shows a secret."""
    VEIL.renew()
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _to_nowhere(stream: TextIO) -> None:
    with suppress(OSError):  # what is still to be flushed must not fail too
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def output_of(output: str, *, no_color: bool, quiet: bool) -> Output:
    """The output that the options and the terminal ask for."""
    colour = (
        not no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    )
    return Output(json=output == "json", quiet=quiet, style=Style(colour=colour))


def errors_in_format(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a command with `--output` tell its errors to machines too, in the one JSON object it prints."""

    @functools.wraps(function)
    def in_format(*args: Any, output: str, **options: Any) -> Any:  # noqa: ANN401 - whatever the command takes
        try:
            return function(*args, output=output, **options)
        except (Exception, KeyboardInterrupt) as error:
            if output == "json":
                Output(json=True, quiet=True, style=Style()).payload(_error_json(error), complaint=True)
            raise

    return in_format


def _error_json(error: BaseException) -> str:
    from beamctl.report.json_report import error_json, problems_json

    if isinstance(error, DocumentError):
        return problems_json(error.problems, 0)
    what = told(error)
    return error_json(what.message, what.hint, what.code)
