"""Progress of an apply: a line for each finished change, and a counter on a terminal."""

from __future__ import annotations

import os
import sys

from beamctl.apply.event import Ended, Event, NotAttempted
from beamctl.cli.output import Output, print_stderr
from beamctl.report.text.apply import event_text


class Progress:
    """Shows events as they happen."""

    def __init__(self, out: Output, total: int) -> None:
        self._out = out
        self._total = total
        self._ended = 0
        self._shown = 0
        self._counts = sys.stderr.isatty() and not out.quiet and os.environ.get("TERM") != "dumb"

    def show(self, event: Event) -> None:
        """Show one event."""
        self.end()
        self._ended += isinstance(event, Ended | NotAttempted)
        text = event_text(event, self._out.style)
        if text and not self._out.json:
            self._out.result(text + "\n")
        if self._counts and self._ended < self._total:
            counter = f"  {self._ended} of {self._total} …"
            print_stderr(counter, nl=False)
            self._shown = len(counter)

    def end(self) -> None:
        """Remove the counter."""
        if self._shown:
            print_stderr("\r" + " " * self._shown + "\r", nl=False)
            self._shown = 0
