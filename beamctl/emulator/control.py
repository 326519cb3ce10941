"""The control endpoint: faults, clock and request log of a running control plane, for programs and not for browsers."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from beamctl.emulator.control_actions import HANDLERS, ControlActions, Handler
from beamctl.emulator.errors import Refusal, forbidden, not_found

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

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
            _keep_web_pages_out(request)
            handle = _handler(path, request.method)
            return _json(handle(self.actions, request.get_data()), HTTPStatus.OK)
        except Refusal as refusal:
            return _json({"error": refusal.text, "code": refusal.status}, refusal.status, refusal.headers)
        except HTTPException as error:  # a body that is too large
            return _json({"error": error.name, "code": error.code}, error.code or HTTPStatus.BAD_REQUEST)


def _handler(path: str, method: str) -> Handler:
    """Find the handler.

    Raises:
        Refusal: 404 or 405.
    """
    methods = HANDLERS.get(path)
    if methods is None:
        raise not_found("Not Found")
    if method not in methods:
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed", {"Allow": ", ".join(methods)})
    return methods[method]


def _keep_web_pages_out(request: Request) -> None:
    """Reject requests that a web page in a user's browser could have sent.

    Current browsers identify themselves with `Sec-Fetch-…` or `Origin`. Others cannot send a PUT or DELETE to another
    origin without a preflight (OPTIONS), which gets a 405 here. What remains is DNS rebinding: such requests carry the
    page's own name as `Host`, which is not one of ours.

    Raises:
        Refusal: 403.
    """
    marks = [name for name in request.headers.keys() if name == "Origin" or name.startswith("Sec-Fetch-")]  # noqa: SIM118
    if marks:
        raise forbidden(
            f"web pages cannot use this endpoint, and {marks[0]} is a browser header; use a program such as curl"
        )
    if not _is_here(request.headers.get("Host", "")):
        raise forbidden("this host name is not accepted: send a Host header of localhost or an IP address")


def _is_here(host: str) -> bool:
    """Whether a `Host` is an IP address or `localhost`."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _json(body: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    kept = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(json.dumps(body, ensure_ascii=False), status, kept, content_type="application/json")
