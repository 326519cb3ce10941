"""The folder of run records, and which of its files count. A record decides what a later plan refuses, so a file that a
pull request can add is not one."""

from __future__ import annotations

from collections.abc import Iterator
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
        self._why_none = ""
        self._tracked: frozenset[str] | None = None

    def paths(self) -> list[Path]:
        """The records that count, the oldest first, as their names sort.

        Raises:
            UsageError: The folder cannot be read, or the clock cannot be right.
        """
        return [path for path, why in self._files() if not why]

    def ignored(self) -> list[tuple[Path, str]]:
        """The files that do not count as records, each with why.

        Raises:
            UsageError: As for `paths`.
        """
        return [(path, why) for path, why in self._files() if why]

    def refuse_links(self) -> None:
        """Refuse to write to a default folder that leads elsewhere: no one chose that place.

        Raises:
            RecordError: The folder, or the one that holds it, is a symbolic link.
        """
        if link := self._link():
            raise RecordError(f"{link} is a symbolic link, which a checkout may bring along")

    def keep_out_of_git(self) -> None:
        """Have git ignore the default folder: records name people, and are not for the repository."""
        if self.named is None and not (ignore := FOLDER.parent / ".gitignore").exists():
            ignore.write_text("*\n", "utf-8")

    def _files(self) -> Iterator[tuple[Path, str]]:
        """Each file that is named like a record, and why it does not count; empty if it does."""
        try:
            found = sorted(path for path in self.path.iterdir() if path.suffix == SUFFIX)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            why = f"cannot read {self.path}: {error.strerror or error}"
            raise UsageError(why, "Name another one with --record.") from None
        if not found:
            return
        if self._tracked is None:
            self._tracked, self._why_none = self._ask_git()
        latest = stamp_of(moment() + _AHEAD)
        for path in found:
            if path.name.casefold() in self._tracked:
                yield path, "git tracks it, so a pull request can have added it"
            else:
                yield path, self._why_none or ("it is dated in the future" if path.stem > latest else "")

    def _ask_git(self) -> tuple[frozenset[str], str]:
        """The names that git tracks, and why no record counts; empty if some may."""
        if link := self._link():
            return frozenset(), f"{link} is a symbolic link, which a checkout may bring along"
        real = self.path.resolve()
        repository = repository_of(real)
        names = repository.tracked(real) if repository else frozenset()
        return names or frozenset(), "" if names is not None else "git cannot be asked whether it tracks the file"

    def _link(self) -> Path | None:
        places = (FOLDER.parent, FOLDER) if self.named is None else ()
        return next((place for place in places if place.is_symlink()), None)


def note_ignored(records: RecordFolder, out: Output) -> None:
    """Say which files are not used as records. That the folder cannot be read is left to what needs it."""
    with suppress(UsageError):
        ignored = records.ignored()
        for path, why in ignored[:_MOST_NOTES]:
            out.talk(f"Note: {path} is not used as a run record: {why}.")
        if more := len(ignored[_MOST_NOTES:]):
            out.talk(f"Note: {more} more files in {records.path} are not used as run records.")
