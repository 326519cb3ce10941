"""The record of one run, while it is written: each line outlives this process. It must not know what is in a line, nor
where records are kept: `apply.record` and `run_records` do."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from beamctl.apply.event import Event
from beamctl.apply.record import event_line, last_line
from beamctl.cli.output_redaction import VEIL
from beamctl.errors import RecordError
from beamctl.plan.plan import Plan


class RecordFile:
    """The record of one run, while it is written. Safe to use from several threads."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self._path = path
        self._plan = plan
        self._lock = threading.Lock()
        self._full = ""
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        _lock(self._descriptor, shared=False)

    def write(self, line: str) -> None:
        """Append a line; when this returns, it outlives this process.

        Raises:
            RecordError: It cannot be written, or one before could not: half a line must stay the last one.
        """
        left = VEIL.over(line, json=True).encode()
        with self._lock:
            try:
                while left and not self._full:
                    left = left[os.write(self._descriptor, left) :]
            except OSError as error:
                self._full = f"the record {self._path} cannot be written: {error.strerror or error}"
            if self._full:
                raise RecordError(self._full, "Make room, or name another directory with --record.")

    def witness(self, event: Event) -> None:
        """Keep an event, as `apply.lanes.Means` wants it.

        Raises:
            RecordError: It cannot be written.
        """
        self.write(event_line(self._plan, event, now()))

    def end(self, events: Sequence[Event], *, interrupted: bool) -> None:
        """Keep how the run ended.

        Raises:
            RecordError: It cannot be written.
        """
        try:
            self.write(last_line(self._plan, events, now(), interrupted=interrupted))
        finally:
            os.close(self._descriptor)

    def discard(self) -> None:
        """Leave no trace of a run that was never begun."""
        os.close(self._descriptor)
        with suppress(OSError):
            self._path.unlink()


def is_being_written(path: Path) -> bool:
    """Whether a run on this machine still writes a record; never where the system has no locks of this kind."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    try:
        return not _lock(descriptor, shared=True)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, *, shared: bool) -> bool:
    """Lock a file until it is closed, at the latest at the end of this process; false if another process has it."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def now() -> str:
    """The time, as records have it."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
