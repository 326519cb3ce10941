"""Creates and finds run records, one file for each run and workspace."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from beamctl.apply.record import Record, Run, first_line
from beamctl.apply.record_reader import UnreadableRecordError, read_record
from beamctl.apply.summary import Summary, summary_of
from beamctl.errors import RecordError, StalePlanError, UsageError
from beamctl.model.secret import RecordRedactor
from beamctl.model.text import printable
from beamctl.plan.plan import Plan
from beamctl.runs.commit import actor
from beamctl.runs.file import RecordFile, now
from beamctl.runs.folder import FUTURE, RecordFolder, next_stamp, run_name, same_apply
from beamctl.runs.last_run import BEGINNING, LARGEST
from beamctl.system.clock import current_time

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to create.

    Attributes:
        plan: The plan to apply.
        commit: The commit of its documents; empty if there is none.
        digest: The digest of the plan.
        once: Whether it may be applied only once: it was saved.
    """

    plan: Plan
    commit: str
    digest: str
    once: bool = False


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
            StalePlanError: Another run has begun to apply the saved plan.
        """
        storage = self.folder.storage
        run = Run(self.name, now(), actor(), self.due.commit, self.due.digest)
        line = self.redactor.require_no_secrets(first_line(run, self.due.plan), "the record of this run")
        key = f"{self.due.digest.rpartition(':')[2]}-{self.due.plan.workspace}" if self.due.once else ""
        try:
            if key and (other := storage.claim(key, self.name)):  # of two runs at once, only one applies a saved plan
                why = f"the saved plan of {self.due.plan.workspace} was already applied, in the run {printable(other)}"
                raise StalePlanError(why, "Make and review a new plan:  beamctl plan --out FILE")
            return RecordFile(storage, self.name, line, self.due.plan, self.redactor)
        except (OSError, RecordError) as error:
            if key:
                storage.release(key)
            raise _unwritable(self.folder, [self.due], error) from None


def new_records(folder: RecordFolder, due: Sequence[NewRecord], redactor: RecordRedactor) -> list[PendingRecord]:
    """The records of the runs of one apply, which share their time and ID. Each file is created when its run begins, so
    that few are open at a time.

    Raises:
        UsageError: The folder cannot be used; nothing was changed.
    """
    try:
        folder.storage.prepare()
        stamp, mark = next_stamp(current_time(), folder.names()), secrets.token_hex(3)
    except (OSError, RecordError) as error:
        raise _unwritable(folder, due, error) from None
    return [PendingRecord(folder, run_name(stamp, each.plan.workspace, mark), each, redactor) for each in due]


def _unwritable(folder: RecordFolder, due: Sequence[NewRecord], error: OSError | RecordError) -> UsageError:
    why = error.message if isinstance(error, RecordError) else f"{folder.storage.where}: {error.strerror or error}"
    so = ", so nothing was changed" if any(each.plan.changes for each in due) else ""
    hint = "Name a writable directory:  beamctl apply --record DIR"
    return UsageError(f"the record of this run cannot be written{so}: {why}", hint)


def applied_before(folder: RecordFolder, workspace: str, digest: str) -> str:
    """The run that applied, or began to apply, a saved plan to a workspace; empty if none is recorded."""
    for name in folder.names():
        if f"-{workspace}-" not in name or digest.encode() not in folder.storage.beginning(name, BEGINNING):
            continue
        with suppress(UnreadableRecordError):
            found = summary_of(folder.storage.beginning(name, LARGEST))
            if (found.run.plan_digest, found.workspace) == (digest, workspace) and found.begun:
                return found.run.id
    return ""


def count_records(folder: RecordFolder) -> int:
    """The number of records."""
    return len(folder.names())


def records(folder: RecordFolder, read: Callable[[bytes], T]) -> Iterator[tuple[str, T | str]]:
    """The name of each run, newest first, with its record parsed by `read`, or why it cannot be read."""
    for name in reversed(folder.names()):
        try:
            yield name, read(folder.storage.read(name, LARGEST))
        except UnreadableRecordError as error:
            yield name, str(error)
        except UsageError as error:
            yield name, error.message


def made_with(folder: RecordFolder, record: Record) -> list[Summary]:
    """The runs in other workspaces that the same apply made or may have made."""
    found = []
    for name in folder.names():
        if same_apply(name, record.run.id, record.workspace):
            with suppress(UnreadableRecordError):
                found.append(summary_of(folder.storage.beginning(name, LARGEST)))
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
    names, where = folder.names(), folder.storage.where
    if name == "last" and with_changes:
        names = list(islice((each for each in reversed(names) if not _is_empty(folder, each)), 1))
    found = names[-1:] if name == "last" else [each for each in names if each == name]
    found = found or [each for each in names if name and each.startswith(name)]
    see = "See:  beamctl runs" + (f" --record {folder.named}" if folder.named else "")
    if not found:
        for each in folder.from_the_future():
            if name and each.startswith(name):
                hint = "Delete the file, or name the directory of your own records with --record."
                raise UsageError(f"{folder.address(each)} is not used as a run record: {FUTURE}", hint)
        if name == "last":
            which = "no apply with changes" if with_changes else "no apply"
            raise UsageError(f"{which} is recorded in {where}", "Name another directory with --record.")
        raise UsageError(f"no run {name!r} is recorded in {where}", see)
    if len(found) > 1:
        raise UsageError(f"{len(found)} runs begin with {name!r}", see)
    try:
        return read_record(folder.storage.read(found[0], LARGEST))
    except UnreadableRecordError as error:
        raise UsageError(f"{folder.address(found[0])} cannot be read: {error}") from None


def _is_empty(folder: RecordFolder, name: str) -> bool:
    """Whether the run had no changes."""
    try:
        return not summary_of(folder.storage.beginning(name, LARGEST)).counts
    except UnreadableRecordError:
        return False
