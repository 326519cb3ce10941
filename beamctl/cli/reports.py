"""The option `--report FORMAT=FILE`: writes reports to files, next to the result; `github` has files of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beamctl.cli.output import Output
from beamctl.errors import DocumentError, UsageError
from beamctl.model.text import printable
from beamctl.report.formats import FORMATS
from beamctl.system.clock import current_time
from beamctl.system.files import real_path, replace_file

if TYPE_CHECKING:
    from beamctl.report.data import ReportData, WorkspaceFailure

_HINT = f"Write it as FORMAT=FILE, such as text=plan.txt. Formats: {', '.join(FORMATS)}."


@dataclass(frozen=True, slots=True)
class ReportFile:
    """One report to write.

    Attributes:
        format: The name of the format.
        path: The file; None for the files of the CI runner.
    """

    format: str
    path: Path | None


def report_file(text: str) -> ReportFile:
    """Parse a value of `--report`.

    Raises:
        UsageError: It is not `FORMAT=FILE` with a known format.
    """
    name, has_file, file = text.partition("=")
    if name not in FORMATS:
        raise UsageError(f"--report: unknown format {printable(name)!r}", _HINT)
    if FORMATS[name].to_runner:
        if has_file:
            raise UsageError(
                f"--report {name} takes no file: it writes to the runner's", "Use markdown=FILE for a file."
            )
        return ReportFile(name, None)
    if not file or file == "-":
        raise UsageError(f"--report {printable(text)}: a report needs a file", _HINT)
    return ReportFile(name, Path(file))


def refuse_unwritable(
    reports: Sequence[ReportFile], inputs: Sequence[str], records: Path | None, saved: str | None
) -> None:
    """Refuse reports that cannot be written, before anything is read or changed.

    Args:
        reports: The reports.
        inputs: The documents, and the saved plan that is applied.
        records: The folder of run records; None if the command uses none.
        saved: The file that the plan is saved to, if any.

    Raises:
        UsageError: A file is needed for something else, is named twice, or cannot be written.
    """
    if not reports:
        return
    from beamctl.secrets.file import ReservedFiles

    reserved = ReservedFiles(documents=tuple(inputs), records=records)
    taken = {real_path(saved): "--out"} if saved else {}
    for each in reports:
        if each.path is None:
            if reports.count(each) > 1:
                raise UsageError(f"--report {each.format} is named twice", "Name it once.")
            from beamctl.cli.runner_files import runner_files

            runner_files()
            continue
        option = f"--report {each.format}={printable(str(each.path))}"
        if other := taken.get(real_path(each.path)):
            raise UsageError(f"{option}: {other} writes the same file", "Name another file.")
        taken[real_path(each.path)] = f"--report {each.format}"
        if why := reserved.why_not_to(each.path, read=True) or _why_not(each.path):
            raise UsageError(f"{option}: the file {why}", "Name another file.")


def _why_not(path: Path) -> str:
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            return "is not a regular file"
        if not path.parent.is_dir():
            return f"cannot be written: {path.parent} is not a directory"
        return "" if os.access(path.parent, os.W_OK | os.X_OK) else f"cannot be written: {path.parent} is not writable"
    except (OSError, ValueError) as error:
        return f"cannot be written: {getattr(error, 'strerror', None) or 'invalid file name'}"


def write_reports(reports: Sequence[ReportFile], data: ReportData, out: Output) -> None:
    """Write every report. Known secrets are hidden in the value that all reports are made from.

    Raises:
        UsageError: A report cannot be written. The others were.
    """
    if not reports:
        return
    folder = Path.cwd()
    redact = out.redaction.redact if data.workspaces else out.redaction.redact_error  # problems may quote any input
    shown = replace(_redacted(data, redact), made=current_time(), folder=str(folder), root=str(_root(folder)))
    failed: UsageError | None = None
    for each in reports:
        try:
            if each.path is None:
                from beamctl.cli.runner_files import write_to_runner

                write_to_runner(shown, out)
                continue
            text = FORMATS[each.format].report(shown)
            replace_file(each.path, text, f"the {each.format} report", "Name another file with --report.")
        except UsageError as error:
            failed = error
    if failed is not None:
        raise failed


@contextmanager
def problems_reported(reports: Sequence[ReportFile], out: Output) -> Iterator[None]:
    """If documents turn out to be invalid while the block runs, write the reports that can show problems."""
    try:
        yield
    except DocumentError as error:
        from beamctl.report.data import CommandName, ReportData

        formats = [name for name, each in FORMATS.items() if each.shows_problems and not each.keeps_open]
        shown = [each for each in reports if each.format in formats]
        try:
            write_reports(shown, ReportData(CommandName.PLAN, (), problems=error.problems), out)
        except UsageError as failed:  # the problems come first
            out.say(f"Error: {printable(failed.message)}")
        raise


def without_secrets(failures: Sequence[WorkspaceFailure], out: Output) -> Sequence[WorkspaceFailure]:
    """The failures of a run as all reports show them. Their messages may quote any input."""
    found: Sequence[WorkspaceFailure] = _redacted(tuple(failures), out.redaction.redact_error)
    return found


def refuse_plan_reports(reports: Sequence[ReportFile]) -> None:
    """Refuse formats that show plans only.

    Raises:
        UsageError: There is one.
    """
    known = [name for name, each in FORMATS.items() if each.shows_problems]
    if other := next((each.format for each in reports if each.format not in known), ""):
        raise UsageError(f"--report {other}: only plans have this report", f"Formats for problems: {', '.join(known)}.")


def _root(folder: Path) -> Path:
    """The top folder of the checkout, from which CI systems name files."""
    named = (os.environ.get(name) for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"))
    for root in (Path(each).resolve() for each in named if each):
        if folder.resolve().is_relative_to(root):
            return root
    from beamctl.system.git import repository_of

    repository = repository_of(folder)
    return repository.folder if repository else folder


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:  # noqa: ANN401 - any value of a report
    """The same value without known secrets in its strings."""
    from beamctl.document.document import Document

    match value:
        case Enum() | Document():
            return value
        case str():
            hidden = redact(value)
            return value if hidden == value else hidden
        case Mapping():
            return {_redacted(key, redact): _redacted(inner, redact) for key, inner in value.items()}
        case tuple() | list():
            return tuple(_redacted(inner, redact) for inner in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            inner = {each.name: _redacted(getattr(value, each.name), redact) for each in fields(value) if each.init}
            return replace(value, **inner)
        case _:
            return value
