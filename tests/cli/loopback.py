"""The emulator on a loopback socket, with responses that a test can replace or hold back."""

import io
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from werkzeug.datastructures import EnvironHeaders

from tests.fakes import contract

Override = tuple[str, str, bytes]
"""Status line, headers as `Name: value` lines, body."""


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128  # with the default of 5, one of many connections at once waits a second


class Api:
    """Passes requests on to `app`, unless `override` returns a response.

    Attributes:
        url: The base URL.
        calls: `METHOD /path` of every request.
        override: Called with `METHOD /path`; returns a replacement response, or None.
        arrived: Released once for each request that is held back.
        gate: Requests that are held back wait for this.
        hold: Requests whose `METHOD /path` starts with this are held back.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.url = ""
        self.calls: list[str] = []
        self.override: Callable[[str], Override | None] = lambda _: None
        self.arrived = threading.Semaphore(0)
        self.gate = threading.Event()
        self.hold = "nothing"
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(sent)
        call = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO'].removeprefix('/v0')}"
        self.calls.append(call)
        method, _, path = call.partition(" ")
        contract.observe_bytes(method, path, EnvironHeaders(environ), sent)
        if call.startswith(self.hold):
            self.arrived.release()
            self.gate.wait(30)
        bent = self.override(call)
        if bent is None:
            return self._app(environ, start_response)
        status, headers, body = bent
        pairs = [tuple(line.split(": ", 1)) for line in headers.splitlines()]
        start_response(status, [*pairs, ("Content-Length", str(len(body)))])
        return [body]

    def always(self, status: str, body: str = "", headers: str = "Content-Type: application/json") -> None:
        """Answer every request with this response."""
        self.override = lambda _: (status, headers, body.encode())

    @property
    def writes(self) -> list[str]:
        return [call for call in self.calls if not call.startswith("GET")]


@contextmanager
def serving(app: Callable[..., Iterable[bytes]], *, hold: str = "nothing") -> Iterator[Api]:
    api = Api(app)
    api.hold = hold
    with make_server("127.0.0.1", 0, api, server_class=Server, handler_class=QuietHandler) as server:
        api.url = f"http://127.0.0.1:{server.server_port}/v0"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield api
        finally:
            api.gate.set()
            server.shutdown()
            thread.join()
