"""Bytes of an answer → a reply, or why they are none; and the words an API found for an error.
It must not know what was asked."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from beamctl.api.messages import OK, REDIRECT, CallResult, Failure, FailureKind, Reply
from beamctl.api.request_budget import LARGEST_ANSWER, OversizedError
from beamctl.model.strict_json import bounded_json

MOST_VALUES = 1_000_000
"""Values of an answer, counted by its commas and brackets. Each takes up to a hundred times its text in memory."""
_STEP = 1024 * 1024
"""Bytes that are decompressed at once."""


class _EncodingError(Exception):
    """The body cannot be decompressed."""

    def __init__(self, fault: FailureKind, why: str) -> None:
        super().__init__(why)
        self.fault = fault


def receive(status: int, headers: Mapping[str, str], pieces: Iterable[bytes], host: str) -> CallResult:
    """The reply that a body makes as it comes from the network, compressed at most once.

    Raises:
        OversizedError: It is larger than any the API sends, or would be when decompressed.
    """
    try:
        content = _decoded(headers.get("content-encoding", "").strip().lower(), pieces)
    except _EncodingError as error:
        if status not in OK:
            return Reply(status, headers, page=True)
        return Failure(error.fault, f"the response of {host} {error}", "Try again later.")
    return read(status, headers, content, host)


def _decoded(encoding: str, pieces: Iterable[bytes]) -> bytes:
    """All of a body; several encodings make an unknown one, as their names are joined."""
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
            rest, made = piece, b""
            while rest or len(made) == _STEP:
                begun = True
                made = zipped.decompress(rest, _STEP)
                yield made
                rest = zipped.unconsumed_tail
            if zipped.unused_data:
                raise _EncodingError(FailureKind.GARBLED, "continues after the end of its compressed data")
    except zlib.error:
        raise _EncodingError(FailureKind.GARBLED, "cannot be decompressed") from None
    if begun and not zipped.eof:
        raise _EncodingError(FailureKind.CUT_OFF, "ends in the middle of its compressed data")


def read(status: int, headers: Mapping[str, str], content: bytes, host: str) -> CallResult:
    """The reply that these bytes make.

    A success must be JSON or empty; an error may be any text, as gateways answer in HTML.

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
        what = "an HTML page" if content.lstrip()[:1] == b"<" else "a text"
        return Failure(
            FailureKind.GARBLED,
            f"{host} answered with {what} instead of JSON",
            "Is --api-url right (it usually ends in /v0), and does no proxy or login page answer in its place?",
        )
    if isinstance(error, RecursionError):
        why = f"the answer of {host} is nested deeper than any it should give"
        return Failure(FailureKind.GARBLED, why, "Is --api-url right?")
    if isinstance(error, json.JSONDecodeError) and not content.rstrip().endswith((b"}", b"]")):
        return Failure(FailureKind.CUT_OFF, f"the answer of {host} ends in the middle", "Try again.")
    return Failure(FailureKind.GARBLED, f"the answer of {host} is not valid JSON", "Is --api-url right?")


def error_text(reply: Reply) -> str:
    """What the API said went wrong, unsanitised: its `message` or `error`, else the name of the status. If it asked to
    wait for longer than we do, first until when."""
    said = _said(reply.body)
    if not reply.until:
        return said or _status_text(reply)
    until = f"{'rate limited' if reply.limited else 'not available'} until {reply.until}"
    return f"{until}: {said}" if said else until


def _said(body: Any) -> str:  # noqa: ANN401 - it may be anything
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
        return f"{name}: it is somewhere else now; set --api-url to the API itself"
    return f"{name}, with a page that is not the API's" if reply.page else name


def text_at(body: Any, name: str) -> str:  # noqa: ANN401 - it may be anything
    """The text under a name of a JSON object; empty where there is none."""
    found = body.get(name) if isinstance(body, dict) else None
    return found if isinstance(found, str) else ""
