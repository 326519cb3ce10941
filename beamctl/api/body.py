"""Bytes of an answer → a reply, or why they are none; and the words an API found for an error.
It must not know what was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from beamctl.api.exchange import OK, REDIRECT, Failure, Fault, Outcome, Reply
from beamctl.model.strict_json import bounded_json


def read(status: int, headers: Mapping[str, str], content: bytes, host: str) -> Outcome:
    """The reply that these bytes make.

    A success must be JSON or empty; an error may be any text, as gateways answer in HTML.
    """
    if not content.strip():
        return Reply(status, headers, empty=True)
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
            Fault.GARBLED,
            f"{host} answered with {what} instead of JSON",
            "Is --api-url right (it usually ends in /v0), and does no proxy or login page answer in its place?",
        )
    if isinstance(error, RecursionError):
        why = f"the answer of {host} is nested deeper than any it should give"
        return Failure(Fault.GARBLED, why, "Is --api-url right?")
    if isinstance(error, json.JSONDecodeError) and not content.rstrip().endswith((b"}", b"]")):
        return Failure(Fault.CUT_OFF, f"the answer of {host} ends in the middle", "Try again.")
    return Failure(Fault.GARBLED, f"the answer of {host} is not valid JSON", "Is --api-url right?")


def error_text(reply: Reply) -> str:
    """What the API said went wrong, unsanitised: its `message` or `error`, else the name of the status."""
    body = reply.body
    if isinstance(body, dict):
        inner = body.get("error")
        nested = (inner.get("message"), inner.get("code")) if isinstance(inner, dict) else ()
        for text in (body.get("message"), inner, *nested):
            if isinstance(text, str) and text.strip():
                return text.strip()
    return _status_text(reply)


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
