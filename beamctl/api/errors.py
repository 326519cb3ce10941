"""Turns httpx's exceptions into failures, and failed requests into errors with a message and a hint. Of an exception's
text, only reasons from the operating system or OpenSSL are shown, never text that a proxy or server could have sent."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx

from beamctl.api.base_url import host_of
from beamctl.api.config import Connection
from beamctl.api.credential_hints import another_credential, credential_used, unrenewable
from beamctl.api.messages import (
    FORBIDDEN,
    MISSING,
    OK,
    REDIRECT,
    SERVER_ERROR,
    UNAUTHENTICATED,
    UNSUPPORTED,
    CallResult,
    Failure,
    FailureKind,
    Reply,
)
from beamctl.api.response_body import error_text
from beamctl.errors import ApiError, ForbiddenError, GarbledError, MissingError, UnauthenticatedError, UnreachableError
from beamctl.model.secret import ApiRedactor

_CONNECT_HINT = "Check --api-url and the network. Behind a proxy, check HTTPS_PROXY and NO_PROXY."
_LATER_HINT = "Try again later."
_TIMEOUT_HINT = "Try again later, or allow more time with --timeout."
_CERTIFICATE_HINT = (
    "If a proxy or a private certificate authority signs for this host, set SSL_CERT_FILE to its certificates."
)
_PROXY_REFUSALS = ("401", "403", "407")
_LOGIN_REQUIRED = "407"
_PROXY_LOGIN_HINT = "The proxy requires a login. Write it as http://USER:PASSWORD@HOST:PORT."
_PROXY_HINT = "Check HTTPS_PROXY, and NO_PROXY for hosts that need no proxy."


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for the API.

    Attributes:
        connect: Seconds for a TCP connection, and for a TLS handshake.
        read: Seconds for one request, from connecting to the last byte of the response.
    """

    connect: float = 10.0
    read: float = 60.0


@dataclass(slots=True)
class NetworkHop:
    """The proxy that a request in progress is waiting for.

    Attributes:
        proxy: The proxy that has not yet provided a connection, for messages; empty if there is none.
    """

    proxy: str = ""


def failure_of(error: httpx.HTTPError, host: str, timeouts: Timeouts, proxy: str = "") -> Failure:
    """The failure of a request that raised `error`.

    Args:
        error: The error.
        host: The host of the API.
        timeouts: The timeouts of the request.
        proxy: As in `NetworkHop`.
    """
    if proxy and not isinstance(error, httpx.ProxyError):
        return _no_proxy(error, proxy, timeouts)
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            why = f"no connection to {host} within {min(timeouts.connect, timeouts.read):g} s"
            return Failure(FailureKind.NOT_SENT, why, _CONNECT_HINT)
        case httpx.ConnectError():
            return _unconnected(error, host, f"the host {host}")
        case httpx.ProxyError():
            return _refused_by_proxy(str(error)[:3], host, proxy or "the proxy")
        case httpx.TimeoutException():
            why = f"no complete response from {host} within {timeouts.read:g} s"
            return Failure(FailureKind.NO_ANSWER, why, _TIMEOUT_HINT)
        case _:
            return _broken(error, host)


def _no_proxy(error: httpx.HTTPError, proxy: str, timeouts: Timeouts) -> Failure:
    """The failure to connect to a proxy. Nothing was sent to the API."""
    match error:
        case httpx.ConnectError():
            found = _unconnected(error, proxy)
            return replace(found, hint=found.hint if found.fault is FailureKind.HOPELESS else _PROXY_HINT)
        case httpx.ConnectTimeout():
            why = f"no connection to {proxy} within {min(timeouts.connect, timeouts.read):g} s"
        case httpx.TimeoutException():
            why = f"no connection through {proxy} within {timeouts.read:g} s"
        case _:
            why = f"{proxy} does not respond like a proxy"
    return Failure(FailureKind.NOT_SENT, why, _PROXY_HINT)


def _broken(error: httpx.HTTPError, host: str) -> Failure:
    match error:
        case httpx.RemoteProtocolError():
            return Failure(
                FailureKind.NO_ANSWER, f"the response of {host} is incomplete or not valid HTTP", _LATER_HINT
            )
        case httpx.LocalProtocolError() | httpx.UnsupportedProtocol():
            return Failure(FailureKind.HOPELESS, f"the request to {host} is not valid HTTP", "Check --api-url.")
        case _:
            return Failure(
                FailureKind.NO_ANSWER, f"{host} closed the connection before its response was complete", _LATER_HINT
            )


