"""WSGI middleware around a control plane: injects faults, logs requests, and adds the control endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException

from beamctl.emulator.call import attach_context
from beamctl.emulator.clock import MovableClock, stamp
from beamctl.emulator.control import Control, ControlActions
from beamctl.emulator.control_plane import BASE_PATH, plane_of
from beamctl.emulator.errors import EmulatorError
from beamctl.emulator.faults import Fault, FaultKind, FaultScript, fault_text
from beamctl.emulator.faults.injection import FaultInjector
from beamctl.emulator.request_log import HIDDEN, Entry, RequestLog, logged_method, logged_query

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask
    from werkzeug.routing import MapAdapter


@dataclass(frozen=True, slots=True)
class MiddlewareOptions:
    """What the middleware uses. All of it can be used and changed while requests are in progress.

    Attributes:
        script: The faults.
        log: The request log.
        clock: The clock; the same as given to `create_app`, so the control endpoint can move it.
        control: Whether there is a control endpoint.
        sleep: Waits for a number of seconds, for latencies and slow bodies.
    """

    script: FaultScript = field(default_factory=FaultScript)
    log: RequestLog = field(default_factory=RequestLog)
    clock: MovableClock = field(default_factory=MovableClock)
    control: bool = False
    sleep: Callable[[float], None] = time.sleep


def add_middleware(app: Flask, options: MiddlewareOptions) -> None:
    """Wrap an application, once. It stays the same object, so `serve`, `as_operator` and others use the wrapped one.

    Raises:
        EmulatorError: The control endpoint is on, but the application uses another clock.
    """
    now = plane_of(app).now
    if options.control and now is not options.clock:
        raise EmulatorError("the control endpoint requires create_app(..., now=clock) with the clock of the middleware")
    wrapped: WSGIApplication = RequestMiddleware(app.wsgi_app, app.url_map.bind("localhost"), options, now)
    if options.control:
        wrapped = Control(wrapped, ControlActions(options.script, options.log, options.clock))
    app.wsgi_app = wrapped  # type: ignore[assignment, method-assign] # Flask's own way to put something around an application


@dataclass(frozen=True, slots=True)
class RequestMiddleware:
    """The application with fault injection and request logging.

    Attributes:
        app: The application.
        routes: Its routes.
        options: The faults, the log, and how to wait.
        now: The clock of the control plane.
    """

    app: WSGIApplication
    routes: MapAdapter
    options: MiddlewareOptions
    now: Callable[[], datetime]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request or cut the connection, as the script says.

        Raises:
            ConnectionCut: There is no response.
        """
        arrived, method, path = stamp(self.now()), environ["REQUEST_METHOD"], _path(environ)
        is_api = path == BASE_PATH or path.startswith(f"{BASE_PATH}/")
        request = self.options.script.next(method, path.removeprefix(BASE_PATH)) if is_api else None
        faults = request.faults if request else ()
        context, seen, app = attach_context(environ), _StatusRecorder(start_response), self.app
        for fault in reversed(_latencies_first(faults)):
            app = FaultInjector(fault, app, self.options.sleep)
        try:
            return app(environ, seen)
        finally:  # before the first byte is sent, so a client that has the response finds it in the log
            query = logged_query(environ.get("QUERY_STRING", ""))
            entry = Entry(
                number=request.number if request else None,
                time=arrived,
                method=logged_method(method),
                path=self._route(method, path) + query if is_api else context.page or f"/{HIDDEN}",
                who=context.who,
                workspace=context.workspace or None,
                status=seen.status,
                faults=tuple(fault_text(fault) for fault in faults),
            )
            self.options.log.add(entry)

    def _route(self, method: str, path: str) -> str:
        """The rule of the route, such as `/v0/users/<path:who>`. The path itself may contain a secret."""
        try:
            return self.routes.match(path, method, return_rule=True)[0].rule
        except HTTPException:
            return BASE_PATH if path == BASE_PATH else f"{BASE_PATH}/{HIDDEN}"


class _StatusRecorder:
    """Forwards the start of a response and records its status."""

    def __init__(self, start_response: StartResponse) -> None:
        self.status: int | None = None
        self._start_response = start_response

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:  # noqa: ANN401 - PEP 3333
        self.status = int(status[:3])
        return self._start_response(status, headers, exc_info)


def _latencies_first(faults: tuple[Fault, ...]) -> list[Fault]:
    """The faults with latencies first, in whatever order they were given."""
    return sorted(faults, key=lambda fault: fault.kind is not FaultKind.LATENCY)


def _path(environ: WSGIEnvironment) -> str:
    """The path, decoded. WSGI has one character per byte."""
    path = str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))
    return path.encode("latin-1", "replace").decode(errors="replace")
