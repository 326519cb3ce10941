"""Turns failed requests into errors with a message and a hint."""

from __future__ import annotations

from dataclasses import dataclass

from beamctl.api.base_url import host_of
from beamctl.api.config import Connection
from beamctl.api.messages import (
    MISSING,
    OK,
    REDIRECT,
    SERVER_ERROR,
    UNAUTHENTICATED,
    CallResult,
    Failure,
    FailureKind,
    Reply,
)
from beamctl.api.rate_limit import FORBIDDEN
from beamctl.api.response_body import error_text
from beamctl.errors import (
    ApiError,
    ForbiddenError,
    GarbledError,
    MissingError,
    UnauthenticatedError,
    UnreachableError,
)
from beamctl.model.ports import ApiRedactor

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


def api_error(outcome: CallResult, place: CallSite, redactor: ApiRedactor) -> ApiError:
    """The error for a failed request."""
    match outcome:
        case Failure(fault, why, hint):
            message = redactor.clean(f"{why} ({place.request})")
            return GarbledError(message, hint) if fault in _GARBLED else UnreachableError(message, hint)
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
        return MissingError, "does not have"
    return (GarbledError if status in OK else ApiError), "did not serve"


def another_credential(connection: Connection, workspace: str) -> str:
    """A hint for using another credential. A variable or an option takes precedence over every login."""
    origin = connection.credential_from
    if origin.isidentifier():
        return "unset it to use another one"
    if origin.startswith("--"):
        return f"omit {origin.partition(' ')[0]} to use another one"
    return f"log in again with: bl login {workspace}"


def _hint_to_wait(until: str) -> str:
    if until:
        return "Try again after that time, or allow a longer wait with --max-wait."
    return "The API limits requests. Try again later."


def _hint(status: int, place: CallSite) -> str:
    connection = place.connection
    credential = f"The credential comes from {connection.credential_from or 'nowhere'}"
    other = another_credential(connection, place.workspace)
    if status == UNAUTHENTICATED:
        return f"{credential}. Set a valid one, or {other}."
    if status == FORBIDDEN:
        return (
            f"{credential}. It is valid, but has no access to the workspace {place.workspace} or lacks the required "
            f"role. Set one that has both, or {other}."
        )
    if status == MISSING:
        usual = "" if connection.base_url.endswith("/v0") else ", which usually ends in /v0"
        return f"Check that the workspace {place.workspace} exists, and check --api-url{usual}."
    if status in REDIRECT:
        return "Set --api-url to the new address of the API."
    return "The service has a problem. Try again later." if status in SERVER_ERROR else ""
