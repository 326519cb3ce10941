"""What came of a request that did not succeed → the error to raise: which one, what is wrong, what to do.
It must not know how to send anything."""

from __future__ import annotations

from dataclasses import dataclass

from beamctl.api.base_url import host_of
from beamctl.api.config import Connection
from beamctl.api.messages import (
    FORBIDDEN,
    MISSING,
    OK,
    REDIRECT,
    SERVER_TROUBLE,
    UNAUTHENTICATED,
    CallResult,
    Failure,
    FailureKind,
    Reply,
)
from beamctl.api.redaction import Redactor
from beamctl.api.response_body import error_text
from beamctl.errors import (
    ApiError,
    ForbiddenError,
    GarbledError,
    MissingError,
    UnauthenticatedError,
    UnreachableError,
)

_GARBLED = (FailureKind.CUT_OFF, FailureKind.GARBLED)


@dataclass(frozen=True, slots=True)
class CallSite:
    """What was asked, and where.

    Attributes:
        connection: The API, and what named the credential.
        workspace: The name of the workspace.
        request: Method and path.
    """

    connection: Connection
    workspace: str
    request: str


def trouble(outcome: CallResult, place: CallSite, mask: Redactor) -> ApiError:
    """The error that says what became of a request."""
    match outcome:
        case Failure(fault, why, hint):
            message = mask.clean(f"{why} ({place.request})")
            return GarbledError(message, hint) if fault in _GARBLED else UnreachableError(message, hint)
        case Reply(status=status, limited=limited, until=until):
            kind, meaning = _meaning(0 if limited else status)
            said = _success_without_body(outcome) or error_text(outcome)
            message = f"{host_of(place.connection.base_url)} {meaning} {place.request}: {said}"
            hint = _hint_to_wait(until) if limited or until else _hint(status, place)
            return kind(mask.clean(message), mask.clean(hint), status=status)


def _success_without_body(reply: Reply) -> str:
    return f"HTTP {reply.status} without the JSON it promises" if reply.status in OK else ""


def _meaning(status: int) -> tuple[type[ApiError], str]:
    if status == UNAUTHENTICATED:
        return UnauthenticatedError, "does not accept the credential for"
    if status == FORBIDDEN:
        return ForbiddenError, "does not allow"
    if status == MISSING:
        return MissingError, "does not have"
    return (GarbledError if status in OK else ApiError), "did not serve"


def another_credential(connection: Connection, workspace: str) -> str:
    """How to use another credential. A variable or an option takes precedence over every login."""
    origin = connection.credential_from
    if origin.isidentifier():
        return "unset it to use another one"
    if origin.startswith("--"):
        return f"leave out {origin.partition(' ')[0]} to use another one"
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
        return f"{credential}: set one that is still good, or {other}."
    if status == FORBIDDEN:
        return (
            f"{credential}; it is valid, but has no access to the workspace {place.workspace}, "
            f"or not the role that this needs. Set one that has both, or {other}."
        )
    if status == MISSING:
        right = "" if connection.base_url.endswith("/v0") else ", which usually ends in /v0"
        return f"Is there a workspace {place.workspace}, and is --api-url right{right}?"
    if status in REDIRECT:
        return "Set --api-url to where the API is now."
    return "The service is in trouble. Try again later." if status in SERVER_TROUBLE else ""
