"""One workspace's API behind the ports: a reader that cannot write, a sender, and what deletes the workspace. The way
in is `open_workspace`. It must not know what other paths mean; only `plan` and its like load it, as it loads httpx."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from beamctl.api.auth import Auth
from beamctl.api.base_url import host_of
from beamctl.api.client import Client, Transports, through
from beamctl.api.clock import Clock, SystemClock
from beamctl.api.clock_skew import ClockSkew
from beamctl.api.config import Connection
from beamctl.api.credential import sendable
from beamctl.api.errors import CallSite, trouble
from beamctl.api.messages import OK, SERVER_TROUBLE, UNAUTHENTICATED, CallResult, Failure, Reply, Request
from beamctl.api.network_errors import Timeouts
from beamctl.api.redaction import DISTINCT, Redactor, secrets_in
from beamctl.api.response_body import error_text
from beamctl.api.transport import Transport
from beamctl.api.wait_budget import WaitBudget
from beamctl.errors import ApiError, GarbledError, UnauthenticatedError, UsageError
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, is_error, segment
from beamctl.model.identity import Identity
from beamctl.model.ports import Deleter, Reader, Sender

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True, slots=True)
class Options:
    """How to talk to the API; the defaults are good.

    Attributes:
        timeouts: How long to wait for an answer.
        debug: Called with one line for each request and each answer, without secrets; from several threads.
        clock: Where time comes from.
        chance: Random numbers from 0 to 1, for the waits between attempts.
        transports: How requests are carried, where not over the network.
        mask: Learns every secret that is used.
        patience: How long the run may wait for the API to lift a limit.
    """

    timeouts: Timeouts = field(default_factory=Timeouts)
    debug: Callable[[str], None] | None = None
    clock: Clock = field(default_factory=SystemClock)
    chance: Callable[[], float] = random.random
    transports: Transports | None = None
    mask: Redactor = field(default_factory=Redactor)
    patience: WaitBudget = field(default_factory=WaitBudget)


def open_workspace(
    connection: Connection,
    workspace: str,
    options: Options | None = None,
    *,
    wsgi_app: WSGIApplication | None = None,
) -> WorkspaceApi:
    """The API of a workspace, to be closed (`with`). Nothing is asked before it is used.

    Args:
        connection: Where the API is and who we are.
        workspace: Its name.
        options: How to talk to the API.
        wsgi_app: An emulator inside this process, to be asked instead of the network.

    Raises:
        UsageError: The name is one that no workspace can have.
    """
    if not sendable(workspace):
        raise UsageError("the name of the workspace is empty, or has a character that no name has")
    chosen = options or Options()
    transports = through(wsgi_app) if wsgi_app is not None else chosen.transports
    client = Client(connection.base_url, chosen.timeouts, transports, chosen.clock.stopped)
    return WorkspaceApi(connection, workspace, client, chosen)


class WorkspaceApi:
    """One workspace's API: hands out its halves, and closes what they use."""

    def __init__(self, connection: Connection, workspace: str, client: Client, options: Options) -> None:
        self._client = client
        mask = options.mask
        tokens, requests = (
            Transport(client, options.clock, options.chance, mask, options.patience, options.debug) for _ in range(2)
        )  # each at its own pace: a request for a token is made while another request waits for it
        self._auth = Auth(connection, workspace, tokens.carry, mask, options.clock)
        self._line = _Channel(connection, workspace, self._auth, requests, mask)

    def reader(self) -> Reader:
        """The half that cannot write."""
        return _WorkspaceReader(self._line)

    def sender(self) -> Sender:
        """The half that writes."""
        return _WorkspaceSender(self._line)

    def deleter(self) -> Deleter:
        """What deletes the workspace itself, and can do nothing else."""
        return _WorkspaceDeleter(self._line)

    @property
    def credential_from(self) -> str:
        """What named the credential, in words."""
        return self._line.connection.credential_from

    def who(self) -> Identity:
        """What the credential tells of its owner, without asking anybody; nothing for an API key."""
        return self._auth.who()

    def skew(self) -> ClockSkew | None:
        """How far the clock of this machine is from the API's; None until a reply tells."""
        return self._line.courier.skew

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Channel:
    """What the halves use."""

    connection: Connection
    workspace: str
    auth: Auth
    courier: Transport
    mask: Redactor

    def ask(self, call: ApiCall, *, final: bool = False) -> CallResult:
        """Make a call; after a 401 once more with another token, where there is one. See `Request.final`."""
        if not _names_something(call.path):
            path = self.mask.clean(call.path)
            raise GarbledError(f"the API showed a name that no path can hold: {path}", "Look at it in the console.")
        headers = self.auth.headers()
        once = final or call.method is Method.POST
        reads = call.method is Method.GET
        request = Request(call.method, call.path, call.body, headers, once=once, final=final, interruptible=reads)
        outcome = self.courier.carry(request)
        if not _is_unauthenticated(outcome) or not self.auth.renew(headers):
            return outcome
        return self.courier.carry(replace(request, headers=self.auth.headers()))

    def tell(self, call: ApiCall, *, final: bool = False) -> Response | NoResponse:
        """Make a call that changes something, and say what came back."""
        try:
            outcome = self.ask(call, final=final)
        except UnauthenticatedError:
            raise
        except ApiError as error:  # there is no token to be had at the moment
            return NoResponse(error.message)
        if _is_unauthenticated(outcome):
            raise self.trouble(outcome, call)
        return self._answer(outcome, call)

    def _answer(self, outcome: CallResult, call: ApiCall) -> Response | NoResponse:
        theirs = tuple(secrets_in(call.body))
        match outcome:
            case Failure(why=why):
                return NoResponse(self.mask.clean(why, also=theirs))
            case Reply(status=status, body=body) if status in OK:
                if call.method is Method.POST:  # what was made may have a secret, which is told this once
                    self.mask.learn(*(text for text in secrets_in(body) if len(text) >= DISTINCT))
                said = self.mask.clean(error_text(outcome), also=theirs) if is_error(body) else ""
                return Response(status, body, said)
            case Reply(status=status) if status in SERVER_TROUBLE:
                host = host_of(self.connection.base_url)
                return NoResponse(self.mask.clean(f"{host} answered HTTP {status}: {error_text(outcome)}", also=theirs))
            case Reply(status=status, body=body):
                said = self.mask.clean(error_text(outcome), also=theirs)
                return Response(status, body, said, limited=outcome.limited)

    def trouble(self, outcome: CallResult, call: ApiCall) -> ApiError:
        """The error that an outcome means."""
        return trouble(outcome, CallSite(self.connection, self.workspace, f"{call.method} {call.path}"), self.mask)


