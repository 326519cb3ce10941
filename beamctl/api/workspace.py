"""The APIs of workspaces: for each a reader that cannot write, a sender, and a deleter of the workspace; and what they
share in a run. Imports httpx, so import it only when a request will be made."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from beamctl.api.auth import Auth, TokenSource
from beamctl.api.channel import Channel
from beamctl.api.client import Client, Transports, through
from beamctl.api.clock import Clock, ClockSkew, SystemClock, WaitBudget
from beamctl.api.config import Connection
from beamctl.api.credential import Credential, sendable
from beamctl.api.errors import Timeouts
from beamctl.api.messages import OK, Reply
from beamctl.api.throttle import MOST_IN_FLIGHT, InFlight, Throttle
from beamctl.api.transport import Transport
from beamctl.errors import UsageError
from beamctl.model.api_call import ApiCall, Deleter, Method, NoResponse, Reader, Response, Sender, segment
from beamctl.model.identity import Identity
from beamctl.model.secret import ApiRedactor

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True, slots=True)
class Options:
    """How to call the API.

    Attributes:
        redactor: Learns every secret that is used.
        timeouts: The timeouts of requests.
        debug: Called with one redacted line for each request and response, from several threads.
        clock: The clock.
        chance: Returns random numbers from 0 to 1, for the waits between retries.
        transports: Creates httpx transports, to replace the network.
        wait_budget: How long the run may wait for rate limits.
        in_flight: How many requests may be in flight.
    """

    redactor: ApiRedactor = field(kw_only=True)
    timeouts: Timeouts = field(default_factory=Timeouts)
    debug: Callable[[str], None] | None = None
    clock: Clock = field(default_factory=SystemClock)
    chance: Callable[[], float] = random.random
    transports: Transports | None = None
    wait_budget: WaitBudget = field(default_factory=WaitBudget)
    in_flight: int = MOST_IN_FLIGHT


def open_workspace(
    connection: Connection,
    workspace: str,
    options: Options,
    *,
    wsgi_app: WSGIApplication | None = None,
) -> WorkspaceApi:
    """Open the API of a single workspace; close it with `with`. No request is made yet.

    Args:
        connection: The URL and the credential.
        workspace: The name of the workspace.
        options: How to call the API.
        wsgi_app: An emulator inside this process, to use instead of the network.

    Raises:
        UsageError: The name is invalid.
    """
    return Pool(options, wsgi_app).open(connection, workspace)


@dataclass(frozen=True, slots=True)
class _Account:
    """What the workspaces that use one credential share.

    Attributes:
        gate: The throttle, because rate limits count by credential.
        tokens: The token.
    """

    gate: Throttle
    tokens: TokenSource


class Pool:
    """What the workspaces of a run share: connections, the bound on requests in flight, and for each credential a
    throttle and a token. Thread-safe."""

    def __init__(self, options: Options, wsgi_app: WSGIApplication | None = None) -> None:
        self._options = options
        self._transports = through(wsgi_app) if wsgi_app is not None else options.transports
        self._in_flight = InFlight(options.in_flight)
        self._lock = Lock()
        self._clients: dict[str, Client] = {}
        self._accounts: dict[tuple[str, Credential | None], _Account] = {}

    def open(self, connection: Connection, workspace: str) -> WorkspaceApi:
        """Open the API of a workspace. No request is made yet.

        Raises:
            UsageError: The name is invalid.
        """
        if not sendable(workspace):
            raise UsageError("the name of the workspace is empty or contains an invalid character")
        with self._lock:
            client = self._client(connection.base_url)
            account = self._account(connection, client)
        auth = Auth(connection, workspace, account.tokens)
        transport = self._transport(client, account.gate)
        return WorkspaceApi(Channel(connection, workspace, auth, transport, self._options.redactor), self)

    def close(self) -> None:
        """Close all connections. No request may be in progress."""
        for client in self._clients.values():
            client.close()

    def _client(self, base_url: str) -> Client:
        if base_url not in self._clients:
            options = self._options
            self._clients[base_url] = Client(base_url, options.timeouts, self._transports, options.clock.stopped)
        return self._clients[base_url]

    def _account(self, connection: Connection, client: Client) -> _Account:
        key = connection.base_url, connection.credential
        if key not in self._accounts:
            clock = self._options.clock
            gates = [Throttle(clock, self._in_flight) for _ in range(2)]  # a limit on tokens limits nothing else
            ask = self._transport(client, gates[0]).send
            tokens = TokenSource(connection, ask, self._options.redactor, clock)
            self._accounts[key] = _Account(gates[1], tokens)
        return self._accounts[key]

    def _transport(self, client: Client, gate: Throttle) -> Transport:
        options = self._options
        return Transport(
            client, gate, options.clock, options.chance, options.redactor, options.wait_budget, debug=options.debug
        )


class WorkspaceApi:
    """The API of one workspace. Hands out a reader, a sender and a deleter."""

    def __init__(self, channel: Channel, pool: Pool) -> None:
        self._channel = channel
        self._pool = pool

    def reader(self) -> Reader:
        """The reader, which cannot write."""
        return _WorkspaceReader(self._channel)

    def sender(self) -> Sender:
        """The sender, which writes."""
        return _WorkspaceSender(self._channel)

    def deleter(self) -> Deleter:
        """The deleter, which can only delete the workspace itself."""
        return _WorkspaceDeleter(self._channel)

    @property
    def connection(self) -> Connection:
        """The API and the credential."""
        return self._channel.connection

    def identity(self) -> Identity:
        """The owner of the credential as far as the credential itself says; empty for an API key."""
        return self._channel.auth.identity()

    def skew(self) -> ClockSkew | None:
        """The difference between this machine's clock and the API's; None until a reply has been received."""
        return self._channel.transport.skew

    def close(self) -> None:
        """Close all connections of the pool, for a workspace that has one of its own."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Port:
    """What the reader, the sender and the deleter share."""

    __slots__ = ("_channel",)

    def __init__(self, channel: Channel) -> None:
        self._channel = channel


class _WorkspaceReader(_Port):
    __slots__ = ()

    def get(self, path: str) -> Any:  # noqa: ANN401 - as the port has it
        """See `Reader`."""
        call = ApiCall(Method.GET, path)
        outcome = self._channel.ask(call)
        if isinstance(outcome, Reply) and outcome.status in OK and not outcome.empty:
            return outcome.body
        raise self._channel.error(outcome, call)


class _WorkspaceSender(_Port):
    __slots__ = ()

    def send(self, call: ApiCall) -> Response | NoResponse:
        """See `Sender`."""
        return self._channel.write(call)


class _WorkspaceDeleter(_Port):
    __slots__ = ()

    def delete_workspace(self) -> Response | NoResponse:
        """See `Deleter`."""
        return self._channel.write(
            ApiCall(Method.DELETE, f"/workspaces/{segment(self._channel.workspace)}"), final=True
        )
