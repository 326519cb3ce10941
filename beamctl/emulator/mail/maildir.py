"""Writes a maildir: one file per e-mail, readable by its owner only.

Python's `mailbox` creates files that others can read, syncs each to disk, and is not thread-safe, so writing (a new
file and a rename) is implemented here.
"""

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
    """A folder with `tmp`, `new` and `cur`, created with the first e-mail.

    Attributes:
        path: The folder.
    """

    path: Path

    def deliver(self, message: EmailMessage) -> None:
        """Add an e-mail to `new`, atomically.

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
        """The files, oldest first; empty if there is no maildir.

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
