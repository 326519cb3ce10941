"""Applies a fault to a request: whether it reaches the application, once or twice, and what happens to the response."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response
from werkzeug.wsgi import get_input_stream

from beamctl.emulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PIECES = 50
"""The maximum number of pieces of a slow body."""

_NOT_EXECUTED = frozenset(
    {
        FaultKind.THROTTLED,
        FaultKind.INTERNAL_ERROR,
        FaultKind.BAD_GATEWAY,
        FaultKind.UNAVAILABLE,
        FaultKind.RESET,
        FaultKind.HTML,
    }
)

_STATUS = {
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


class ConnectionDropped(ConnectionError):  # noqa: N818 - intended, not an error of the emulator
    """The connection to the client is dropped: reset before the response, or closed in the middle of its body."""

    def __init__(self) -> None:
        super().__init__("the connection was dropped by an injected fault")


@dataclass(frozen=True, slots=True)
class FaultInjector:
    """The application with one fault, for one request.

    Attributes:
        fault: What goes wrong.
        app: The application.
        sleep: Waits for a number of seconds.
    """

    fault: Fault
    app: WSGIApplication
    sleep: Callable[[float], None]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request with the fault applied.

        Raises:
            ConnectionDropped: There is no response.
        """
        if self.fault.kind is FaultKind.LATENCY:
            self.sleep(self.fault.value or 0)
            return self.app(environ, start_response)
        return self._sent(self._call(environ), environ, start_response)

    def _call(self, environ: WSGIEnvironment) -> Response:
        """The application's response; an empty one if the request does not reach it."""
        if self.fault.kind in _NOT_EXECUTED:
            return Response()
        if self.fault.kind is FaultKind.DUPLICATE:
            body = get_input_stream(environ).read()
            environ["CONTENT_LENGTH"] = str(len(body))
            environ["wsgi.input"] = io.BytesIO(body)
            Response.from_app(self.app, environ, buffered=True)
            environ["wsgi.input"] = io.BytesIO(body)
        return Response.from_app(self.app, environ, buffered=True)

    def _sent(self, answer: Response, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        match self.fault.kind:
            case FaultKind.RESET | FaultKind.RESET_AFTER:
                raise ConnectionDropped
            case FaultKind.HTML | FaultKind.HTML_AFTER:
                return _error_page(self.fault)(environ, start_response)
            case FaultKind.CUT_OFF:
                return _half(answer(environ, start_response), len(answer.get_data()))
            case FaultKind.DRIP:
                return self._slowly(answer(environ, start_response), len(answer.get_data()))
            case kind if kind in _STATUS:
                return _error(self.fault)(environ, start_response)
            case _:
                return _transform(self.fault, answer)(environ, start_response)

    def _slowly(self, pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
        """The body in small pieces, with a pause before each."""
        body = b"".join(pieces)
        size = -(-length // PIECES) or 1
        pause = (self.fault.value or 0) / (-(-length // size) or 1)
        for begin in range(0, len(body), size):
            self.sleep(pause)
            yield body[begin : begin + size]


def _half(pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
    """The first half of the body; the headers promise the rest."""
    yield b"".join(pieces)[: length // 2]
    raise ConnectionDropped


def _error(fault: Fault) -> Response:
    """An error in the API's format."""
    status = _STATUS[fault.kind]
    headers = {} if fault.value is None else {"Retry-After": f"{fault.value:g}"}
    text = json.dumps({"error": status.phrase, "code": status.value})
    return Response(text, status, headers, content_type="application/json")


def _error_page(fault: Fault) -> Response:
    """An HTML error page as a proxy sends it."""
    code = int(fault.value or HTTPStatus.BAD_GATEWAY)
    title = f"{code} {responses.get(code, 'Error')}"
    body = f"<!doctype html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Response(body, code, content_type="text/html; charset=utf-8")


def _transform(fault: Fault, answer: Response) -> Response:
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
