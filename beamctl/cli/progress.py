"""Progress of an apply on a terminal: a counter, or a bar if there are many changes.

A module of its own: only an apply imports it."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import suppress
from typing import Any, TextIO, cast

import click

from beamctl.cli.output import Output

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


class _VisibleCursor:
    """A terminal on which the bar does not hide the cursor: it would stay hidden if the process is killed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write to the terminal."""
        return self._stream.write(text.replace("\x1b[?25l", ""))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the terminal has
        return getattr(self._stream, name)