def _refused_by_proxy(status: str, host: str, proxy: str) -> Failure:
    why = f"{proxy} refused a connection to {host}"
    if status in _PROXY_REFUSALS:
        hint = _PROXY_LOGIN_HINT if status == _LOGIN_REQUIRED else _PROXY_HINT
        return Failure(FailureKind.HOPELESS, f"{why}: HTTP {status}", hint)
    return Failure(FailureKind.NOT_SENT, why, _PROXY_HINT)


def _unconnected(error: httpx.ConnectError, host: str, what: str = "") -> Failure:
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                why = f"the certificate of {host} is not trusted: {cause.verify_message}"
                return Failure(FailureKind.HOPELESS, why, _CERTIFICATE_HINT)
            case ssl.SSLError():
                why = f"no TLS connection to {host}: {cause.reason or 'the handshake failed'}"
                return Failure(FailureKind.NOT_SENT, why, "Check that the port accepts HTTPS.")
            case socket.gaierror():
                return Failure(FailureKind.NOT_SENT, f"{what or host} cannot be found: {cause.strerror}", _CONNECT_HINT)
            case OSError() if cause.strerror:
                return Failure(FailureKind.NOT_SENT, f"no connection to {host}: {cause.strerror}", _CONNECT_HINT)
    return Failure(FailureKind.NOT_SENT, f"no connection to {host}", _CONNECT_HINT)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


_GARBLED = (FailureKind.CUT_OFF, FailureKind.GARBLED)


@dataclass(frozen=True, slots=True)
class CallSite:
    """The request that failed, for messages.

    Attributes:
        connection: The API and the credential.
        workspace: The name of the workspace.
        request: The method and path.
    """

    connection: Connection
    workspace: str
    request: str


def kind_of(fault: FailureKind) -> type[ApiError]:
    """The type of error for a failure."""
    return GarbledError if fault in _GARBLED else UnreachableError


def api_error(outcome: CallResult, place: CallSite, redactor: ApiRedactor) -> ApiError:
    """The error for a failed request."""
    match outcome:
        case Failure(fault, why, hint):
            message = redactor.clean(f"{why} ({place.request})")
            return kind_of(fault)(message, hint)
        case Reply(status=status, limited=limited, until=until):
            kind, meaning = _meaning(0 if limited else status)
            details = _success_without_body(outcome) or error_text(outcome)
            message = f"{host_of(place.connection.base_url)} {meaning} {place.request}: {details}"
            hint = _hint_to_wait(until) if limited or until else _hint(status, place)
            return kind(redactor.clean(message), redactor.clean(hint), status=status)


def _success_without_body(reply: Reply) -> str:
    return f"HTTP {reply.status} without a JSON body" if reply.status in OK else ""


def _meaning(status: int) -> tuple[type[ApiError], str]:
    if status == UNAUTHENTICATED:
        return UnauthenticatedError, "rejected the credential for"
    if status == FORBIDDEN:
        return ForbiddenError, "does not allow"
    if status == MISSING:
        return MissingError, "found nothing for"
    return (GarbledError if status in OK else ApiError), "could not serve"


def _hint_to_wait(until: str) -> str:
    if until:
        return "Try again after that time, or allow a longer wait with --max-wait."
    return "The API limits requests. Try again later."


def _hint(status: int, place: CallSite) -> str:
    connection, other = place.connection, another_credential(place.connection, place.workspace)
    if status == UNAUTHENTICATED:
        return f"{credential_used(connection)}{unrenewable(connection)} Set a valid one, or {other}."
    if status == FORBIDDEN:
        lacks = f"has no access to the workspace {place.workspace} or lacks the required role"
        return f"{credential_used(connection)} The credential is valid, but {lacks}. Set one that has both, or {other}."
    if status == MISSING:
        usual = "" if connection.base_url.endswith("/v0") else ", which usually ends in /v0"
        check = f"Check that the workspace {place.workspace} exists, and check --api-url{usual}."
        return f"{check} {credential_used(connection)}"
    if status in REDIRECT:
        return "Set --api-url to the new address of the API."
    if status in UNSUPPORTED:
        return "This API does not support the request. Check --api-url."
    return "The service has a problem. Try again later." if status in SERVER_ERROR else ""
