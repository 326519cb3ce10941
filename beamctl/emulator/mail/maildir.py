"""A maildir: one file for each letter, for its owner only. It must not know what a letter says.

Python's own `mailbox` writes files that others may read, waits for the disk after each, and is not made for threads;
so the writing, which is a file under a new name and a rename, is here."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Maildir:
    """A folder with `tmp`, `new` and `cur`, made when the first letter comes.

    Attributes:
        path: The folder.
    """

    path: Path

    def deliver(self, message: EmailMessage) -> None:
        """Puts a letter into `new`, whole or not at all.

        Raises:
            OSError: It cannot be written.
        """
        name = f"{int(time.time())}.{uuid.uuid4().hex}.beamctl"
        content = message.as_bytes(policy=message.policy.clone(linesep="\n"))
        try:
            self._write(name, content)
        except FileNotFoundError:
            self._make()
            self._write(name, content)

    def files(self) -> list[Path]:
        """The letters that are there, the oldest first; none where there is no maildir.

        Raises:
            OSError: The folder cannot be read.
        """
        found = [entry for folder in ("new", "cur") for entry in _entries(self.path / folder) if entry.is_file()]
        return [Path(entry.path) for entry in sorted(found, key=_age)]

    def _write(self, name: str, content: bytes) -> None:
        before = self.path / "tmp" / name
        file = os.open(before, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(file, "wb") as opened:  # noqa: PTH123 - a descriptor, not a path
                opened.write(content)
            before.rename(self.path / "new" / name)
        except OSError:
            with suppress(OSError):
                before.unlink()
            raise

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self.path, *(self.path / name for name in ("tmp", "new", "cur"))):
            folder.mkdir(mode=0o700, exist_ok=True)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except FileNotFoundError:
        return []


def _age(entry: os.DirEntry[str]) -> tuple[int, str]:
    return entry.stat().st_mtime_ns, entry.name
