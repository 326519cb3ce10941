"""Writes the record of one run. Each line is written at once, so that it survives a crash of this process."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from beamctl.apply.record import Event, event_line, last_line
from beamctl.errors import RecordError
from beamctl.model.secret import RecordRedactor
from beamctl.plan.plan import Plan


class RecordFile:
    """The record of a run in progress. Thread-safe."""

    def __init__(self, path: Path, plan: Plan, redactor: RecordRedactor) -> None:
        self._redactor = redactor
        self._path = path
        self._plan = plan
        self._lock = threading.Lock()
        self._full = ""
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        _lock(self._descriptor, shared=False)

    def write(self, line: str) -> None:
        """Append a line, which then survives a crash of this process.

        Raises:
            RecordError: This or an earlier line could not be written. Nothing may follow an incomplete line.
        """
        left = self._redactor.redact(line, json=True).encode()
        with self._lock:
            try:
                while left and not self._full:
                    left = left[os.write(self._descriptor, left) :]
            except OSError as error:
                self._full = f"the record {self._path} cannot be written: {error.strerror or error}"
            if self._full:
                raise RecordError(self._full, "Free some space, or name another directory with --record.")

    def on_event(self, event: Event) -> None:
        """Record an event.

        Raises:
            RecordError: It cannot be written.
        """
        self.write(event_line(self._plan, event, now()))

    def end(self, events: Sequence[Event], *, interrupted: bool) -> None:
        """Record the end of the run and close the file.

        Raises:
            RecordError: It cannot be written.
        """
        try:
            self.write(last_line(self._plan, events, now(), interrupted=interrupted))
        finally:
            os.close(self._descriptor)

    def discard(self) -> None:
        """Delete the record of a run that did not start."""
        os.close(self._descriptor)
        with suppress(OSError):
            self._path.unlink()


def is_being_written(path: Path) -> bool:
    """Whether a run on this machine is still writing the record. Always false on systems without `flock`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    try:
        return not _lock(descriptor, shared=True)
    finally:
        os.close(descriptor)


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


def now() -> str:
    """The current time in the format of records."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
