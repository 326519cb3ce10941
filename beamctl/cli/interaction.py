"""What a user sees and does during an apply: progress on the terminal, questions, and interruptions (the first Ctrl-C
or SIGTERM stops after the calls in flight, the second stops at once)."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self, TextIO, cast

import click

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


MANY = 30
"""Up to this number of changes, each is listed when it ends."""


class Progress:
    """The progress of one plan. Nothing is shown unless standard error is a terminal."""

    def __init__(self, out: Output, total: int) -> None:
        self._out = out
        self._total = total
        self._ended = 0
        self._began = time.monotonic()
        self._is_shown = False
        stream = cast("TextIO", _VisibleCursor(sys.stderr))
        self._bar = click.progressbar(
            length=total, label="  Applying", show_pos=True, item_show_func=self._rate, file=stream
        )

    def show(self, *, ended: int) -> None:
        """Show how many changes have ended."""
        if self._total > MANY:
            with suppress(OSError):  # standard error is closed
                self._bar.update(ended - self._ended)
            self._is_shown = True
        elif ended < self._total:
            self._out.say(f"\r  {ended} of {self._total} …", nl=False)
            self._is_shown = True
        self._ended = ended

    def clear(self) -> None:
        """Remove it from the terminal, so that something else can be written."""
        if self._is_shown:
            self._out.say("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r", nl=False)
            self._is_shown = False

    def _rate(self, _item: object) -> str:
        seconds = time.monotonic() - self._began
        left = "left  " if self._bar.eta_known else ""
        return f"{left}{self._bar.pos / seconds:.1f}/s" if seconds > 1 else ""


class StatusLine:
    """Notices on standard error, and on a terminal a last line that is replaced by the next one. Thread-safe."""

    def __init__(self, out: Output, *, is_terminal: bool) -> None:
        self.is_terminal = is_terminal
        self._out = out
        self._lock = threading.Lock()
        self._shown = 0

    def line(self, text: str) -> None:
        """Write a notice."""
        with self._lock:
            self._clear()
            self._out.error(text)

    def status(self, text: str) -> None:
        """Replace the last line; an empty text removes it."""
        with self._lock:
            self._clear()
            if text:
                self._out.say(text, nl=False)
            self._shown = len(text)

    def _clear(self) -> None:
        if self._shown:
            self._out.say("\r" + " " * self._shown + "\r", nl=False)
        self._shown = 0


class _VisibleCursor:
    """A terminal on which the bar does not hide the cursor: it would stay hidden if the process is killed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write to the terminal."""
        return self._stream.write(text.replace("\x1b[?25l", ""))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the terminal has
        return getattr(self._stream, name)
