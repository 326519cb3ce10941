"""API calls and their results, as values; and the ports through which they are made. Reading, writing and deleting a
workspace are separate types, so that a plan cannot write and an apply cannot delete the workspace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import quote

from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact


class Method(StrEnum):
    """The HTTP methods of the control plane."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One request, relative to the base URL of the API.

    Attributes:
        method: The HTTP method. All but POST are idempotent.
        path: Percent-encoded, with a leading slash.
        body: Sent as JSON; None for no body.
    """

    method: Method
    path: str
    body: dict[str, Any] | None = None


_NOT_REJECTIONS = frozenset({401, 408, 425, 429})
"""4xx statuses that concern the credential or the timing, not the call. A 403 is taken to concern the call."""
_CERTAIN = frozenset({200, 201, 204})
_FIRST_ERROR = 400


@dataclass(frozen=True, slots=True)
class Response:
    """A response of the API.

    Attributes:
        status: The HTTP status; never 401, which raises. Transport failures are `NoResponse`.
        body: The parsed JSON, or None if there was none.
        error: The `error` or `message` of the body, if any. After a rate limit that is too long to wait for, when it
            ends.
        limited: Whether the request was rate limited (429, or a 403 with rate limit headers).
    """

    status: int
    body: Any = None
    error: str = ""
    limited: bool = False

    @property
    def ok(self) -> bool:
        """Whether the call succeeded."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the HTTP range of success

    @property
    def certain(self) -> bool:
        """Whether the call fully succeeded: not accepted for later (202), partial (206), or an error in the body."""
        return self.status in _CERTAIN and not is_error(self.body)

    @property
    def refused(self) -> bool:
        """Whether the API rejected this very call, rather than the credential or the timing."""
        in_range = 400 <= self.status < 500  # noqa: PLR2004 - the HTTP range of refusals
        return in_range and self.status not in _NOT_REJECTIONS and not self.limited


@dataclass(frozen=True, slots=True)
class NoResponse:
    """There was no valid response: the change may or may not have been made.

    Attributes:
        fact: Why.
    """

    fact: Fact

    @property
    def ok(self) -> bool:
        """Always False: the result is unknown."""
        return False

    @property
    def certain(self) -> bool:
        """Always False: the result is unknown."""
        return False


def cause(answer: Response | NoResponse) -> Fact:
    """Why a call did not clearly succeed."""
    if isinstance(answer, Response):
        return fact(Code.API_ANSWERED, status=answer.status, detail=answer.error)
    return answer.fact


def is_error(body: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether a body describes an error, whatever its status."""
    if not isinstance(body, dict):
        return False
    code = body.get("code")
    return bool(body.get("error") or body.get("errors")) or (isinstance(code, int) and code >= _FIRST_ERROR)


def segment(text: str) -> str:
    """The text as one percent-encoded segment of a path."""
    return quote(text, safe="")


PAUSES = (0.5, 1.0, 2.0)
"""Seconds between reads when confirming a change: the API may show it with a delay."""

Pause = Callable[[float], bool]
"""Waits that many seconds; False if interrupted because beamctl was asked to stop."""


class Reader(Protocol):
    """Read access to the API of one workspace."""

    def get(self, path: str) -> Any:  # noqa: ANN401 - the shape is checked by the kind that asked
        """The parsed JSON at `path` (relative to the base URL, percent-encoded).

        Raises:
            ApiError: There was no response, an error status, or no JSON.
        """
        ...


class Sender(Protocol):
    """Write access to the API of one workspace. Thread-safe."""

    def send(self, call: ApiCall) -> Response | NoResponse:
        """Make one call and return the result.

        Idempotent calls are retried after transport failures, 429 and 5xx, within limits. A POST is retried only if it
        certainly had no effect (429, or no connection was made); otherwise the result is `NoResponse`.

        Raises:
            UnauthenticatedError: The API rejected the credential; no further call can succeed.
        """
        ...


class Deleter(Protocol):
    """Deletes one workspace, and nothing else."""

    def delete_workspace(self) -> Response | NoResponse:
        """Send one request to delete the workspace with everything in it, and return the result.

        The request is never retried, because a new workspace of that name may exist by then. Only if the token expired
        (401) is it sent again, with a new token.

        Raises:
            UnauthenticatedError: The API rejected the credential; nothing was deleted.
        """
        ...


def moment(text: object) -> datetime | None:
    """A timestamp of the API in UTC; None if there is none or it is out of range."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC) if found else None
    except (ValueError, OverflowError):
        return None