@dataclass(frozen=True, slots=True)
class _WorkspaceReader:
    _line: _Channel

    def get(self, path: str) -> Any:  # noqa: ANN401 - as the port has it
        """See `Reader`."""
        call = ApiCall(Method.GET, path)
        outcome = self._line.ask(call)
        if isinstance(outcome, Reply) and outcome.status in OK and not outcome.empty:
            return outcome.body
        raise self._line.trouble(outcome, call)


@dataclass(frozen=True, slots=True)
class _WorkspaceSender:
    _line: _Channel

    def send(self, call: ApiCall) -> Response | NoResponse:
        """See `Sender`."""
        return self._line.tell(call)


@dataclass(frozen=True, slots=True)
class _WorkspaceDeleter:
    _line: _Channel

    def delete_workspace(self) -> Response | NoResponse:
        """See `Deleter`."""
        return self._line.tell(ApiCall(Method.DELETE, f"/workspaces/{segment(self._line.workspace)}"), final=True)


def _is_unauthenticated(outcome: CallResult) -> bool:
    return isinstance(outcome, Reply) and outcome.status == UNAUTHENTICATED


def _names_something(path: str) -> bool:
    """Whether no name in the path turns it into another path: `DELETE /users/..` would not be about a user."""
    root, *names = path.partition("?")[0].split("/")
    return not root and bool(names) and all(name not in ("", ".", "..") for name in names)
