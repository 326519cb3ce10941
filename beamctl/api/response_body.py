"""The time and size limits of a request, decoding of response bodies within them, and the API's error messages."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from beamctl.api.messages import OK, REDIRECT, CallResult, Failure, FailureKind, Reply
from beamctl.errors import InterruptedRunError
from beamctl.model.strict_json import bounded_json

LARGEST_ANSWER = 64 * 1024 * 1024
"""Maximum size of a decompressed response: about fifty times the largest workspace."""

_MOST_RECEIVED = LARGEST_ANSWER + 1024 * 1024
"""Maximum bytes received, with room for headers and chunk sizes."""
_GRACE = 0.5
"""Seconds a request may take after an interrupt, so that a change that was sent can still be read back."""


class OversizedError(Exception):
    """A response is larger than any the API sends."""


class Budget:
    """The limits of the request in progress. Used by one thread at a time."""

    def __init__(self, stopped: Callable[[], bool]) -> None:
        self._stopped = stopped
        self._began = 0.0
        self._ends = 0.0
        self._received = 0
        self._interruptible = False

    def start(self, seconds: float, *, interruptible: bool) -> None:
        """Start a request.

        Args:
            seconds: How long it may take.
            interruptible: Whether an interrupt ends it.
        """
        self._began = time.monotonic()
        self._ends = self._began + seconds
        self._received = 0
        self._interruptible = interruptible

    def left(self, *, connecting: bool = False) -> float:
        """Seconds until the deadline; 0 after it.

        Args:
            connecting: Whether nothing has been sent yet, so that an interrupt ends any request.

        Raises:
            InterruptedRunError: An interrupt ends the request.
        """
        now = time.monotonic()
        if (self._interruptible or connecting) and self._stopped() and now >= self._began + _GRACE:
            raise InterruptedRunError("interrupted while waiting for the API")
        return max(0.0, self._ends - now)

    def receive(self, size: int) -> None:
        """Count received bytes.

        Raises:
            OversizedError: There are too many.
        """
        self._received += size
        if self._received > _MOST_RECEIVED:
            raise OversizedError


MOST_VALUES = 1_000_000
"""Maximum number of values in a response, counted by commas and brackets. A value can take 100 times its text in
memory."""
_STEP = 1024 * 1024
"""Bytes to decompress at a time."""


class _EncodingError(Exception):
    """The body cannot be decompressed."""

    def __init__(self, fault: FailureKind, why: str) -> None:
        super().__init__(why)
        self.fault = fault


def receive(status: int, headers: Mapping[str, str], pieces: Iterable[bytes], host: str) -> CallResult:
    """Read and decode a body, which may be compressed once.

    Raises:
        OversizedError: The decompressed body is larger than any the API sends.
    """
    try:
        content = _decoded(headers.get("content-encoding", "").strip().lower(), pieces)
    except _EncodingError as error:
        if status not in OK:
            return Reply(status, headers, page=True)
        return Failure(error.fault, f"the response of {host} {error}", "Try again later.")
    return read(status, headers, content, host)


def _decoded(encoding: str, pieces: Iterable[bytes]) -> bytes:
    """The decompressed body. A list of several encodings counts as unknown."""
    content = bytearray()
    if encoding in ("gzip", "x-gzip"):
        pieces = _unzipped(pieces)
    elif encoding not in ("", "identity"):
        raise _EncodingError(FailureKind.GARBLED, "has a Content-Encoding other than gzip")
    for piece in pieces:
        content += piece
        if len(content) > LARGEST_ANSWER:
            raise OversizedError
    return bytes(content)


def _unzipped(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """A gzip stream, decompressed in steps."""
    zipped = zlib.decompressobj(zlib.MAX_WBITS | 16)
    begun = False
    try:
        for piece in pieces:
            rest, output = piece, b""
            while rest or len(output) == _STEP:
                begun = True
                output = zipped.decompress(rest, _STEP)
                yield output
                rest = zipped.unconsumed_tail
            if zipped.unused_data:
                raise _EncodingError(FailureKind.GARBLED, "continues after the end of its compressed data")
    except zlib.error:
        raise _EncodingError(FailureKind.GARBLED, "cannot be decompressed") from None
    if begun and not zipped.eof:
        raise _EncodingError(FailureKind.CUT_OFF, "ends in the middle of its compressed data")


def read(status: int, headers: Mapping[str, str], content: bytes, host: str) -> CallResult:
    """Parse a body. A success must be JSON or empty; an error may be any text, because gateways send HTML.

    Raises:
        OversizedError: There are more values than the API ever sends.
    """
    if not content.strip():
        return Reply(status, headers, empty=True)
    if sum(map(content.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise OversizedError
    try:
        return Reply(status, headers, bounded_json(content))
    except (ValueError, RecursionError) as error:
        if status not in OK:
            return Reply(status, headers, page=True)
        return _no_json(content, host, error)


def _no_json(content: bytes, host: str, error: Exception) -> Failure:
    if content.lstrip()[:1] not in (b"{", b"["):
        what = "an HTML page" if content.lstrip()[:1] == b"<" else "text"
        return Failure(
            FailureKind.GARBLED,
            f"{host} responded with {what} instead of JSON",
            "Check --api-url (it usually ends in /v0), and whether a proxy or login page responds instead of the API.",
        )
    if isinstance(error, RecursionError):
        why = f"the response of {host} is nested too deeply"
        return Failure(FailureKind.GARBLED, why, "Check --api-url.")
    if isinstance(error, json.JSONDecodeError) and not content.rstrip().endswith((b"}", b"]")):
        return Failure(FailureKind.CUT_OFF, f"the response of {host} is truncated", "Try again.")
    return Failure(FailureKind.GARBLED, f"the response of {host} is not valid JSON", "Check --api-url.")


def error_text(reply: Reply) -> str:
    """The API's error message, not redacted: its `message` or `error`, or else the name of the status.

    If the API asked for a longer wait than allowed, the end of that wait comes first.
    """
    message = _message(reply.body)
    if not reply.until:
        return message or _status_text(reply)
    until = f"{'rate limited' if reply.limited else 'not available'} until {reply.until}"
    return f"{until}: {message}" if message else until


def _message(body: Any) -> str:  # noqa: ANN401 - any JSON
    if isinstance(body, dict):
        inner = body.get("error")
        nested = (inner.get("message"), inner.get("code")) if isinstance(inner, dict) else ()
        for text in (body.get("message"), inner, *nested):
            if isinstance(text, str) and text.strip():
                return text.strip()
    return ""


def _status_text(reply: Reply) -> str:
    name = f"HTTP {reply.status}"
    if reply.status in HTTPStatus._value2member_map_:
        name += f" {HTTPStatus(reply.status).phrase}"
    if reply.status in REDIRECT:
        return f"{name}: the API has moved; set --api-url to its new address"
    return f"{name}, with a page not from the API" if reply.page else name


def text_at(body: Any, name: str) -> str:  # noqa: ANN401 - any JSON
    """The string in a field of a JSON object; empty if there is none."""
    found = body.get(name) if isinstance(body, dict) else None
    return found if isinstance(found, str) else ""
