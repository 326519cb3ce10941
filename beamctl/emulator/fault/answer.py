"""The effect of a fault on a response, as pure functions."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.client import responses
from typing import Any

from werkzeug.wrappers import Response

from beamctl.emulator.fault.kind import Fault, FaultKind

STATUS = {
    FaultKind.THROTTLED: HTTPStatus.TOO_MANY_REQUESTS,
    FaultKind.INTERNAL_ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
    FaultKind.INTERNAL_ERROR_AFTER: HTTPStatus.INTERNAL_SERVER_ERROR,
    FaultKind.BAD_GATEWAY: HTTPStatus.BAD_GATEWAY,
    FaultKind.BAD_GATEWAY_AFTER: HTTPStatus.BAD_GATEWAY,
    FaultKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    FaultKind.UNAVAILABLE_AFTER: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Statuses of the faults that are API errors."""

_GARBAGE = b'{"garbage": \xff\xfe, on demand'
_WRONG_TYPE = '"not the expected response"'


def error(fault: Fault) -> Response:
    """An error in the API's format."""
    status = STATUS[fault.kind]
    headers = {} if fault.value is None else {"Retry-After": f"{fault.value:g}"}
    text = json.dumps({"error": status.phrase, "code": status.value})
    return Response(text, status, headers, content_type="application/json")


def page(fault: Fault) -> Response:
    """An HTML error page as a proxy sends it."""
    code = int(fault.value or HTTPStatus.BAD_GATEWAY)
    title = f"{code} {responses.get(code, 'Error')}"
    body = f"<!doctype html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Response(body, code, content_type="text/html; charset=utf-8")


def transform(fault: Fault, answer: Response) -> Response:
    """The application's response after the fault; unchanged if the fault does not apply to it."""
    match fault.kind:
        case FaultKind.GARBAGE:
            answer.set_data(_GARBAGE)
        case FaultKind.WRONG_TYPE:
            answer.set_data(_WRONG_TYPE)
        case FaultKind.EMPTY_LIST:
            return _shortened(answer, 0)
        case FaultKind.SHORT_LIST:
            return _shortened(answer, fault.value)
        case _:
            pass
    return answer


def _shortened(answer: Response, count: float | None) -> Response:
    """A listing cut to its first items, and without a next page; other responses are unchanged."""
    content: Any = json.loads(answer.get_data()) if answer.status_code == HTTPStatus.OK else None
    match content:
        case list():
            answer.set_data(_json(_first(content, count)))
        case {"data": list(items), "meta": dict(meta)}:
            kept = _first(items, count)
            end = {"hasMore": False, "nextCursor": "", "total": len(kept)}
            answer.set_data(_json({**content, "data": kept, "meta": {**meta, **end}}))
        case _:
            pass
    return answer


def _first(items: list[Any], count: float | None) -> list[Any]:
    return items[: len(items) // 2 if count is None else int(count)]


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
