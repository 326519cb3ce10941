"""The interface of what keeps run records: a local folder, or object storage.

A module of its own: `local.py` and `bucket.py` implement it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

SUFFIX = ".jsonl"


class RecordWriter(Protocol):
    """Writes one record. Thread-safe."""

    def append(self, content: bytes, *, durable: bool) -> None:
        """Add to the end.

        Args:
            content: Whole lines.
            durable: Whether it must survive a crash of this process before this returns. Otherwise it is stored with
                the next durable content, or at the end.

        Raises:
            RecordError: This or earlier content could not be written. Nothing may follow an incomplete line.
        """

    def close(self) -> None:
        """End the record.

        Raises:
            RecordError: Something could not be written.
        """

    def discard(self) -> None:
        """Delete the record of a run that did not start."""


class RecordStorage(Protocol):
    """Keeps run records, by name.

    Attributes:
        where: The place, for messages.
        folder: The local folder; None if there is none.
    """

    @property
    def where(self) -> str:
        """The place, for messages."""

    @property
    def folder(self) -> Path | None:
        """The local folder; None if there is none."""

    def names(self) -> Sequence[str]:
        """The names of all records, sorted.

        Raises:
            UsageError: They cannot be listed, or may come from someone else.
        """

    def read(self, name: str, largest: int) -> bytes:
        """A record.

        Raises:
            UsageError: It cannot be read, or is larger.
        """

    def beginning(self, name: str, most: int) -> bytes:
        """The first bytes of a record; empty if there is no such record.

        Raises:
            UsageError: It may exist, but cannot be read.
        """

    def is_being_written(self, name: str) -> bool:
        """Whether a run is probably still writing the record."""

    def prepare(self) -> None:
        """Make it ready for new records.

        Raises:
            OSError, RecordError: It cannot be written to.
        """

    def create(self, name: str, head: bytes) -> RecordWriter:
        """Create a record, which must not exist, with its first line.

        Raises:
            OSError, RecordError: It cannot be written.
        """

    def claim(self, key: str, run: str) -> str:
        """Reserve a saved plan for a run. Returns the run that already has it; empty if this one has it now.

        Raises:
            RecordError: It cannot be written.
        """

    def release(self, key: str) -> None:
        """Undo a claim, if the run did not start."""

    def read_note(self, name: str, largest: int) -> bytes | None:
        """A file next to the records; None if there is none.

        Raises:
            UsageError: It cannot be read, or may come from someone else.
        """

    def write_note(self, name: str, text: str, what: str) -> None:
        """Replace a file next to the records.

        Raises:
            UsageError: `what` cannot be written.
        """
