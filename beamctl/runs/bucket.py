"""Run records in object storage, through fsspec. `object_writer.py` describes the objects of a record."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.util import find_spec
from typing import Any, TypeVar

from beamctl.errors import RecordError, UsageError
from beamctl.model.text import printable
from beamctl.runs.object_writer import ObjectWriter
from beamctl.runs.storage import SUFFIX
from beamctl.system.clock import current_time

T = TypeVar("T")

_LIBRARIES = {
    "s3": ("s3fs", "beamctl[cloud]"),
    "gs": ("gcsfs", "gcsfs"),
    "az": ("adlfs", "adlfs"),
}
"""By scheme, the module that implements it and what installs it."""
_S3 = {"config_kwargs": {"connect_timeout": 10, "read_timeout": 30, "retries": {"max_attempts": 2}}}
_PLACE = re.compile("[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*/?")
_EVENTS = re.compile(r"(?P<name>[^/]+)\.events/[0-9]{6,}\.jsonl")
_HINT = "Check the bucket, the credential and the network, or name another place with --record."
_LONGEST = 300
_SILENT = timedelta(minutes=10)
"""A run that stored nothing for this long counts as ended: its process was killed."""
_NEVER = datetime.min.replace(tzinfo=UTC)
_CACHED = 64 * 1024 * 1024
"""Bytes of records that are kept in memory during one command."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """One record in a listing.

    Attributes:
        stored: When anything of it was last stored.
        events: The other objects, sorted.
        exists: Whether there is a first object.
    """

    stored: datetime = _NEVER
    events: tuple[str, ...] = ()
    exists: bool = False


class ObjectStorage:
    """A bucket or container, below a prefix. The listing is read once, and belongs to one command. Thread-safe."""

    folder = None

    def __init__(self, scheme: str, place: str, silent: timedelta = _SILENT) -> None:
        """Use the objects below a place, such as `bucket/prefix`.

        Raises:
            UsageError: It is not supported, or what it needs is not installed.
        """
        if scheme not in _LIBRARIES:
            known = ", ".join(f"{each}://" for each in [*_LIBRARIES, "file"])
            raise UsageError(
                f"--record: {printable(scheme)}:// is not supported", f"Use a directory, or one of {known}"
            )
        if not _PLACE.fullmatch(place):  # it may contain a credential, so it is not shown
            hint = f"Write it like {scheme}://bucket/records. Credentials come from the environment, not from the URL."
            raise UsageError("--record: the URL is not a bucket and a prefix", hint)
        library, package = _LIBRARIES[scheme]
        if find_spec("fsspec") is None or find_spec(library) is None:
            raise UsageError(f"--record {scheme}:// needs {library}", f"Install it:  pip install '{package}'")
        self._scheme = scheme
        self._root = place.rstrip("/")
        self.where = f"{scheme}://{self._root}"
        self._silent = silent
        self._lock = threading.RLock()
        self._files: Any = None
        self._listing: Mapping[str, _Listed] | UsageError | None = None
        self._contents: dict[str, bytes] = {}

    def names(self) -> Sequence[str]:
        """The names of all records, sorted."""
        return sorted(name for name, each in self._listed().items() if each.exists)

    def read(self, name: str, largest: int) -> bytes:
        """A record."""
        content = self.beginning(name, largest + 1)
        if len(content) > largest:
            raise UsageError(f"{self.where}/{name}{SUFFIX} is larger than {largest:,} bytes", "Delete it.")
        return content

    def beginning(self, name: str, most: int) -> bytes:
        """The first bytes of a record."""
        with self._lock:
            content = self._contents.get(name)
        if content is None:
            listed = self._listed().get(name, _Listed())
            content = self._get(f"{name}{SUFFIX}", most)
            if content.count(b"\n") == 1 and len(content) < most:
                content += b"".join(self._get(each, most) for each in listed.events)
            if len(content) < most:
                self._keep(name, content)
        return content[:most]

    def is_being_written(self, name: str) -> bool:
        """Whether a run is probably still writing the record: it stored something lately, but not its end."""
        listed = self._listed().get(name, _Listed())
        if current_time() - listed.stored > self._silent:
            return False
        last = self.beginning(name, _CACHED).rstrip(b"\n").rpartition(b"\n")[2]
        return not last.startswith(b'{"event": "end"')

    def prepare(self) -> None:
        """Nothing to do. Creating the first record shows whether it is possible."""

    def create(self, name: str, head: bytes) -> ObjectWriter:
        """Create a record with its first line."""
        try:
            self.put(f"{name}{SUFFIX}", head, exclusive=True)
        except FileExistsError:
            if self._get(f"{name}{SUFFIX}", len(head) + 1) != head:  # else ours: the first response was lost
                raise
        return ObjectWriter(self, name, head)

    def claim(self, key: str, run: str) -> str:
        """Reserve a saved plan: only one of several runs can create the object."""
        try:
            self.put(f"{key}.applied", run.encode(), exclusive=True)
        except FileExistsError:
            other = self._get(f"{key}.applied", _LONGEST).decode(errors="replace")
            return "" if other == run else other or "unknown"  # ours, if the response to the first request was lost
        return ""

    def release(self, key: str) -> None:
        """Undo a claim, if the run did not start."""
        self.delete(f"{key}.applied")

    def read_note(self, name: str, largest: int) -> bytes | None:
        """An object next to the records."""
        return self._get(name, largest) or None

    def write_note(self, name: str, text: str, what: str) -> None:
        """Replace an object next to the records."""
        try:
            self.put(name, text.encode())
        except RecordError as error:
            raise UsageError(f"cannot write {what}: {error.message}", error.hint) from None

    def put(self, name: str, content: bytes, *, exclusive: bool = False) -> None:
        """Store an object.

        Raises:
            FileExistsError: It exists, and must not.
            RecordError: It cannot be written.
        """
        mode = {"mode": "create"} if exclusive else {}
        write = partial(self._filesystem().pipe_file, f"{self._root}/{name}", content, **mode)
        try:
            _asked(write)
        except OSError as error:
            if isinstance(error, FileExistsError) and exclusive:
                raise
            raise RecordError(f"cannot write {self.where}/{name}: {_text(error)}", _HINT) from None

    def delete(self, name: str) -> None:
        """Delete an object. That it cannot be deleted is not an error."""
        with suppress(OSError):
            _asked(partial(self._filesystem().rm_file, f"{self._root}/{name}"))

    def _get(self, name: str, most: int) -> bytes:
        """The first bytes of an object; empty if there is none."""
        try:
            found: bytes = _asked(partial(self._filesystem().cat_file, f"{self._root}/{name}", start=0, end=most))
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise UsageError(f"cannot read {self.where}/{name}: {_text(error)}", _HINT) from None
        return found

    def _keep(self, name: str, content: bytes) -> None:
        with self._lock:
            if sum(map(len, self._contents.values())) + len(content) <= _CACHED:
                self._contents[name] = content

    def _filesystem(self) -> Any:  # noqa: ANN401 - untyped
        with self._lock:
            if self._files is None:
                import fsspec

                options = _S3 if self._scheme == "s3" else {}
                make = partial(fsspec.filesystem, self._scheme, skip_instance_cache=True, use_listings_cache=False)
                self._files = make(**options)
            return self._files

    def _listed(self) -> Mapping[str, _Listed]:
        with self._lock:
            if self._listing is None:
                try:
                    found = _asked(partial(self._filesystem().find, self._root, detail=True))
                    self._listing = _records(self._root, found)
                except OSError as error:  # not asked again, because libraries retry for seconds
                    self._listing = UsageError(f"cannot read {self.where}: {_text(error)}", _HINT)
            if isinstance(self._listing, UsageError):
                raise UsageError(self._listing.message, self._listing.hint)
            return self._listing


def _records(root: str, found: Mapping[str, Mapping[str, Any]]) -> Mapping[str, _Listed]:
    """The records in a listing. Other objects are ignored."""
    listed: dict[str, _Listed] = {}
    for path, info in sorted(found.items()):
        inner = path.removeprefix(f"{root}/")
        is_event = _EVENTS.fullmatch(inner)
        if not is_event and ("/" in inner or not inner.endswith(SUFFIX)):
            continue
        name = is_event["name"] if is_event else inner.removesuffix(SUFFIX)
        before, stored = listed.get(name, _Listed()), info.get("LastModified") or info.get("last_modified")
        newest = max(before.stored, stored) if isinstance(stored, datetime) and stored.tzinfo else before.stored
        events = (*before.events, inner) if is_event else before.events
        listed[name] = _Listed(newest, events, before.exists or not is_event)
    return listed


def _asked(ask: Callable[[], T]) -> T:
    """The answer of the storage. Every failure is an OSError: each library has exceptions of its own."""
    try:
        return ask()
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - of any library
        raise OSError(_text(error)) from None


def _text(error: Exception) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    return printable(said[:_LONGEST])
