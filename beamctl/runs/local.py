"""Run records in a local folder, one file each.

Records decide what later plans refuse, so a folder that a pull request can change is not used.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from beamctl.errors import RecordError, UsageError
from beamctl.runs.storage import SUFFIX
from beamctl.system.files import read_beginning, read_file, replace_file

FOLDER = Path(".beamctl") / "runs"
"""The default folder, relative to the current directory."""
_ELSEWHERE = "Or name a folder outside the repository with --record."
_HINT = "Name a writable directory with --record."


class LocalStorage:
    """The folder. git is asked for tracked files at most once."""

    def __init__(self, named: Path | None) -> None:
        self._is_default = named is None
        self.folder = named or FOLDER
        self.where = str(self.folder)
        self._tracked: frozenset[str] | None = None

    def names(self) -> Sequence[str]:
        """The names of all records, sorted.

        If one of them may come from someone else, none is used and nothing is planned. Skipping it would make plans as
        if less had been recorded.
        """
        try:
            found = sorted(path for path in self.folder.iterdir() if path.suffix == SUFFIX)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            why = f"cannot read {self.folder}: {error.strerror or error}"
            raise UsageError(why, "Name another one with --record.") from None
        if found:
            self._refuse_foreign(found, "run record")
        return [path.stem for path in found]

    def read(self, name: str, largest: int) -> bytes:
        """A record."""
        return read_file(self._path(name), largest)

    def beginning(self, name: str, most: int) -> bytes:
        """The first bytes of a record; empty if it cannot be read, as if there were no record."""
        try:
            return read_beginning(self._path(name), most)
        except UsageError:
            return b""

    def is_being_written(self, name: str) -> bool:
        """Whether a run on this machine is still writing. Always false on systems without `flock`."""
        try:
            descriptor = os.open(self._path(name), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except OSError:
            return False
        try:
            return not _lock(descriptor, shared=True)
        finally:
            os.close(descriptor)

    def prepare(self) -> None:
        """Create the folder.

        The default folder must not be a symbolic link, because the user did not choose its target, and git ignores it:
        records name people and do not belong in the repository.
        """
        if link := self._link():
            raise RecordError(f"{link} is a symbolic link, which may come from a checkout")
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._is_default:
            with suppress(FileExistsError), (FOLDER.parent / ".gitignore").open("x", encoding="utf-8") as ignore:
                ignore.write("*\n")

    def create(self, name: str, head: bytes) -> LocalWriter:
        """Create a record with its first line."""
        writer = LocalWriter(self._path(name))
        try:
            writer.append(head, durable=True)
        except RecordError:
            writer.discard()
            raise
        return writer

    def claim(self, key: str, run: str) -> str:  # noqa: ARG002 - on one machine, the records are enough
        """Nothing to reserve: the record of a run shows which saved plan it applied."""
        return ""

    def release(self, key: str) -> None:
        """Nothing was reserved."""

    def read_note(self, name: str, largest: int) -> bytes | None:
        """A file next to the records. A pull request could silence an alarm with it."""
        path = self.folder / name
        if not path.exists():
            return None
        self._refuse_foreign([path], "file")
        return read_file(path, largest)

    def write_note(self, name: str, text: str, what: str) -> None:
        """Replace a file next to the records."""
        try:
            self.prepare()
        except RecordError as error:
            raise UsageError(error.message, _HINT) from None
        except OSError as error:
            raise UsageError(f"cannot write to {self.folder}: {error.strerror or error}", _HINT) from None
        replace_file(self.folder / name, text, what, _HINT)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def _refuse_foreign(self, found: Sequence[Path], what: str) -> None:
        """Refuse files in the folder that may come from someone else.

        Raises:
            UsageError: git tracks one of them, or cannot say; or the default folder is a symbolic link.
        """
        if link := self._link():
            raise UsageError(f"{link} is a symbolic link, which a pull request may have added", _ELSEWHERE)
        if self._tracked is None:
            from beamctl.system.git import repository_of

            real = self.folder.resolve()
            repository = repository_of(real)
            tracked = repository.tracked(real, "") if repository else frozenset[str]()
            if isinstance(tracked, str):
                why = f"cannot tell whether git tracks the run records in {self.folder}: git {tracked}"
                raise UsageError(why, _ELSEWHERE)
            self._tracked = tracked
        for path in found:
            if path.name.casefold() in self._tracked:
                why = f"the {what} {path} is tracked by git, so a pull request may have added it"
                raise UsageError(why, f"Remove it from the repository with `git rm --cached` and commit. {_ELSEWHERE}")

    def _link(self) -> Path | None:
        folders = (FOLDER.parent, FOLDER) if self._is_default else ()
        return next((folder for folder in folders if folder.is_symlink()), None)


class LocalWriter:
    """Writes a file. Each line is written at once, so that it survives a crash of this process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._full = ""
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        _lock(self._descriptor, shared=False)

    def append(self, content: bytes, *, durable: bool) -> None:  # noqa: ARG002 - everything is
        """Add to the end."""
        left = content
        with self._lock:
            try:
                while left and not self._full:
                    left = left[os.write(self._descriptor, left) :]
            except OSError as error:
                self._full = f"the record {self._path} cannot be written: {error.strerror or error}"
            if self._full:
                raise RecordError(self._full, "Free some space, or name another directory with --record.")

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def discard(self) -> None:
        """Delete the record of a run that did not start."""
        os.close(self._descriptor)
        with suppress(OSError):
            self._path.unlink()


def _lock(descriptor: int, *, shared: bool) -> bool:
    """Lock a file until it is closed or this process ends. Returns false if another process holds the lock."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # the file system does not support locks
        return True
    return True
