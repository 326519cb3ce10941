"""Creates and finds run records, one file for each run and workspace."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from beamctl.apply.record import Record, Run, first_line
from beamctl.apply.record_reader import UnreadableRecordError, read_record
from beamctl.apply.summary import Summary, summary_of
from beamctl.errors import RecordError, UsageError
from beamctl.model.secret import RecordRedactor
from beamctl.plan.plan import Plan
from beamctl.runs.commit import actor
from beamctl.runs.file import RecordFile, now
from beamctl.runs.folder import FUTURE, SUFFIX, RecordFolder, next_stamp, run_name, same_apply
from beamctl.runs.last_run import BEGINNING, LARGEST, content_of
from beamctl.system.clock import current_time
from beamctl.system.files import read_file

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to create.

    Attributes:
        plan: The plan to apply.
        commit: The commit of its documents; empty if there is none.
        digest: The digest of the plan.
    """

    plan: Plan
    commit: str
    digest: str


@dataclass(frozen=True, slots=True)
class PendingRecord:
    """A record whose file does not exist yet.

    Attributes:
        name: The name of the run.
    """

    folder: RecordFolder
    name: str
    due: NewRecord
    redactor: RecordRedactor

    def open(self) -> RecordFile:
        """Create the file and write its first line, before anything is changed.

        Raises:
            UsageError: It cannot be written or would contain a secret; nothing was changed.
        """
        run = Run(self.name, now(), actor(), self.due.commit, self.due.digest)
        line = self.redactor.require_no_secrets(first_line(run, self.due.plan), "the record of this run")
        record = None
        try:
            record = RecordFile(self.folder.path / f"{self.name}{SUFFIX}", self.due.plan, self.redactor)
            record.write(line)
        except (OSError, RecordError) as error:
            if record is not None:
                record.discard()
            raise _unwritable(self.folder, [self.due], error) from None
        return record


def new_records(folder: RecordFolder, due: Sequence[NewRecord], redactor: RecordRedactor) -> list[PendingRecord]:
    """The records of the runs of one apply, which share their time and ID. Each file is created when its run begins, so
    that few are open at a time.

    Raises:
        UsageError: The folder cannot be used; nothing was changed.
    """
    try:
        folder.refuse_links()
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.keep_out_of_git()
        stamp, mark = next_stamp(current_time(), [path.stem for path in folder.paths()]), secrets.token_hex(3)
    except (OSError, RecordError) as error:
        raise _unwritable(folder, due, error) from None
    return [PendingRecord(folder, run_name(stamp, each.plan.workspace, mark), each, redactor) for each in due]


def _unwritable(folder: RecordFolder, due: Sequence[NewRecord], error: OSError | RecordError) -> UsageError:
    why = error.message if isinstance(error, RecordError) else f"{folder.path}: {error.strerror or error}"
    so = ", so nothing was changed" if any(each.plan.changes for each in due) else ""
    hint = "Name a writable directory:  beamctl apply --record DIR"
    return UsageError(f"the record of this run cannot be written{so}: {why}", hint)


def applied_before(folder: RecordFolder, workspace: str, digest: str) -> str:
    """The run that applied, or began to apply, a saved plan to a workspace; empty if none is recorded."""
    for path in folder.paths():
        if f"-{workspace}-" not in path.name or digest.encode() not in content_of(path, BEGINNING):
            continue
        with suppress(UnreadableRecordError):
            found = summary_of(content_of(path))
            if (found.run.plan_digest, found.workspace) == (digest, workspace) and found.begun:
                return found.run.id
    return ""


def count_records(folder: RecordFolder) -> int:
    """The number of records."""
    return len(folder.paths())


def records(folder: RecordFolder, read: Callable[[bytes], T]) -> Iterator[tuple[str, T | str]]:
    """The name of each run, newest first, with its record parsed by `read`, or why it cannot be read."""
    for path in reversed(folder.paths()):
        try:
            yield path.stem, read(read_file(path, LARGEST))
        except UnreadableRecordError as error:
            yield path.stem, str(error)
        except UsageError as error:
            yield path.stem, error.message


def made_with(folder: RecordFolder, record: Record) -> list[Summary]:
    """The runs in other workspaces that the same apply made or may have made."""
    found = []
    for path in folder.paths():
        if same_apply(path.stem, record.run.id, record.workspace):
            with suppress(UnreadableRecordError):
                found.append(summary_of(content_of(path)))
    return [each for each in found if each.begun and each.workspace != record.workspace]


def find_record(folder: RecordFolder, name: str, *, with_changes: bool = False) -> Record:
    """Find the record of a run by its name or the start of its name; `last` is the newest.

    Args:
        folder: The run records.
        name: The name, its start, or `last`.
        with_changes: Whether `last` skips runs without changes.

    Raises:
        UsageError: There is none, there are several, or it cannot be read.
    """
    paths = folder.paths()
    if name == "last" and with_changes:
        paths = list(islice((path for path in reversed(paths) if not _is_empty(path)), 1))
    found = paths[-1:] if name == "last" else [path for path in paths if path.stem == name]
    found = found or [path for path in paths if name and path.stem.startswith(name)]
    see = "See:  beamctl runs" + (f" --record {folder.named}" if folder.named else "")
    if not found:
        for path in folder.from_the_future():
            if name and path.stem.startswith(name):
                hint = "Delete the file, or name the directory of your own records with --record."
                raise UsageError(f"{path} is not used as a run record: {FUTURE}", hint)
        if name == "last":
            which = "no apply with changes" if with_changes else "no apply"
            raise UsageError(f"{which} is recorded in {folder.path}", "Name another directory with --record.")
        raise UsageError(f"no run {name!r} is recorded in {folder.path}", see)
    if len(found) > 1:
        raise UsageError(f"{len(found)} runs begin with {name!r}", see)
    try:
        return read_record(read_file(found[0], LARGEST))
    except UnreadableRecordError as error:
        raise UsageError(f"{found[0]} cannot be read: {error}") from None


def _is_empty(path: Path) -> bool:
    """Whether the run had no changes."""
    try:
        return not summary_of(content_of(path)).counts
    except UnreadableRecordError:
        return False
