"""Ctrl-C and SIGTERM while something is changed: the first ends that after the calls in flight, the second at once.
It must not know what is being changed."""

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
    """While entered, the signals set `stop`; a second one leaves the process.

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
        """Take the signals over."""
        self._before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the handler's signature
        if self._asked:
            self._say(f"Stopped at once. What was in flight may or may not have been made: run `{self._look}`.")
            os._exit(Exit.INTERRUPTED)  # threads are waiting for answers: nothing gentler ends them
        self._asked = True
        self._say("Stopping after the calls in flight. Once more to stop at once.")
        self.stop.set()

    def _say(self, text: str) -> None:
        """Past Python's buffers: the signal may have come while they are being written to, and then they refuse."""
        if not self._quiet:
            with suppress(OSError, ValueError):
                os.write(sys.stderr.fileno(), f"{text}\n".encode())
