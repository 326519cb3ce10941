"""Writes the record of one run.

A module of its own: it knows events, and its storage does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from beamctl.apply.record import Event, Started, event_line, last_line
from beamctl.model.secret import RecordRedactor
from beamctl.plan.plan import Plan
from beamctl.runs.storage import RecordStorage


class RecordFile:
    """The record of a run in progress. Thread-safe."""

    def __init__(self, storage: RecordStorage, name: str, head: str, plan: Plan, redactor: RecordRedactor) -> None:
        """Create the record with its first line.

        Raises:
            OSError, RecordError: It cannot be written.
        """
        self._redactor = redactor
        self._plan = plan
        self._writer = storage.create(name, self._redacted(head))

    def on_event(self, event: Event) -> None:
        """Record an event. That a change starts is stored before its first API call.

        Raises:
            RecordError: It cannot be written.
        """
        line = event_line(self._plan, event, now())
        self._writer.append(self._redacted(line), durable=isinstance(event, Started))

    def end(self, events: Sequence[Event], *, interrupted: bool) -> None:
        """Record the end of the run.

        Raises:
            RecordError: It cannot be written.
        """
        try:
            line = last_line(self._plan, events, now(), interrupted=interrupted)
            self._writer.append(self._redacted(line), durable=False)
        finally:
            self._writer.close()

    def discard(self) -> None:
        """Delete the record of a run that did not start."""
        self._writer.discard()

    def _redacted(self, line: str) -> bytes:
        return self._redactor.redact(line, json=True).encode()


def now() -> str:
    """The current time in the format of records."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
