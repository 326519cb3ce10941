"""Ctrl-C and SIGTERM during an apply: the first stops after the calls in flight, the second stops at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

from beamctl.cli.exits import Exit

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """A context in which the first signal sets `stop` and the second exits the process.

    Attributes:
        stop: Set by the first signal.
    """

    def __init__(self, stop: threading.Event, *, quiet: bool, look: str = "beamctl plan") -> None:
        self.stop = stop
        self._look = look
        self._quiet = quiet
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        """Install the signal handlers."""
        self._before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Restore the previous signal handlers."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the handler's signature
        if self._asked:
            self._say(f"Stopped. Changes in flight may or may not have been made. To check, run `{self._look}`.")
            os._exit(Exit.INTERRUPTED)  # a normal exit would wait for the threads that wait for responses
        self._asked = True
        self._say("Stopping after the calls in flight. Interrupt again to stop at once.")
        self.stop.set()

    def _say(self, text: str) -> None:
        """Write directly to the descriptor: Python's buffers reject writes if the signal interrupted one."""
        if not self._quiet:
            with suppress(OSError, ValueError):
                os.write(sys.stderr.fileno(), f"{text}\n".encode())
