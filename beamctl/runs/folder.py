"""The folder of run records, and their names.

Records decide what later plans refuse, so a folder that a pull request can change is not used. A name has the start
time, the workspace and an ID of the apply. Names sort in order, even if the clock was set back.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from beamctl.errors import RecordError, UsageError
from beamctl.system.clock import current_time

FOLDER = Path(".beamctl") / "runs"
"""The default folder, relative to the current directory."""
SUFFIX = ".jsonl"

FUTURE = "its name is dated in the future"
_ELSEWHERE = "Or name a folder outside the repository with --record."
_AHEAD = timedelta(minutes=5)
"""How far another machine's clock may be ahead."""
_MOST_NOTES = 3
_STAMP = "%Y%m%dT%H%M%S%fZ"
_LENGTH = len("20261124T120000000Z")


class RecordFolder:
    """The run records of one command. git is asked for tracked files at most once."""

    def __init__(self, named: Path | None = None) -> None:
        """Use the folder that `--record` names, or the default."""
        self.named = named
        self.path = named or FOLDER
        self._tracked: frozenset[str] | None = None

    def paths(self) -> list[Path]:
        """The records that are used, oldest first.

        Raises:
            UsageError: The folder cannot be read, a pull request may have changed it, or the clock is wrong.
        """
        latest = stamp_of(current_time() + _AHEAD)
        return [path for path in self._files() if path.stem <= latest]

    def from_the_future(self) -> list[Path]:
        """The records that are not used because their names are dated in the future.

        Raises:
            UsageError: As for `paths`.
        """
        latest = stamp_of(current_time() + _AHEAD)
        return [path for path in self._files() if path.stem > latest]

    def ignored(self) -> list[str]:
        """Notes about files that are not used as records. An unusable folder is reported when it is needed."""
        try:
            future = self.from_the_future()
        except UsageError:
            return []
        notes = [f"Note: {path} is not used as a run record: {FUTURE}." for path in future[:_MOST_NOTES]]
        more = len(future[_MOST_NOTES:])
        return [*notes, f"Note: {more} more files in {self.path} are not used as run records."] if more else notes

    def refuse_links(self) -> None:
        """Refuse to write to a default folder that is a symbolic link, because the user did not choose its target.

        Raises:
            RecordError: The folder or its parent is a symbolic link.
        """
        if link := self._link():
            raise RecordError(f"{link} is a symbolic link, which may come from a checkout")

    def keep_out_of_git(self) -> None:
        """Make git ignore the default folder: records name people and do not belong in the repository."""
        if self.named is None:
            with suppress(FileExistsError), (FOLDER.parent / ".gitignore").open("x", encoding="utf-8") as ignore:
                ignore.write("*\n")

    def _files(self) -> list[Path]:
        """The files that are named like records.

        If one of them may come from someone else, none is used and nothing is planned. Skipping it would make plans as
        if less had been recorded.
        """
        try:
            found = sorted(path for path in self.path.iterdir() if path.suffix == SUFFIX)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            why = f"cannot read {self.path}: {error.strerror or error}"
            raise UsageError(why, "Name another one with --record.") from None
        if found:
            self.refuse_foreign(found, "run record")
        return found

    def refuse_foreign(self, found: Sequence[Path], what: str) -> None:
        """Refuse files in the folder that may come from someone else.

        Raises:
            UsageError: git tracks one of them, or cannot say; or the default folder is a symbolic link.
        """
        if link := self._link():
            raise UsageError(f"{link} is a symbolic link, which a pull request may have added", _ELSEWHERE)
        if self._tracked is None:
            from beamctl.system.git import repository_of

            real = self.path.resolve()
            repository = repository_of(real)
            tracked = repository.tracked(real, "") if repository else frozenset[str]()
            if isinstance(tracked, str):
                why = f"cannot tell whether git tracks the run records in {self.path}: git {tracked}"
                raise UsageError(why, _ELSEWHERE)
            self._tracked = tracked
        for path in found:
            if path.name.casefold() in self._tracked:
                why = f"the {what} {path} is tracked by git, so a pull request may have added it"
                raise UsageError(why, f"Remove it from the repository with `git rm --cached` and commit. {_ELSEWHERE}")

    def _link(self) -> Path | None:
        folders = (FOLDER.parent, FOLDER) if self.named is None else ()
        return next((folder for folder in folders if folder.is_symlink()), None)


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
