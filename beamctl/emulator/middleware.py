"""WSGI middleware: injects faults, logs requests without their secrets, and adds the control endpoint.

Hand-written, because it must see a request before Flask and its response after Flask.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from http import HTTPMethod
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from werkzeug.exceptions import HTTPException

from beamctl.emulator.call import attach_context
from beamctl.emulator.clock import MovableClock, stamp
from beamctl.emulator.control import Control, ControlActions
from beamctl.emulator.control_plane import BASE_PATH, plane_of
from beamctl.emulator.errors import EmulatorError
from beamctl.emulator.faults import Fault, FaultKind, FaultScript, fault_text
from beamctl.emulator.faults.injection import FaultInjector

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask
    from werkzeug.routing import MapAdapter

HIDDEN = "…"
_LONGEST_QUERY = 4000
_SHOWN_QUERY = {
    "limit": re.compile(r"-?\d{1,6}"),
    "sort": re.compile(r"(?:name|createdAt):(?:asc|desc)"),
    "anchor": re.compile("end"),
    "countResources": re.compile("true|false"),
    "withReason": re.compile("true|false"),
}
"""The query parameters that are logged, with the values allowed."""

MOST_KEPT = 10_000

_log = logging.getLogger(__name__)


def logged_method(method: str) -> str:
    """The method if it is a standard one. Others are hidden: a client may send anything."""
    return method if method in set(HTTPMethod) else HIDDEN


def logged_query(query: str) -> str:
    """The query with its question mark; empty if there is none.

    Only pagination parameters are logged; any other could contain a secret, even in its name.
    """
    given = parse_qsl(query[:_LONGEST_QUERY], keep_blank_values=True)
    shown = [f"{name}={value}" for name, value in given if name in _SHOWN_QUERY and _SHOWN_QUERY[name].fullmatch(value)]
    rest = [HIDDEN] if len(shown) < len(given) or (query and not given) else []
    return "?" + "&".join(shown + rest) if shown or rest else ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    Attributes:
        number: Its number, from 1; None if it is not below `/v0`.
        time: When it arrived, by the control plane's clock, in the API's format.
        method: The method.
        path: The route, such as `/v0/users/<path:who>`, and the pagination parameters of the query.
        who: An e-mail address, `service account CLIENT-ID`, `operator`, or `anonymous` without a known credential; None
            if no credential was checked: an open route, an unknown route, or a fault that came first.
        workspace: The name of its workspace; None if it has none or the workspace does not exist.
        status: The status sent; None if there was no response.
        faults: The injected faults, as they are written.
    """

    number: int | None
    time: str
    method: str
    path: str
    who: str | None
    workspace: str | None
    status: int | None
    faults: tuple[str, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """The entry as JSON."""
        return {**asdict(self), "faults": list(self.faults)}


class RequestLog:
    """The latest requests. Thread-safe."""

    def __init__(self, write: Callable[[bytes], object] | None = None, most: int = MOST_KEPT) -> None:
        """Start an empty log.

        Args:
            write: Receives one line at a time; None to write nothing.
            most: How many requests are kept.
        """
        self._write = write
        self._entries: deque[Entry] = deque(maxlen=most)
        self._lock = Lock()
        self._warned = False

    def add(self, entry: Entry) -> None:
        """Add an entry and write it. A failed write is logged once and is not an error."""
        line = json.dumps(entry.fields, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            self._entries.append(entry)
            if self._write is None:
                return
            try:
                self._write(line)
            except (OSError, ValueError) as error:  # a full disk, a closed pipe, a file closed at shutdown
                if not self._warned:
                    _log.warning("the request log cannot be written: %s", error)
                self._warned = True

    def entries(self) -> list[Entry]:
        """The entries in the order in which the requests were answered."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Delete the entries. Numbering continues, and written lines stay."""
        with self._lock:
            self._entries.clear()


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
        raise EmulatorError(
            "the control endpoint requires the clock of the application: MiddlewareOptions(clock=clock_of(app))"
        )
    wrapped: WSGIApplication = RequestMiddleware(app.wsgi_app, app.url_map.bind("localhost"), options, now)
    if options.control:
        wrapped = Control(wrapped, ControlActions(options.script, options.log, options.clock))
    app.wsgi_app = wrapped  # type: ignore[assignment, method-assign] # as Flask documents it


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
        """Answer the request or drop the connection, as the script says.

        Raises:
            ConnectionDropped: There is no response.
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
    """The faults, latencies first."""
    return sorted(faults, key=lambda fault: fault.kind is not FaultKind.LATENCY)


def _path(environ: WSGIEnvironment) -> str:
    """The decoded path. In WSGI, each of its characters is a byte."""
    path = str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))
    return path.encode("latin-1", "replace").decode(errors="replace")
