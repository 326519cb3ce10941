"""What run records prove about the present: the commit that a workspace was last made to match, and which run last set
an object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from beamctl.apply.record import Record, Run, State
from beamctl.apply.record_reader import UnreadableRecordError, read_record
from beamctl.plan.change import ChangeId, Reason
from beamctl.plan.three_way import LastSet
from beamctl.runs.folder import RecordFolder
from beamctl.runs.last_run import LARGEST

_COMPLETE = frozenset({State.DONE, State.DEFERRED})
"""The states of changes after which an apply has nothing left to do."""
_UNSURE = frozenset({State.UNKNOWN, State.FAILED, State.UNCONFIRMED})
"""The states of changes that may have been made."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the records of one workspace show.

    Attributes:
        complete: The last run that made every change of a full plan; None if there is none.
        last_set: By change, the last run that set the object, unless a later one may have.
    """

    complete: Run | None = None
    last_set: Mapping[ChangeId, LastSet] = field(default_factory=dict)


def evidence_of(folder: RecordFolder, workspace: str, api: str) -> Evidence:
    """Read all records of one workspace. Those that cannot be read prove nothing.

    Raises:
        UsageError: The folder of records cannot be used.
    """
    complete: Run | None = None
    found: dict[ChangeId, LastSet] = {}
    for record in _records(folder, workspace, api):
        undoes = any(change.reason is Reason.UNDOES for change in record.changes)
        states = {record.state(change) for change in record.changes}
        is_whole = record.only is None and not undoes
        if record.ended and not record.interrupted and states <= _COMPLETE and is_whole:
            complete = record.run
            found = {key: replace(each, is_current=False) for key, each in found.items()}
        for change in record.changes:
            state = record.state(change)
            if state in _UNSURE:
                found.pop(change.id, None)
            elif state is State.DONE and record.made(change):
                run = record.run
                found[change.id] = LastSet(run.id, run.at, run.commit, change.after, undoes)
    return Evidence(complete, found)


def _records(folder: RecordFolder, workspace: str, api: str) -> Iterator[Record]:
    """The records of a workspace, oldest first."""
    for name in folder.names():
        if f"-{workspace}-" not in name or folder.storage.is_being_written(name):
            continue
        try:
            record = read_record(folder.storage.beginning(name, LARGEST))
        except UnreadableRecordError:
            continue
        if (record.workspace, record.api) == (workspace, api):
            yield record
