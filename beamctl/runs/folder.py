"""The run records of one command, and their names.

A name has the start time, the workspace and an ID of the apply. Names sort in order, even if the clock was set back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from beamctl.errors import UsageError
from beamctl.runs.local import LocalStorage
from beamctl.runs.storage import SUFFIX, RecordStorage
from beamctl.system.clock import current_time

FUTURE = "its name is dated in the future"
_AHEAD = timedelta(minutes=5)
"""How far another machine's clock may be ahead."""
_MOST_NOTES = 3
_STAMP = "%Y%m%dT%H%M%S%fZ"
_LENGTH = len("20261124T120000000Z")
_URL = re.compile("[A-Za-z][A-Za-z0-9+.-]+://")


class RecordFolder:
    """The run records of one command.

    Attributes:
        named: The place that `--record` names, if any.
        storage: What keeps them.
    """

    def __init__(self, named: str | Path | None = None) -> None:
        """Use the folder or URL that `--record` names, or the default.

        Raises:
            UsageError: The URL is not supported, or what it needs is not installed.
        """
        self.named = None if named is None else str(named)
        self.storage = _storage(self.named)

    @property
    def path(self) -> Path | None:
        """The local folder; None if there is none."""
        return self.storage.folder

    def names(self) -> list[str]:
        """The names of the records that are used, oldest first.

        Raises:
            UsageError: They cannot be read, a pull request may have changed them, or the clock is wrong.
        """
        latest = stamp_of(current_time() + _AHEAD)
        return [name for name in self.storage.names() if name <= latest]

    def from_the_future(self) -> list[str]:
        """The records that are not used because their names are dated in the future.

        Raises:
            UsageError: As for `names`.
        """
        latest = stamp_of(current_time() + _AHEAD)
        return [name for name in self.storage.names() if name > latest]

    def address(self, name: str) -> str:
        """Where a record is, for messages."""
        return f"{self.storage.where}/{name}{SUFFIX}"

    def ignored(self) -> list[str]:
        """Notes about files that are not used as records. An unusable folder is reported when it is needed."""
        try:
            future = self.from_the_future()
        except UsageError:
            return []
        notes = [f"Note: {self.address(name)} is not used as a run record: {FUTURE}." for name in future[:_MOST_NOTES]]
        more = len(future[_MOST_NOTES:])
        where = self.storage.where
        return [*notes, f"Note: {more} more files in {where} are not used as run records."] if more else notes


def _storage(named: str | None) -> RecordStorage:
    if named is None or not _URL.match(named):
        return LocalStorage(None if named is None else Path(named))
    scheme, _, rest = named.partition("://")
    if scheme == "file":
        if not rest.startswith("/"):
            raise UsageError("--record: a file:// URL needs an absolute path", "Write it like file:///srv/records.")
        return LocalStorage(Path(rest))
    from beamctl.runs.bucket import ObjectStorage

    return ObjectStorage(scheme, rest)


def next_stamp(now: datetime, names: Sequence[str]) -> str:
    """The start of the names of an apply: the current time, or just after the newest run if that is later.

    Args:
        now: The current time, in UTC.
        names: The names of existing runs, sorted. Other names are ignored.
    """
    for name in reversed(names):
        with suppress(ValueError, OverflowError):
            stamp = name.partition("-")[0]
            newest = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
            if len(stamp) == _LENGTH:
                return stamp_of(max(now, newest + timedelta(milliseconds=1)))
    return stamp_of(now)


def stamp_of(when: datetime) -> str:
    """A time in the format of names."""
    return f"{when:%Y%m%dT%H%M%S}{when.microsecond // 1000:03}Z"


def run_name(stamp: str, workspace: str, mark: str) -> str:
    """The name of a run in one workspace."""
    return f"{stamp}-{workspace}-{mark}"


def same_apply(name: str, run: str, workspace: str) -> bool:
    """Whether `name` is another run of the same apply as `run`, which is in `workspace`."""
    stamp, _, mark = run.partition(f"-{workspace}-")
    return bool(mark) and name != run and name.startswith(f"{stamp}-") and name.endswith(f"-{mark}")
