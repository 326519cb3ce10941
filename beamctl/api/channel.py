"""Makes the API calls of one workspace: authentication, a new token after a 401, and results as values or errors."""

from __future__ import annotations

from dataclasses import dataclass, replace

from beamctl.api.auth import Auth
from beamctl.api.base_url import host_of
from beamctl.api.config import Connection
from beamctl.api.errors import CallSite, api_error, kind_of
from beamctl.api.messages import OK, SERVER_ERROR, UNAUTHENTICATED, CallResult, Failure, Reply, Request
from beamctl.api.response_body import error_text
from beamctl.api.transport import Transport
from beamctl.errors import ApiError, GarbledError, UnauthenticatedError
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, is_error
from beamctl.model.code import Code
from beamctl.model.fact import error_fact, fact
from beamctl.model.secret import ApiRedactor


@dataclass(frozen=True, slots=True)
class Channel:
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
                message = self.redactor.clean(_after_status(outcome), also=secrets)
                return NoResponse(fact=fact(Code.SERVER_ERROR, host=host, status=status, detail=message))
            case Reply(status=status, body=body):
                message = self.redactor.clean(_after_status(outcome), also=secrets)
                return Response(status, body, message, limited=outcome.limited)

    def error(self, outcome: CallResult, call: ApiCall) -> ApiError:
        """The error for a failed call."""
        return api_error(
            outcome, CallSite(self.connection, self.workspace, f"{call.method} {call.path}"), self.redactor
        )


def _after_status(reply: Reply) -> str:
    """The error message without the status, for messages that name it."""
    return error_text(reply).removeprefix(f"HTTP {reply.status} ")


def _is_unauthenticated(outcome: CallResult) -> bool:
    return isinstance(outcome, Reply) and outcome.status == UNAUTHENTICATED


def _is_safe_path(path: str) -> bool:
    """Whether no name in the path changes its meaning: `DELETE /users/..` would not be about a user."""
    root, *names = path.partition("?")[0].split("/")
    return not root and bool(names) and all(name not in ("", ".", "..") for name in names)
