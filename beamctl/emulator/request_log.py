"""The request log: the latest requests in memory, optionally written as JSON lines. Entries contain no secrets."""

from __future__ import annotations

import json
import logging
import os
import re
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPMethod
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

from beamctl.emulator.errors import EmulatorError

HIDDEN = "…"
_LONGEST_QUERY = 4000
_SHOWN_QUERY = {
    "limit": re.compile(r"-?\d{1,6}"),
    "sort": re.compile(r"(?:name|createdAt):(?:asc|desc)"),
    "anchor": re.compile("end"),
    "countResources": re.compile("true|false"),
    "withReason": re.compile("true|false"),
}
"""The query parameters that are logged, with the values allowed."""

MOST_KEPT = 10_000
STANDARD_ERROR = 2

_log = logging.getLogger(__name__)


def logged_method(method: str) -> str:
    """The method, if it is a standard one; a client may send anything in its place."""
    return method if method in set(HTTPMethod) else HIDDEN


def logged_query(query: str) -> str:
    """The query with its question mark; empty if there is none.

    Only pagination parameters are logged; any other could contain a secret, even in its name.
    """
    given = parse_qsl(query[:_LONGEST_QUERY], keep_blank_values=True)
    shown = [f"{name}={value}" for name, value in given if name in _SHOWN_QUERY and _SHOWN_QUERY[name].fullmatch(value)]
    rest = [HIDDEN] if len(shown) < len(given) or (query and not given) else []
    return "?" + "&".join(shown + rest) if shown or rest else ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    Attributes:
        number: Its number, from 1; None if it is not below `/v0`.
        time: When it arrived, by the control plane's clock, in the API's format.
        method: The method.
        path: The route, such as `/v0/users/<path:who>`, and the pagination parameters of the query.
        who: An e-mail address, `service account CLIENT-ID`, `operator` or `nobody`; None if the caller was not checked:
            an open route, an unknown route, or a fault that came first.
        workspace: The name of its workspace; None if it has none or the workspace does not exist.
        status: The status sent; None if there was no response.
        faults: The injected faults, as they are written.
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
        """The entry as JSON."""
        return {**asdict(self), "faults": list(self.faults)}


class RequestLog:
    """The latest requests. Thread-safe."""

    def __init__(self, write: Callable[[bytes], object] | None = None, most: int = MOST_KEPT) -> None:
        """Start an empty log.

        Args:
            write: Receives one line at a time; None to write nothing.
            most: How many requests are kept.
        """
        self._write = write
        self._entries: deque[Entry] = deque(maxlen=most)
        self._lock = Lock()
        self._complained = False

    def add(self, entry: Entry) -> None:
        """Add an entry and write it. A failed write is logged once and is not an error."""
        line = json.dumps(entry.fields, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            self._entries.append(entry)
            if self._write is None:
                return
            try:
                self._write(line)
            except (OSError, ValueError) as error:  # a full disk, a closed pipe, a file closed at shutdown
                if not self._complained:
                    _log.warning("the request log cannot be written: %s", error)
                self._complained = True

    def entries(self) -> list[Entry]:
        """The entries in the order in which the requests were answered."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Delete the entries. Numbering continues, and written lines stay."""
        with self._lock:
            self._entries.clear()


class LogFile:
    """An append-only file. Each line is one write, so several processes can share it. New files have mode 0600."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, creating it if needed.

        Args:
            path: The file; None for standard error.

        Raises:
            EmulatorError: It cannot be opened for writing.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            self._descriptor = os.dup(STANDARD_ERROR) if path is None else os.open(path, flags, 0o600)
        except OSError as error:
            shown = "standard error" if path is None else path
            raise EmulatorError(f"the request log cannot be written to {shown}: {error.strerror}") from error

    def write(self, line: bytes) -> None:
        """Append a line.

        Raises:
            OSError: It cannot be written.
        """
        os.write(self._descriptor, line)

    def close(self) -> None:
        """Close the file; later lines are lost."""
        descriptor, self._descriptor = self._descriptor, -1  # the number may be reused by another file
        os.close(descriptor)
