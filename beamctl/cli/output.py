"""Writes results to standard output and everything else to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, TextIO

import click

from beamctl.cli.actions_log import inert_json, write_data, write_exactly
from beamctl.cli.exits import ErrorReport, Exit, error_report, exit_of, worst
from beamctl.errors import (
    DocumentError,
    UnwritableError,
    UsageError,
)
from beamctl.model.text import printable, visible
from beamctl.report.style import PLAIN, SourceLines, Style
from beamctl.secrets.redaction import OutputRedaction

if TYPE_CHECKING:
    from beamctl.report.data import WorkspaceFailure


@dataclass(frozen=True, slots=True)
class Output:
    """The output of one command.

    Attributes:
        redaction: Hides secrets in everything that is written.
        json: Whether results are JSON.
        quiet: Whether to print only results.
        style: The colors of results.
    """

    redaction: OutputRedaction
    json: bool = False
    quiet: bool = False
    style: Style = PLAIN

    def result(self, text: str, *, is_error: bool = False, is_data: bool = False, is_exact: bool = False) -> None:
        """Write a result to standard output. A closed pipe (`| head`) is not an error.

        Args:
            text: The result.
            is_error: Whether it reports an error and may quote input.
            is_data: Whether a program may read it, as with JSON, and it contains no commands of a CI runner.
            is_exact: Whether a program reads it, such as a patch: nothing is escaped, except on a terminal and in the
                log of a CI runner.

        Raises:
            UnwritableError: It cannot be written. Later output is discarded.
        """
        if self.redaction.reports_short_secret():
            self.info(
                "Note: a secret or credential has fewer than 8 characters and is too short to be hidden in output."
            )
        hidden = self.redaction.redact_error if is_error else self.redaction.redact
        try:
            shown = hidden(text, json=self.json)
            if is_exact and not sys.stdout.isatty():
                write_exactly(shown)
            elif self.json or is_data:
                write_data(inert_json(visible(shown)) if self.json else visible(shown))
            else:
                click.echo(visible(shown), nl=False, color=True)
        except BrokenPipeError:
            _to_nowhere(sys.stdout)
        except OSError as error:
            _to_nowhere(sys.stdout)
            raise UnwritableError(f"cannot write the output: {error.strerror or error}") from None

    def info(self, text: str) -> None:
        """Write a notice to standard error, unless `quiet`."""
        if not self.quiet:
            self.error(text)

    def say(self, text: str, *, nl: bool = True) -> None:
        """Write to standard error, even if `quiet`. A failed write is ignored."""
        try:
            click.echo(visible(self.redaction.redact(text)), nl=nl, err=True, color=True)
        except OSError:
            _to_nowhere(sys.stderr)

    def error(self, text: str) -> None:
        """Write an error, which may quote any input, to standard error."""
        self.say(self.redaction.redact_error(text))

    def failed(self, failures: Sequence[WorkspaceFailure]) -> Exit:
        """Say what failed in which workspace, and return the worst exit code."""
        if failures:
            from beamctl.report.fleet_text import failures_text

            self.error(failures_text(failures, source_lines=self.source_lines(sys.stderr)).rstrip("\n"))
        return worst(Exit.DONE, *(exit_of(each.code) for each in failures))

    def for_options(self, output: str = "text", *, no_color: bool = False, quiet: bool = False) -> Output:
        """The output for the given options and this terminal."""
        is_colored = not no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty()
        style = Style(color=is_colored and os.environ.get("TERM") != "dumb")
        return replace(self, json=output == "json", quiet=quiet, style=style)

    def source_lines(self, stream: TextIO) -> SourceLines | None:
        """How a report on this stream shows the lines of documents: only on a terminal, and not with `quiet`."""
        if self.quiet or self.json or not stream.isatty():
            return None
        import shutil

        return SourceLines(shutil.get_terminal_size().columns, self.redaction.redact_error)

    def report(self, error: BaseException) -> Exit:
        """Report any exception on standard error, with `-o json` also as the result. Returns the exit code.

        Raises:
            UnwritableError: The JSON result cannot be written.
        """
        if self.json:
            replace(self, quiet=True).result(_error_json(error), is_error=True)
        match error:
            case click.exceptions.NoArgsIsHelpError():
                error.show()
                return Exit.WRONG_INPUT
            case click.ClickException():
                message = " ".join(error.format_message().split())
                return self._error(ErrorReport(message, _see_help(error), UsageError.code, Exit.WRONG_INPUT))
            case KeyboardInterrupt():
                self.say("")  # after the terminal's ^C
                return self._error(error_report(error))
            case click.Abort():  # click raises this for KeyboardInterrupt, after a line break
                return self._error(error_report(KeyboardInterrupt()))
            case DocumentError():
                from beamctl.report.problems_text import problems_text

                lines = self.source_lines(sys.stderr)
                self.error(problems_text(error.problems, compared=error.compared, source_lines=lines).rstrip("\n"))
                return error_report(error).exit_code
            case _:
                return self._error(error_report(error))

    def _error(self, report: ErrorReport) -> Exit:
        hint = (f"  {printable(line)}" for line in report.hint.splitlines())
        self.error("\n".join([f"Error: {printable(report.message)}", *hint]))
        return report.exit_code


def open_streams() -> None:
    """Prepare the standard streams: none is closed (`>&-`, which Python represents as None), and each accepts every
    character."""
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


def _error_json(error: BaseException) -> str:
    from beamctl.report.json_report import error_json, problems_json

    if isinstance(error, DocumentError):
        return problems_json(error.problems, 0)
    return error_json(**asdict(error_report(error)))


def _see_help(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    if context is None:
        return ""
    see = f"See: {context.command_path} --help"
    takes_files = any(parameter.name == "files" for parameter in context.command.params)
    if takes_files and "unexpected extra argument" in error.format_message():
        return f"To name documents, use -f:  {context.command_path} -f FILE\n{see}"
    return see
