"""What the next plan needs from the records of earlier runs. Without records, the modules that read them are not
imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from beamctl.plan.change import ChangeId
from beamctl.plan.comparison import Interrupted, Withdrawn
from beamctl.plan.guards import Declared
from beamctl.runs.folder import RecordFolder
from beamctl.runs.storage import RecordStorage

LARGEST = 64 * 1024 * 1024
"""Maximum bytes that are read of a record."""
BEGINNING = 65536
"""Bytes that contain the head of a record, unless its guards are very long."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last recorded run in a workspace, finished or not.

    Attributes:
        left: The number of resources it left, by kind; empty if not recorded.
        declared: What its document declared; None if not recorded.
        interrupted: Changes that this and earlier runs left unfinished.
        resent: By kind and key, how often something was resent since it was first sent.
        deferred: By kind and key, the desired state of a change that was last deferred.
        withdrawn: By kind and key, what was last reverted because it granted more than requested.
    """

    left: Mapping[str, int] = field(default_factory=dict)
    declared: Declared | None = None
    interrupted: tuple[Interrupted, ...] = ()
    resent: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    deferred: Mapping[ChangeId, Mapping[str, Any]] = field(default_factory=dict)
    withdrawn: Mapping[ChangeId, Withdrawn] = field(default_factory=dict)


class LastRuns:
    """The last run in each workspace. The folder is listed once, because it has records of all of them."""

    def __init__(self, folder: RecordFolder) -> None:
        self._folder = folder

    def of(self, workspace: str, api: str) -> LastRun:
        """What the next plan needs from the records, from the newest that contain it.

        Raises:
            UsageError: The folder cannot be used.
        """
        names = self.names(workspace)
        return _last_run(self._folder.storage, names, workspace, api) if names else LastRun()

    def names(self, workspace: str) -> Sequence[str]:
        """The records that may be about a workspace, newest first."""
        return self._by_part.get(workspace, ())

    @cached_property
    def _by_part(self) -> Mapping[str, list[str]]:
        """The same by everything that is between two hyphens of a name: workspaces have hyphens too."""
        found: dict[str, list[str]] = {}
        for name in reversed(self._folder.names()):
            parts = name.split("-")
            ends = range(1, len(parts))
            for part in {"-".join(parts[start:end]) for end in ends for start in range(1, end)}:
                found.setdefault(part, []).append(name)
        return found


def last_run(folder: RecordFolder, workspace: str, api: str) -> LastRun:
    """The same for one workspace."""
    return LastRuns(folder).of(workspace, api)


def _last_run(storage: RecordStorage, names: Sequence[str], workspace: str, api: str) -> LastRun:
    from beamctl.apply.history import History, interrupted
    from beamctl.apply.summary import declared_by, is_head, left_of

    def content_of(name: str) -> bytes:
        return storage.beginning(name, LARGEST)

    def declared(name: str) -> Declared | None:
        """What a run declared. Reads only the beginning of the record, if that is enough."""
        beginning = storage.beginning(name, BEGINNING)
        is_complete = len(beginning) < BEGINNING or is_head(beginning)
        return declared_by(beginning if is_complete else content_of(name), workspace, api)

    def contents() -> Iterator[bytes]:
        for name in reversed(names):
            if not storage.is_being_written(name):  # a run in progress is not interrupted
                content = content_of(name)
                history.add(content)
                yield content

    history = History(workspace, api)
    left = (found for name in names if (found := left_of(content_of(name), workspace, api)) is not None)
    recorded = (guards for name in names if (guards := declared(name)) is not None)
    unfinished = interrupted(contents(), workspace, api)
    return LastRun(
        next(left, {}), next(recorded, None), unfinished, history.resent, history.deferred, history.withdrawn
    )
