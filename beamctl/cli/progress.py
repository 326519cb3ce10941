"""Progress of an apply: a line as each change ends, and a counter on a terminal. It must not decide how it ends."""

from __future__ import annotations

import sys

import click

from beamctl.apply.event import Event, Started
from beamctl.cli.output import Output
from beamctl.report.text.apply import event_text

_CLEAR = "\r\x1b[K"


class Progress:
    """Shows events as they come."""

    def __init__(self, out: Output, total: int) -> None:
        self._out = out
        self._total = total
        self._ended = 0
        self._counts = sys.stderr.isatty() and not out.quiet

    def show(self, event: Event) -> None:
        """Show one event."""
        self.end()
        if not isinstance(event, Started):
            self._ended += 1
            if not self._out.json:
                self._out.payload(event_text(event, self._out.style) + "\n")
        if self._counts and self._ended < self._total:
            click.echo(f"  {self._ended} of {self._total} …", nl=False, err=True)

    def end(self) -> None:
        """Take the counter away."""
        if self._counts:
            click.echo(_CLEAR, nl=False, err=True, color=True)
