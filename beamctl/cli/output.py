"""Writes results to standard output and everything else to standard error."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TextIO

import click

from beamctl.cli.exits import error_report
from beamctl.errors import BeamctlError, DocumentError
from beamctl.model.text import visible
from beamctl.report.style import Style
from beamctl.secrets.output_redaction import OUTPUT_REDACTION


class UnwritableError(BeamctlError):
    """Standard output cannot be written, for example because the disk is full."""


@dataclass(frozen=True, slots=True)
class Output:
    """The output of one command.

    Attributes:
        json: Whether results are JSON.
        quiet: Whether to print only results.
        style: The colors of results.
    """

    json: bool
    quiet: bool
    style: Style

    def result(self, text: str, *, is_error: bool = False) -> None:
        """Write a result to standard output. A closed pipe (`| head`) is not an error.

        Args:
            text: The result.
            is_error: Whether it reports an error and may quote input.

        Raises:
            UnwritableError: It cannot be written. Later output is discarded.
        """
        if OUTPUT_REDACTION.reports_short_secret() and not self.quiet:
            print_stderr(
                "Note: a credential or password has fewer than 8 characters and is too short to be hidden in output."
            )
        hidden = OUTPUT_REDACTION.redact_error if is_error else OUTPUT_REDACTION.redact
        try:
            click.echo(visible(hidden(text, json=self.json)), nl=False, color=True)
        except BrokenPipeError:
            _to_nowhere(sys.stdout)
        except OSError as error:
            _to_nowhere(sys.stdout)
            raise UnwritableError(f"cannot write the output: {error.strerror or error}") from None

    def info(self, text: str) -> None:
        """Write a notice to standard error, unless `quiet`."""
        if not self.quiet:
            print_error(text)


def print_stderr(text: str, *, nl: bool = True) -> None:
    """Write to standard error. A failed write is ignored."""
    try:
        click.echo(visible(OUTPUT_REDACTION.redact(text)), nl=nl, err=True, color=True)
    except OSError:
        _to_nowhere(sys.stderr)


def print_error(text: str) -> None:
    """Write an error, which may quote any input, to standard error."""
    print_stderr(OUTPUT_REDACTION.redact_error(text))


def open_streams() -> None:
    """Prepare the standard streams: none is closed (`>&-`, which Python represents as None), each accepts every
    character, and no secrets of an earlier run are remembered."""
    OUTPUT_REDACTION.renew()
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _to_nowhere(stream: TextIO) -> None:
    with suppress(OSError):  # the final flush must not fail too
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def output_of(output: str, *, no_color: bool, quiet: bool) -> Output:
    """The output for the given options and terminal."""
    colour = (
        not no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    )
    return Output(json=output == "json", quiet=quiet, style=Style(colour=colour))


def errors_in_format(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a command with `--output` report errors as JSON too, in the one object it prints."""

    @functools.wraps(function)
    def in_format(*args: Any, output: str, **options: Any) -> Any:  # noqa: ANN401 - whatever the command takes
        try:
            return function(*args, output=output, **options)
        except (Exception, KeyboardInterrupt) as error:
            if output == "json":
                Output(json=True, quiet=True, style=Style()).result(_error_json(error), is_error=True)
            raise

    return in_format


def _error_json(error: BaseException) -> str:
    from beamctl.report.json_report import error_json, problems_json

    if isinstance(error, DocumentError):
        return problems_json(error.problems, 0)
    report = error_report(error)
    return error_json(report.message, report.hint, report.code)
