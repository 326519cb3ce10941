"""The log of requests: kept in memory, as many as fit, and written as JSON lines where that is wanted. It must not know
how a request is answered; everything that reaches it may be read by anybody."""

from __future__ import annotations

import json
import logging
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from beamctl.emulator.errors import EmulatorError

MOST_KEPT = 10_000
STANDARD_ERROR = 2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    Attributes:
        number: Which one it was, from 1; None for one that is not below `/v0`.
        time: When it arrived, by the clock of the control plane, as the API writes moments.
        method: The method.
        path: The path and query, without secrets.
        who: An e-mail address, `service account CLIENT-ID`, `operator` or `nobody`; None where nobody has looked: a
            route that needs no credential, or none at all, or a fault that came before.
        workspace: The name of the workspace it was about; None where it was about none, or none that there is.
        status: The status that was sent; None where no answer was sent.
        faults: The faults on demand that hit it, as they are written.
    """

    number: int | None
    time: str
    method: str
    path: str
    who: str | None
    workspace: str | None
    status: int | None
    faults: tuple[str, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """The entry as JSON has it."""
        return {
            "number": self.number,
            "time": self.time,
            "method": self.method,
            "path": self.path,
            "who": self.who,
            "workspace": self.workspace,
            "status": self.status,
            "faults": list(self.faults),
        }


class RequestLog:
    """The last requests. Safe to use from several threads."""

    def __init__(self, write: Callable[[bytes], object] | None = None, most: int = MOST_KEPT) -> None:
        """Begins empty.

        Args:
            write: Takes one line at a time; None where nothing is to be written.
            most: How many requests are kept.
        """
        self._write = write
        self._entries: deque[Entry] = deque(maxlen=most)
        self._lock = Lock()
        self._complained = False

    def add(self, entry: Entry) -> None:
        """Keeps an entry and writes it. That it cannot be written is said once, and is no error."""
        line = json.dumps(entry.fields, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            self._entries.append(entry)
            if self._write is None:
                return
            try:
                self._write(line)
            except (OSError, ValueError) as error:  # a full disk, a reader that went away, a file closed at the end
                if not self._complained:
                    _log.warning("the log of requests cannot be written: %s", error)
                self._complained = True

    def entries(self) -> list[Entry]:
        """What is kept, in the order in which the requests were answered."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Forgets what is kept. The numbers go on, and what was written stays."""
        with self._lock:
            self._entries.clear()


class LogFile:
    """A file to which lines are added, each in one piece, so that several processes may share it.

    Its owner alone can read one that is made.
    """

    def __init__(self, path: Path | None) -> None:
        """Opens it.

        Args:
            path: The file, which is made where there is none; None for standard error.

        Raises:
            EmulatorError: It cannot be opened for writing.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            self._descriptor = os.dup(STANDARD_ERROR) if path is None else os.open(path, flags, 0o600)
        except OSError as error:
            shown = "standard error" if path is None else path
            raise EmulatorError(f"the log of requests cannot be written to {shown}: {error.strerror}") from error

    def write(self, line: bytes) -> None:
        """Adds a line.

        Raises:
            OSError: It cannot be written.
        """
        os.write(self._descriptor, line)

    def close(self) -> None:
        """Closes the file; a line that comes later is lost."""
        descriptor, self._descriptor = self._descriptor, -1  # what is written from now on must not reach another file
        os.close(descriptor)
