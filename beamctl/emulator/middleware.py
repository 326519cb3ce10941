"""WSGI middleware that numbers requests, injects faults and logs each request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from beamctl.emulator.clock import stamp
from beamctl.emulator.fault.faulty import Faulty
from beamctl.emulator.fault.kind import Fault, FaultKind
from beamctl.emulator.fault.rule import fault_text
from beamctl.emulator.fault.script import FaultScript, Turn
from beamctl.emulator.log_redaction import HIDDEN, redacted_method, redacted_path, redacted_query
from beamctl.emulator.request_context import RequestContext, attach_context
from beamctl.emulator.request_log import Entry, RequestLog

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True, slots=True)
class RequestMiddleware:
    """The application with fault injection and request logging.

    Attributes:
        app: The application.
        base_path: Requests below it are numbered and can be faulted.
        script: The faults.
        log: The log.
        now: The clock.
        sleep: Waits for a number of seconds.
    """

    app: WSGIApplication
    base_path: str
    script: FaultScript
    log: RequestLog
    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request or cut the connection, as the script says.

        Raises:
            ConnectionCut: There is no response.
        """
        arrived = stamp(self.now())
        turn = self._turn(environ)
        context = attach_context(environ)
        seen = _StatusRecorder(start_response)
        app = self.app
        for fault in reversed(_latencies_first(turn.faults if turn else ())):
            app = Faulty(fault, app, self.sleep)
        try:
            return app(environ, seen)
        finally:  # before the first byte is sent, so a client that has the response finds it in the log
            self.log.add(self._entry(environ, turn, arrived, context, seen.status))

    def _turn(self, environ: WSGIEnvironment) -> Turn | None:
        """The turn of a request below the base path."""
        path = _path(environ)
        if path != self.base_path and not path.startswith(f"{self.base_path}/"):
            return None
        below = path.removeprefix(self.base_path).encode("latin-1", "replace").decode(errors="replace")
        return self.script.next(environ["REQUEST_METHOD"], below)

    def _entry(
        self, environ: WSGIEnvironment, turn: Turn | None, arrived: str, context: RequestContext, status: int | None
    ) -> Entry:
        return Entry(
            number=turn.number if turn else None,
            time=arrived,
            method=redacted_method(environ["REQUEST_METHOD"]),
            path=_address(environ) if turn else context.page or f"/{HIDDEN}",
            who=context.who,
            workspace=context.workspace or None,
            status=status,
            faults=tuple(fault_text(fault) for fault in turn.faults) if turn else (),
        )


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
    return str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))


def _address(environ: WSGIEnvironment) -> str:
    return redacted_path(_path(environ)) + redacted_query(str(environ.get("QUERY_STRING", "")))
