"""Says what is being read if reading takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from beamctl.model.api_call import Reader

PATIENCE = 2.0
"""Seconds of reading before the first notice, and between notices. A request has at most one."""


class Timer(Protocol):
    """Calls a function later, in another thread."""

    def start(self) -> None:
        """Start counting."""

    def cancel(self) -> None:
        """Do not call the function, unless it was called already."""


StartLater = Callable[[float, Callable[[], None]], Timer]


class NotifyingReader:
    """Reads from the API, with notices if it takes long."""

    def __init__(
        self,
        reader: Reader,
        workspace: str,
        notify: Callable[[str], None],
        *,
        timer: StartLater = threading.Timer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._workspace = workspace
        self._notify = notify
        self._timer = timer
        self._clock = clock
        self._spent = 0.0
        self._next_notice = PATIENCE

    def get(self, path: str) -> Any:  # noqa: ANN401 - any JSON
        """As in `Reader`."""
        began = self._clock()

        def say() -> None:
            self._notify(f"Reading {path.partition('?')[0]} ({self._workspace}) …")
            self._next_notice = self._spent + self._clock() - began + PATIENCE

        timer = self._timer(max(0.0, self._next_notice - self._spent), say)
        timer.start()
        try:
            return self._reader.get(path)
        finally:
            timer.cancel()
            self._spent += self._clock() - began
