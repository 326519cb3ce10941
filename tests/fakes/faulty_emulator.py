"""The emulator in this process behind httpx, with the faults of a real connection but without sockets.

    faulty = FaultyEmulator(app)
    with open_workspace(connection, "acme", Options(transports=faulty.transport)) as api: ...
    faulty.plan("reset-after@3")

No time passes: a latency longer than the client's timeout is a timeout, and the request is carried out all the same.
"""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
from flask import Flask

from beamctl.api.client import through
from beamctl.emulator import (
    ConnectionDropped,
    FaultKind,
    FaultScript,
    MiddlewareOptions,
    RequestLog,
    add_middleware,
    read_rule,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


EVERY_FAULT = tuple(kind.example for kind in FaultKind)
"""An example of each kind of fault; `@3` and the like can be appended."""


class FaultyEmulator:
    """An application with faults, for one run after another.

    Attributes:
        app: The application; `app`, `as_operator(app)` and `as_person(app, …)` all go through the faults.
        script: The faults to come.
        log: The requests, with their faults.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.script = FaultScript()
        self.log = RequestLog()
        self._pauses = _Pauses()
        add_middleware(app, MiddlewareOptions(self.script, self.log, sleep=self._pauses))

    def plan(self, *faults: str) -> None:
        """Replace the faults, restart the count of requests at 1, and clear the log."""
        self.script.set(read_rule(fault) for fault in faults)
        self.log.clear()

    def transport(self, app: "WSGIApplication | None" = None) -> httpx.BaseTransport:
        """A transport for one thread; `app` may be `as_operator(…)` of the same application."""
        return _Transport(through(app or self.app)(), self._pauses)


class _Pauses(threading.local):
    """The longest pause in the current thread's request."""

    longest = 0.0

    def __call__(self, seconds: float) -> None:
        self.longest = max(self.longest, seconds)


class _Transport(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, pauses: _Pauses) -> None:
        self._inner = inner
        self._pauses = pauses

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._pauses.longest = 0.0
        try:
            response = self._inner.handle_request(request)
        except ConnectionDropped as error:
            self._time_out(request)
            raise httpx.ReadError("[Errno 104] Connection reset by peer", request=request) from error
        self._time_out(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=_Stream(self, request, response.stream)
        )

    def pieces(self, request: httpx.Request, stream: httpx.SyncByteStream) -> Iterator[bytes]:
        try:
            for piece in stream:
                self._time_out(request)
                yield piece
        except ConnectionDropped as error:
            why = "peer closed connection without sending complete message body"
            raise httpx.RemoteProtocolError(why, request=request) from error

    def _time_out(self, request: httpx.Request) -> None:
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and self._pauses.longest > patience:
            raise httpx.ReadTimeout("timed out", request=request)


class _Stream(httpx.SyncByteStream):
    def __init__(self, transport: _Transport, request: httpx.Request, stream: httpx.SyncByteStream) -> None:
        self._transport = transport
        self._request = request
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return self._transport.pieces(self._request, self._stream)

    def close(self) -> None:
        self._stream.close()
