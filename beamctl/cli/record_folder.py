"""The folder of run records, and which of its files count. A record decides what a later plan refuses, so a folder that
a pull request can change is not used."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from beamctl.cli.git import repository_of
from beamctl.cli.machine_clock import moment
from beamctl.cli.output import Output
from beamctl.cli.run_names import stamp_of
from beamctl.errors import RecordError, UsageError

FOLDER = Path(".beamctl") / "runs"
"""Where records are kept unless `--record` says otherwise, below the current directory."""
SUFFIX = ".jsonl"

FUTURE = "its name is dated in the future"
_ELSEWHERE = "Or name a folder outside the repository with --record."
_AHEAD = timedelta(minutes=5)
"""How far the clock of another machine may be ahead."""
_MOST_NOTES = 3


class RecordFolder:
    """The run records of one command. What git tracks is asked at most once."""

    def __init__(self, named: Path | None = None) -> None:
        """Args:
        named: The folder that `--record` names; None for the default one.
        """
        self.named = named
        self.path = named or FOLDER
        self._tracked: frozenset[str] | None = None

    def paths(self) -> list[Path]:
        """The records that count, the oldest first, as their names sort.

        Raises:
            UsageError: The folder cannot be read, a pull request may have changed it, or the clock cannot be right.
        """
        latest = stamp_of(moment() + _AHEAD)
        return [path for path in self._files() if path.stem <= latest]

    def from_the_future(self) -> list[Path]:
        """The files that do not count because their names are dated in the future.

        Raises:
            UsageError: As for `paths`.
        """
        latest = stamp_of(moment() + _AHEAD)
        return [path for path in self._files() if path.stem > latest]

    def refuse_links(self) -> None:
        """Refuse to write to a default folder that leads elsewhere: no one chose that place.

        Raises:
            RecordError: The folder, or the one that holds it, is a symbolic link.
        """
        if link := self._link():
            raise RecordError(f"{link} is a symbolic link, which a checkout may bring along")

    def keep_out_of_git(self) -> None:
        """Have git ignore the default folder: records name people, and are not for the repository."""
        if self.named is None:
            with suppress(FileExistsError), (FOLDER.parent / ".gitignore").open("x", encoding="utf-8") as ignore:
                ignore.write("*\n")

    def _files(self) -> list[Path]:
        """Each file that is named like a record. Where one may not be ours, none is used and nothing is planned: to
        leave it out would be to plan as if less had been recorded."""
        try:
            found = sorted(path for path in self.path.iterdir() if path.suffix == SUFFIX)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            why = f"cannot read {self.path}: {error.strerror or error}"
            raise UsageError(why, "Name another one with --record.") from None
        if found:
            self._refuse_foreign(found)
        return found

    def _refuse_foreign(self, found: Sequence[Path]) -> None:
        if link := self._link():
            raise UsageError(f"{link} is a symbolic link, which a pull request may have added", _ELSEWHERE)
        if self._tracked is None:
            real = self.path.resolve()
            repository = repository_of(real)
            tracked = repository.tracked(real, SUFFIX) if repository else frozenset[str]()
            if isinstance(tracked, str):
                why = f"cannot tell whether git tracks the run records in {self.path}: git {tracked}"
                raise UsageError(why, _ELSEWHERE)
            self._tracked = tracked
        for path in found:
            if path.name.casefold() in self._tracked:
                why = f"the run record {path} is tracked by git, so a pull request may have added it"
                raise UsageError(why, f"Remove it from the repository with `git rm --cached`, and commit. {_ELSEWHERE}")

    def _link(self) -> Path | None:
        places = (FOLDER.parent, FOLDER) if self.named is None else ()
        return next((place for place in places if place.is_symlink()), None)


def note_ignored(records: RecordFolder, out: Output) -> None:
    """Say which files are not used as records. That the folder cannot be used is left to what needs it."""
    with suppress(UsageError):
        ignored = records.from_the_future()
        for path in ignored[:_MOST_NOTES]:
            out.talk(f"Note: {path} is not used as a run record: {FUTURE}.")
        if more := len(ignored[_MOST_NOTES:]):
            out.talk(f"Note: {more} more files in {records.path} are not used as run records.")
