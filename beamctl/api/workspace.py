"""The API of one workspace: a reader that cannot write, a sender, and a deleter of the workspace. Imports httpx, so
import it only when a request will be made."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from beamctl.api.auth import Auth
from beamctl.api.client import Client, Transports, through
from beamctl.api.clock import Clock, ClockSkew, SystemClock, WaitBudget
from beamctl.api.config import Connection, host_of
from beamctl.api.credential import sendable
from beamctl.api.errors import CallSite, Timeouts, api_error, kind_of
from beamctl.api.messages import OK, SERVER_ERROR, UNAUTHENTICATED, CallResult, Failure, Reply, Request
from beamctl.api.response_body import error_text
from beamctl.api.transport import Transport
from beamctl.errors import ApiError, GarbledError, UnauthenticatedError, UsageError
from beamctl.model.api_call import ApiCall, Deleter, Method, NoResponse, Reader, Response, Sender, is_error, segment
from beamctl.model.code import Code
from beamctl.model.fact import error_fact, fact
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
    """

    redactor: ApiRedactor = field(kw_only=True)
    timeouts: Timeouts = field(default_factory=Timeouts)
    debug: Callable[[str], None] | None = None
    clock: Clock = field(default_factory=SystemClock)
    chance: Callable[[], float] = random.random
    transports: Transports | None = None
    wait_budget: WaitBudget = field(default_factory=WaitBudget)


def open_workspace(
    connection: Connection,
    workspace: str,
    options: Options,
    *,
    wsgi_app: WSGIApplication | None = None,
) -> WorkspaceApi:
    """Open the API of a workspace; close it with `with`. No request is made yet.

    Args:
        connection: The URL and the credential.
        workspace: The name of the workspace.
        options: How to call the API.
        wsgi_app: An emulator inside this process, to use instead of the network.

    Raises:
        UsageError: The name is invalid.
    """
    if not sendable(workspace):
        raise UsageError("the name of the workspace is empty or contains an invalid character")
    transports = through(wsgi_app) if wsgi_app is not None else options.transports
    client = Client(connection.base_url, options.timeouts, transports, options.clock.stopped)
    return WorkspaceApi(connection, workspace, client, options)


class WorkspaceApi:
    """The API of one workspace. Hands out a reader, a sender and a deleter, and closes their connections."""

    def __init__(self, connection: Connection, workspace: str, client: Client, options: Options) -> None:
        self._client = client
        redactor = options.redactor
        tokens, requests = (
            Transport(client, options.clock, options.chance, redactor, options.wait_budget, options.debug)
            for _ in range(2)
        )  # separate throttles: a request may hold a slot while it waits for a token
        self._auth = Auth(connection, workspace, tokens.send, redactor, options.clock)
        self._channel = _Channel(connection, workspace, self._auth, requests, redactor)

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
    def credential_from(self) -> str:
        """Where the credential was found, for messages."""
        return self._channel.connection.credential_from

    def identity(self) -> Identity:
        """The owner of the credential as far as the credential itself says; empty for an API key."""
        return self._auth.identity()

    def skew(self) -> ClockSkew | None:
        """The difference between this machine's clock and the API's; None until a reply has been received."""
        return self._channel.transport.skew

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Channel:
    """Makes API calls with authentication; used by the reader, the sender and the deleter."""

    connection: Connection
    workspace: str
    auth: Auth
    transport: Transport
    redactor: ApiRedactor

    def ask(self, call: ApiCall, *, final: bool = False) -> CallResult:
        """Make a call, and repeat it with a new token after a 401 if possible. See `Request.final`."""
        if not _is_safe_path(call.path):
            path = self.redactor.clean(call.path)
            raise GarbledError(f"the API returned a name that is invalid in a path: {path}", "Check it in the console.")
        headers = self.auth.headers()
        once = final or call.method is Method.POST
        reads = call.method is Method.GET
        request = Request(call.method, call.path, call.body, headers, once=once, final=final, interruptible=reads)
        outcome = self.transport.send(request)
        if not _is_unauthenticated(outcome) or not self.auth.renew(headers):
            return outcome
        return self.transport.send(replace(request, headers=self.auth.headers()))

    def write(self, call: ApiCall, *, final: bool = False) -> Response | NoResponse:
        """Make a call that changes something, and return the result."""
        try:
            outcome = self.ask(call, final=final)
        except UnauthenticatedError:
            raise
        except ApiError as error:  # no token is available at the moment
            return NoResponse(fact=error_fact(error))
        if _is_unauthenticated(outcome):
            raise self.error(outcome, call)
        return self._answer(outcome, call)

    def _answer(self, outcome: CallResult, call: ApiCall) -> Response | NoResponse:
        secrets = tuple(self.redactor.secrets_in(call.body))
        match outcome:
            case Failure(fault=fault, why=why):
                return NoResponse(fact=error_fact(kind_of(fault)(self.redactor.clean(why, also=secrets))))
            case Reply(status=status, body=body) if status in OK:
                if call.method is Method.POST:  # a new resource may contain a secret, which is returned only once
                    self.redactor.learn_from(body)
                message = self.redactor.clean(error_text(outcome), also=secrets) if is_error(body) else ""
                return Response(status, body, message)
            case Reply(status=status) if status in SERVER_ERROR:
                host = host_of(self.connection.base_url)
                message = self.redactor.clean(error_text(outcome), also=secrets)
                return NoResponse(fact=fact(Code.SERVER_ERROR, host=host, status=status, detail=message))
            case Reply(status=status, body=body):
                message = self.redactor.clean(error_text(outcome), also=secrets)
                return Response(status, body, message, limited=outcome.limited)

    def error(self, outcome: CallResult, call: ApiCall) -> ApiError:
        """The error for a failed call."""
        return api_error(
            outcome, CallSite(self.connection, self.workspace, f"{call.method} {call.path}"), self.redactor
        )


class _Port:
    """What the reader, the sender and the deleter share."""

    __slots__ = ("_channel",)

    def __init__(self, channel: _Channel) -> None:
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


def _is_unauthenticated(outcome: CallResult) -> bool:
    return isinstance(outcome, Reply) and outcome.status == UNAUTHENTICATED


def _is_safe_path(path: str) -> bool:
    """Whether no name in the path changes its meaning: `DELETE /users/..` would not be about a user."""
    root, *names = path.partition("?")[0].split("/")
    return not root and bool(names) and all(name not in ("", ".", "..") for name in names)
