"""Applies a fault to a request: whether it reaches the application, once or twice, and what happens to the response."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response
from werkzeug.wsgi import get_input_stream

from beamctl.emulator.fault.answer import STATUS, error, page, transform
from beamctl.emulator.fault.connection_reset import ConnectionCut
from beamctl.emulator.fault.kind import Fault, FaultKind

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


@dataclass(frozen=True, slots=True)
class Faulty:
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
            ConnectionCut: There is no response.
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
                raise ConnectionCut
            case FaultKind.HTML | FaultKind.HTML_AFTER:
                return page(self.fault)(environ, start_response)
            case FaultKind.CUT_OFF:
                return _half(answer(environ, start_response), len(answer.get_data()))
            case FaultKind.DRIP:
                return self._slowly(answer(environ, start_response), len(answer.get_data()))
            case kind if kind in STATUS:
                return error(self.fault)(environ, start_response)
            case _:
                return transform(self.fault, answer)(environ, start_response)

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
    raise ConnectionCut
