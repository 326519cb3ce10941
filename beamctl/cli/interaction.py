"""Questions to the user on a terminal, and interruptions: the first Ctrl-C or SIGTERM during an apply stops after the
calls in flight, the second stops at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

from beamctl.cli.exits import Exit
from beamctl.cli.output import Output

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


def why_no_input(files: Sequence[str]) -> str:
    """Why no one can be asked for approval; empty if someone can."""
    if "-" in files:
        return "standard input is the document"
    return "" if sys.stdin.isatty() else "there is no terminal to ask on"


def ask(question: str, about: str, out: Output) -> str:
    """Ask on the terminal and return the line that was typed.

    Args:
        question: The question.
        about: What it is about, which is shown again if standard output is not the terminal.
        out: The output.
    """
    if out.json or not sys.stdout.isatty():
        out.say(about, nl=False)
    out.say(f"\n{question}: ", nl=False)
    return sys.stdin.readline()
