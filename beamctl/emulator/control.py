"""The control endpoint: faults, clock and request log of a running control plane. It refuses browsers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from beamctl.emulator.call import json_object
from beamctl.emulator.clock import MovableClock, read_duration, read_moment, stamp, utc_now
from beamctl.emulator.control_plane import is_local_host
from beamctl.emulator.errors import ApiError, EmulatorError, FaultError, bad_request, forbidden, not_found
from beamctl.emulator.faults import FaultScript
from beamctl.emulator.faults.parser import read_rule

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from beamctl.emulator.middleware import RequestLog

_MOST_FAULTS = 1000


@dataclass(frozen=True, slots=True)
class ControlActions:
    """Reads and changes the state of a running emulator. Methods take a request body and return a response body.

    Attributes:
        script: The faults.
        log: The request log.
        clock: The clock of the control plane.
    """

    script: FaultScript
    log: RequestLog
    clock: MovableClock

    def faults(self, _body: bytes) -> object:
        """The faults and their counters."""
        return {
            "faults": [
                {**each.rule.fields, "text": each.rule.text, "counted": each.counted, "hits": each.hits}
                for each in self.script.states()
            ]
        }

    def set_faults(self, body: bytes) -> object:
        """Replace the faults. Requests are counted from 1 again.

        Raises:
            ApiError: 400: the body is invalid.
        """
        content = json_object(body)
        faults = content.get("faults")
        if set(content) != {"faults"} or not isinstance(faults, list) or len(faults) > _MOST_FAULTS:
            raise bad_request(f'the body must look like {{"faults": ["503@3"]}}, with {_MOST_FAULTS} faults at most')
        try:
            self.script.set([read_rule(each) for each in faults])
        except FaultError as error:
            raise bad_request(f"{error}. {error.hint}") from None
        return self.faults(b"")

    def clear_faults(self, _body: bytes) -> object:
        """Remove all faults."""
        self.script.set([])
        return self.faults(b"")

    def time(self, _body: bytes) -> object:
        """The time on the clock and the real time."""
        return {"now": stamp(self.clock()), "real": stamp(utc_now())}

    def set_time(self, body: bytes) -> object:
        """Set the clock or move it forward.

        Raises:
            ApiError: 400: the body is invalid.
        """
        content = json_object(body)
        try:
            match content:
                case {"now": str(text)} if len(content) == 1 and (moment := read_moment(text)):
                    self.clock.set(moment)
                case {"forward": str(text)} if len(content) == 1 and (by := read_duration(text)):
                    self.clock.forward(by)
                case _:
                    raise bad_request('the body must be {"now": "2027-01-31T00:00:00Z"} or {"forward": "7d"}')
        except EmulatorError as error:
            raise bad_request(str(error)) from None
        return self.time(b"")

    def requests(self, _body: bytes) -> object:
        """The request log."""
        return {"requests": [entry.fields for entry in self.log.entries()]}

    def clear_requests(self, _body: bytes) -> object:
        """Clear the request log."""
        self.log.clear()
        return self.requests(b"")


Handler = Callable[[ControlActions, bytes], object]
HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "/faults": {"GET": ControlActions.faults, "PUT": ControlActions.set_faults, "DELETE": ControlActions.clear_faults},
    "/clock": {"GET": ControlActions.time, "PUT": ControlActions.set_time},
    "/requests": {"GET": ControlActions.requests, "DELETE": ControlActions.clear_requests},
}
"""The handlers by path and method."""

PATH = "/control"
_LARGEST_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Control:
    """The application with the control endpoint.

    Attributes:
        app: Answers every other path.
        actions: The operations of the endpoint.
    """

    app: WSGIApplication
    actions: ControlActions

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        path = str(environ.get("PATH_INFO", ""))
        if path != PATH and not path.startswith(f"{PATH}/"):
            return self.app(environ, start_response)
        return self._answer(Request(environ), path.removeprefix(PATH))(environ, start_response)

    def _answer(self, request: Request, path: str) -> Response:
        request.max_content_length = _LARGEST_BODY
        try:
            _reject_browsers(request)
            handle = _handler(path, request.method)
            return _json(handle(self.actions, request.get_data()), HTTPStatus.OK)
        except ApiError as error:
            return _json({"error": error.text, "code": error.status}, error.status, error.headers)
        except HTTPException as error:  # a body that is too large
            return _json({"error": error.name, "code": error.code}, error.code or HTTPStatus.BAD_REQUEST)


def _handler(path: str, method: str) -> Handler:
    """Find the handler.

    Raises:
        ApiError: 404 or 405.
    """
    methods = HANDLERS.get(path)
    if methods is None:
        raise not_found("Not Found")
    if method not in methods:
        raise ApiError(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed", {"Allow": ", ".join(methods)})
    return methods[method]


def _reject_browsers(request: Request) -> None:
    """Reject requests that a web page in a user's browser could have sent.

    Current browsers identify themselves with `Sec-Fetch-…` or `Origin`. Others cannot send a PUT or DELETE to another
    origin without a preflight (OPTIONS), which gets a 405 here. A page could still use DNS rebinding, but
    its requests have its own host name in `Host`, which is rejected.

    Raises:
        ApiError: 403.
    """
    browser_headers = [name for name in request.headers.keys() if name == "Origin" or name.startswith("Sec-Fetch-")]  # noqa: SIM118
    if browser_headers:
        raise forbidden(
            f"web pages cannot use this endpoint, and browsers send {browser_headers[0]}; use a program such as curl"
        )
    if not is_local_host(request.headers.get("Host", "")):
        raise forbidden("this host name is not accepted: send a Host header of localhost or an IP address")


def _json(body: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    kept = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(json.dumps(body, ensure_ascii=False), status, kept, content_type="application/json")
