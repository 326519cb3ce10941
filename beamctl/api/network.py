"""A network backend for httpcore, which httpx uses, that enforces the time and size limits of requests."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import httpcore

from beamctl.api.errors import NetworkHop
from beamctl.api.response_body import Budget

if TYPE_CHECKING:
    import httpx

_SLICE = 0.1
"""Seconds between checks for an interrupt."""
_PIECE = 1024
"""Bytes per write. Small, because httpcore restarts its timeout whenever the peer accepts some bytes."""


def apply_budget(client: httpx.Client, budget: Budget) -> NetworkHop:
    """Apply a budget to all connections of a client, and track which proxy a request is waiting for.

    httpx accepts no network backend, and creates the connection pools for proxies itself, so this uses private names of
    httpx and httpcore. If a version renames one, this fails.
    """
    hop = NetworkHop()
    mounts = [(pattern.scheme, transport) for pattern, transport in client._mounts.items()]  # noqa: SLF001 - see above
    for scheme, transport in [(None, client._transport), *mounts]:  # noqa: SLF001 - see above
        if transport is not None:  # None: NO_PROXY names these hosts
            pool = transport._pool  # type: ignore[attr-defined]  # noqa: SLF001 - see above
            named_by = "" if scheme is None else _variable(scheme)
            pool._network_backend = _Backend(pool._network_backend, budget, hop, named_by)  # noqa: SLF001 - see above
    return hop


def _variable(scheme: str) -> str:
    """The variable that sets the proxy for URLs of a scheme. An empty scheme means all."""
    name = f"{scheme or 'all'}_proxy"
    found = [each for each in os.environ if each.lower() == name]
    return name if name in found else next(iter(found), "the system")


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend, budget: Budget, hop: NetworkHop, named_by: str) -> None:
        self._inner = inner
        self._budget = budget
        self._hop = hop
        self._named_by = named_by

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        seconds = _timeout_left(timeout, self._budget)
        proxy = ""
        if self._named_by:
            proxy = host
            self._hop.proxy = f"the proxy {f'[{host}]' if ':' in host else host}:{port} set by {self._named_by}"
        inner = _in_thread(
            lambda: self._inner.connect_tcp(host, port, seconds, local_address, socket_options), self._budget
        )
        return _Stream(inner, self._budget, self._hop, proxy)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, budget: Budget, hop: NetworkHop, proxy: str) -> None:
        self._inner = inner
        self._budget = budget
        self._hop = hop
        self._proxy = proxy

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the budget is stricter
        while left := self._budget.left():
            try:
                data = self._inner.read(max_bytes, min(left, _SLICE))
            except httpcore.ReadTimeout:
                continue
            self._budget.receive(len(data))
            return data
        raise httpcore.ReadTimeout

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as above
        for start in range(0, len(buffer), _PIECE):
            left = self._budget.left()
            if not left:
                raise httpcore.WriteTimeout
            self._inner.write(buffer[start : start + _PIECE], left)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = _timeout_left(timeout, self._budget)
        if server_hostname != self._proxy:  # through the proxy, if there is one
            self._hop.proxy = ""
        inner = _in_thread(lambda: self._inner.start_tls(ssl_context, server_hostname, seconds), self._budget)
        return _Stream(inner, self._budget, self._hop, self._proxy)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore has it
        return self._inner.get_extra_info(info)


def _timeout_left(timeout: float | None, budget: Budget) -> float:
    left = budget.left(connecting=True)
    if not left:
        raise httpcore.ConnectTimeout
    return left if timeout is None else min(timeout, left)


def _in_thread(connect: Callable[[], httpcore.NetworkStream], budget: Budget) -> httpcore.NetworkStream:
    """Connect in a separate thread, because name resolution and TLS handshakes cannot be interrupted."""
    connecting: Future[httpcore.NetworkStream] = Future()
    threading.Thread(target=_settle, args=(connecting, connect), daemon=True).start()
    try:
        _await(connecting, budget)
    except BaseException:
        connecting.add_done_callback(_discard)
        raise
    return connecting.result()


def _await(connecting: Future[httpcore.NetworkStream], budget: Budget) -> None:
    while left := budget.left(connecting=True):
        try:
            connecting.exception(min(left, _SLICE))
        except TimeoutError:
            continue
        return
    raise httpcore.ConnectTimeout


def _settle(connecting: Future[httpcore.NetworkStream], connect: Callable[[], httpcore.NetworkStream]) -> None:
    try:
        connecting.set_result(connect())
    except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
        connecting.set_exception(error)


def _discard(connecting: Future[httpcore.NetworkStream]) -> None:
    if connecting.exception() is None:
        connecting.result().close()
