"""Carries one request over HTTP and says what became of it; several threads may. It knows httpx, and must not know
credentials, repetition or what the paths mean."""

from __future__ import annotations

import json
import ssl
from collections import deque
from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import httpx

from beamctl import __version__
from beamctl.api.body import read
from beamctl.api.breakdown import Timeouts, failure_of
from beamctl.api.endpoint import host_of, is_loopback
from beamctl.api.exchange import Failure, Fault, Outcome, Request
from beamctl.errors import UsageError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer, decompressed: some fifty times what the largest workspace needs."""

Transports = Callable[[], httpx.BaseTransport]
"""Makes a way to carry requests, for one thread at a time."""


def through(app: WSGIApplication) -> Transports:
    """Carry requests to a WSGI application inside this process."""

    def latin_path(environ: WSGIEnvironment, start_response: StartResponse) -> Any:  # noqa: ANN401 - the app's own
        # WSGI wants the bytes of the path one character each (PEP 3333); httpx hands them over decoded
        environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
        return app(environ, start_response)

    return lambda: httpx.WSGITransport(app=latin_path)


class Client:
    """Requests to one base URL. Each is carried by an `httpx.Client` that no other thread uses meanwhile."""

    def __init__(self, base_url: str, timeouts: Timeouts, transports: Transports | None = None) -> None:
        self._base_url = base_url
        self.host = host_of(base_url)
        self._timeouts = timeouts
        self._transports = transports
        self._idle: deque[httpx.Client] = deque()
        self._making = Lock()

    def exchange(self, request: Request) -> Outcome:
        """Send one request, once.

        Raises:
            UsageError: The environment names a proxy or certificates that cannot be used.
        """
        client = self._take()
        try:
            return self._exchange(client, request)
        finally:
            self._idle.append(client)

    def close(self) -> None:
        """Close every connection. Nothing may be under way."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(self, client: httpx.Client, request: Request) -> Outcome:
        content = None if request.body is None else json.dumps(request.body).encode()
        headers = {"Accept": "application/json", **request.headers}
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            with client.stream(request.method, self._base_url + request.path, content=content, headers=headers) as got:
                pieces = bytearray()
                for piece in got.iter_bytes():
                    pieces += piece
                    if len(pieces) > LARGEST_ANSWER:
                        return Failure(Fault.GARBLED, f"the answer of {self.host} is larger than any it should give")
                return read(got.status_code, dict(got.headers), bytes(pieces), self.host)
        except httpx.HTTPError as error:
            return failure_of(error, self.host, self._timeouts)

    def _take(self) -> httpx.Client:
        try:
            return self._idle.pop()
        except IndexError:
            with self._making:
                return self._make()

    def _make(self) -> httpx.Client:
        common: dict[str, Any] = {
            "headers": {"User-Agent": f"beamctl/{__version__}"},
            "timeout": httpx.Timeout(self._timeouts.read, connect=self._timeouts.connect),
            "follow_redirects": False,
        }
        if self._transports is not None:
            return httpx.Client(transport=self._transports(), trust_env=False, **common)
        try:
            return httpx.Client(verify=self._trust, trust_env=not is_loopback(self._base_url), **common)
        except (ValueError, ImportError, httpx.InvalidURL):  # what they say may show the proxy's password
            raise UsageError(
                "the proxy that the environment names cannot be used",
                "Check HTTPS_PROXY and ALL_PROXY: they look like http://proxy.example:3128.",
            ) from None

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Whose certificates we believe: made once, as that takes longer than a request does."""
        if self._base_url.lower().startswith("http:"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # believes nobody, and is not asked
        try:
            return httpx.create_ssl_context()
        except OSError as error:  # ssl.SSLError is one
            raise UsageError(
                f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read: {error.strerror}",
                "Name a file of certificates in PEM format, or unset it.",
            ) from error
