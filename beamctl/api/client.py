"""Sends a single request over HTTP, with httpx, and returns the reply or the failure."""

from __future__ import annotations

import json
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.cookiejar import CookieJar
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import httpx

from beamctl import __version__
from beamctl.api.base_url import host_of, is_loopback
from beamctl.api.completeness import sign_of_more
from beamctl.api.errors import NetworkHop, Timeouts, failure_of
from beamctl.api.messages import OK, CallResult, Failure, FailureKind, Reply, Request
from beamctl.api.response_body import Budget, OversizedError, receive
from beamctl.errors import UsageError
from beamctl.model.api_call import Method

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Transports = Callable[[], httpx.BaseTransport]
"""Creates an httpx transport for one thread at a time."""


def through(app: WSGIApplication) -> Transports:
    """A transport to a WSGI application inside this process."""

    def latin_path(environ: WSGIEnvironment, start_response: StartResponse) -> Any:  # noqa: ANN401 - the app's own
        # PEP 3333 wants the bytes of the path as Latin-1; httpx passes them decoded as UTF-8
        environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
        return app(environ, start_response)

    return lambda: httpx.WSGITransport(app=latin_path)


def _drop_location(response: httpx.Response) -> None:
    """Hide the target of a redirect from httpx, which parses it even if it does not follow it, and may raise."""
    response.headers.pop("location", None)


class _NoCookies(CookieJar):
    """A cookie jar that stays empty."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Ignore the cookies of a response."""


@dataclass(frozen=True, slots=True)
class _PooledClient:
    """An httpx client that is used by one thread at a time."""

    client: httpx.Client
    budget: Budget
    hop: NetworkHop


class Client:
    """Sends requests to one base URL. Each request has an `httpx.Client` of its own while it is in progress."""

    def __init__(
        self,
        base_url: str,
        timeouts: Timeouts,
        transports: Transports | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._base_url = base_url
        self.host = host_of(base_url)
        self._timeouts = timeouts
        self._transports = transports
        self._stopped = stopped
        self._idle: deque[_PooledClient] = deque()
        self._making = Lock()

    def exchange(self, request: Request) -> CallResult:
        """Send one request, once.

        Raises:
            UsageError: The environment names an unusable proxy or unusable certificates.
            InterruptedRunError: An interrupt ended a read, or a request that was not sent yet.
        """
        pooled = self._take()
        pooled.hop.proxy = ""
        pooled.budget.start(self._timeouts.read, interruptible=request.interruptible)
        try:
            outcome = self._exchange(pooled.client, request)
        except httpx.HTTPError as error:
            return failure_of(error, self.host, self._timeouts, pooled.hop.proxy)
        except OversizedError:
            return Failure(FailureKind.GARBLED, f"the response of {self.host} is too large", "Check --api-url.")
        finally:
            self._idle.append(pooled)
        is_checked = request.method is Method.GET and not request.paged
        return self._checked_read(outcome, request.path) if is_checked else outcome

    def close(self) -> None:
        """Close every connection. No request may be in progress."""
        while self._idle:
            self._idle.pop().client.close()

    def _exchange(self, client: httpx.Client, request: Request) -> CallResult:
        content = None if request.body is None else json.dumps(request.body).encode()
        headers = {"Accept": "application/json", **request.headers}
        if content is not None:
            headers["Content-Type"] = "application/json"
        with client.stream(request.method, self._base_url + request.path, content=content, headers=headers) as got:
            raw = cast("httpx.SyncByteStream", got.stream)  # still compressed: httpx would decompress without a limit
            return receive(got.status_code, dict(got.headers.items()), raw, self.host)

    def _checked_read(self, outcome: CallResult, path: str) -> CallResult:
        """Turn a read that may be incomplete into a failure: a success other than 200, or a listing with more pages."""
        if not isinstance(outcome, Reply) or outcome.status not in OK:
            return outcome
        if outcome.status != HTTPStatus.OK:
            why = f"{self.host} answered a read with HTTP {outcome.status} instead of 200"
            return Failure(FailureKind.GARBLED, why, "Check --api-url, and whether a proxy answers instead of the API.")
        if sign := sign_of_more(outcome.headers, outcome.body, first="cursor=" not in path):
            why = f"the listing from {self.host} is not complete: {sign}"
            return Failure(
                FailureKind.GARBLED,
                why,
                "The API does not document further pages here, so beamctl cannot read the rest.",
            )
        return outcome

    def _take(self) -> _PooledClient:
        try:
            return self._idle.pop()
        except IndexError:
            with self._making:
                return self._make()

    def _make(self) -> _PooledClient:
        budget = Budget(self._stopped)
        common: dict[str, Any] = {
            "headers": {"User-Agent": f"beamctl/{__version__}", "Accept-Encoding": "gzip"},
            "cookies": _NoCookies(),
            "timeout": httpx.Timeout(self._timeouts.read, connect=self._timeouts.connect),
            "follow_redirects": False,
            "event_hooks": {"response": [_drop_location]},
        }
        if self._transports is not None:
            return _PooledClient(
                httpx.Client(transport=self._transports(), trust_env=False, **common), budget, NetworkHop()
            )
        from beamctl.api.network import apply_budget

        try:
            client = httpx.Client(verify=self._trust, trust_env=not is_loopback(self._base_url), **common)
        except (ValueError, ImportError, httpx.InvalidURL):  # their messages may show the proxy's password
            raise UsageError(
                "the proxy set in the environment cannot be used",
                "Check HTTPS_PROXY and ALL_PROXY. A valid value looks like http://proxy.example:3128.",
            ) from None
        return _PooledClient(client, budget, apply_budget(client, budget))

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """The trusted certificates. Created once, because loading them takes longer than a request."""
        if self._base_url.lower().startswith("http:"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nothing, and is not used
        try:
            return httpx.create_ssl_context()
        except OSError as error:  # ssl.SSLError is one
            raise UsageError(
                f"the certificates in SSL_CERT_FILE or SSL_CERT_DIR cannot be read: {error.strerror}",
                "Set it to a file of certificates in PEM format, or unset it.",
            ) from error
