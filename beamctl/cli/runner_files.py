"""`--report github`: writes to the files that the runner of GitHub Actions names, and annotations to its log."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from beamctl.cli.actions_log import in_actions, write_commands
from beamctl.cli.output import Output
from beamctl.errors import UsageError
from beamctl.system.files import append_to_file

if TYPE_CHECKING:
    from beamctl.report.data import ReportData

_SUMMARY, _OUTPUTS = "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"
_DISK = "Check the disk of the runner, and that this is a file."
_LEAST = 4 * 1024
"""Bytes that must be free in the summary: enough for a verdict and some names."""


@dataclass(frozen=True, slots=True)
class RunnerFiles:
    """The files of the current step.

    Attributes:
        summary: Markdown that is shown on the page of the run.
        outputs: Names and values for later steps.
    """

    summary: Path
    outputs: Path

    def room(self) -> int:
        """The bytes that are free in the summary.

        Raises:
            UsageError: There are too few.
        """
        from beamctl.report.github import LARGEST_SUMMARY

        left = LARGEST_SUMMARY - (self.summary.stat().st_size if self.summary.exists() else 0)
        if left < _LEAST:
            message = (
                f"--report github: the step summary is full: {max(left, 0):,} of {LARGEST_SUMMARY:,} bytes are left"
            )
            raise UsageError(message, "Run beamctl in a step of its own: every step has its own summary.")
        return left


def runner_files(environment: Mapping[str, str] = os.environ) -> RunnerFiles:
    """The files of the current step.

    Raises:
        UsageError: This is not a step of GitHub Actions, or a file cannot be written.
    """
    missing = [name for name in (_SUMMARY, _OUTPUTS) if not environment.get(name)]
    if not in_actions() or missing:
        what = f"{missing[0]} is not set" if in_actions() else "GITHUB_ACTIONS is not `true`"
        hint = "Elsewhere, name a format and a file, such as --report markdown=plan.md."
        raise UsageError(f"--report github: this is not a step of GitHub Actions: {what}", hint)
    found = _named(environment)
    for name, path in ((_SUMMARY, found.summary), (_OUTPUTS, found.outputs)):
        target = path if path.exists() else path.parent
        if (path.exists() and not path.is_file()) or not os.access(target, os.W_OK):
            hint = "The runner creates this file. In a container, mount its directory."
            raise UsageError(f"--report github: {name} names {path}, which is not a writable file", hint)
    found.room()
    return found


def write_to_runner(data: ReportData, out: Output) -> None:
    """Add to the summary and the outputs, and print annotations.

    Raises:
        UsageError: A file cannot be written. The others were.
    """
    from beamctl.report.github import annotation_lines

    files, failed = _named(os.environ), []
    for write in (_write_summary, _write_outputs) if data.workspaces else (_write_outputs,):
        try:
            write(files, data)
        except UsageError as error:
            failed.append(error)
    write_commands(annotation_lines(data), is_data=out.json)
    if failed:
        raise failed[0]


def _named(environment: Mapping[str, str]) -> RunnerFiles:
    return RunnerFiles(Path(environment[_SUMMARY]), Path(environment[_OUTPUTS]))


def _write_summary(files: RunnerFiles, data: ReportData) -> None:
    from beamctl.report.markdown import rendered

    before = b"" if _ends_with_line(files.summary) else b"\n\n"
    room = files.room() - len(before)
    summary = rendered(data, room).encode()
    if len(summary) > room:
        message = f"--report github: the summary needs {len(summary):,} bytes, and {room:,} are left"
        raise UsageError(message, "Write a report to a file, such as --report json=plan.json, and upload it.")
    append_to_file(files.summary, before + summary, _DISK)


def _write_outputs(files: RunnerFiles, data: ReportData) -> None:
    from beamctl.report.github import outputs

    lines = "".join(f"{name}={value}\n" for name, value in outputs(data).items())
    append_to_file(files.outputs, (b"" if _ends_with_line(files.outputs) else b"\n") + lines.encode(), _DISK)


def _ends_with_line(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() == b"\n"
    except OSError:  # it is empty or does not exist
        return True
