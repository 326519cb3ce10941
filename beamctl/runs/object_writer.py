"""Writes a run record as objects. Nothing can be added to an object, so a run in progress has several.

- `NAME.jsonl` has the first line. It is created before the first change, and only if there is no such object.
- `NAME.events/000001.jsonl` and so on have the events. That a change starts is stored before its first API call. What
  became of it is stored with the next start, or at the end.

At its end, a run writes all of it to `NAME.jsonl` and deletes the others. They count only as long as `NAME.jsonl` has
one line.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from beamctl.errors import RecordError
from beamctl.runs.storage import SUFFIX

if TYPE_CHECKING:
    from beamctl.runs.bucket import ObjectStorage


class ObjectWriter:
    """Writes one record. Changes that start at the same time share a request."""

    def __init__(self, storage: ObjectStorage, name: str, head: bytes) -> None:
        self._storage = storage
        self._name = name
        self._all = bytearray(head)
        self._waiting = bytearray()
        self._queued = self._stored = self._parts = 0
        self._full: RecordError | None = None
        self._queue, self._sending = threading.Lock(), threading.Lock()

    def append(self, content: bytes, *, durable: bool) -> None:
        """Add to the end."""
        with self._queue:
            self._waiting += content
            self._all += content
            self._queued += 1
            number = self._queued
        if durable:
            self._store(number)
        elif self._full is not None:
            raise self._full

    def close(self) -> None:
        """Write the whole record as one object. If that fails, the others remain, which have the same content."""
        self._store(self._queued)
        try:
            self._storage.put(f"{self._name}{SUFFIX}", bytes(self._all))
        except (RecordError, OSError):
            return
        for number in range(1, self._parts + 1):
            self._storage.delete(self._part(number))

    def discard(self) -> None:
        """Delete the record of a run that did not start."""
        self._storage.delete(f"{self._name}{SUFFIX}")

    def _store(self, number: int) -> None:
        """Store everything up to this content, unless another thread did while this one waited."""
        with self._sending:
            if self._full is not None:
                raise self._full
            if self._stored >= number:
                return
            with self._queue:
                batch, upto = bytes(self._waiting), self._queued
                self._waiting.clear()
            try:
                self._storage.put(self._part(self._parts + 1), batch)
            except RecordError as error:
                self._full = error
                raise
            self._parts += 1
            self._stored = upto

    def _part(self, number: int) -> str:
        return f"{self._name}.events/{number:06}{SUFFIX}"
