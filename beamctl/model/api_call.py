"""API calls and their results, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from beamctl.model.fact import Fact


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

    @property
    def why(self) -> str:
        """The status and error, as text."""
        return f"the API answered {self.status}" + (f": {self.error}" if self.error else "")


@dataclass(frozen=True, slots=True)
class NoResponse:
    """There was no valid response: the change may or may not have been made.

    Attributes:
        why: What happened; text if it comes from the network or from a place of secrets.
    """

    why: str | Fact

    @property
    def ok(self) -> bool:
        """Always False: the result is unknown."""
        return False

    @property
    def certain(self) -> bool:
        """Always False: the result is unknown."""
        return False


def is_error(body: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether a body describes an error, whatever its status."""
    if not isinstance(body, dict):
        return False
    code = body.get("code")
    return bool(body.get("error") or body.get("errors")) or (isinstance(code, int) and code >= _FIRST_ERROR)


def segment(text: str) -> str:
    """The text as one percent-encoded segment of a path."""
    return quote(text, safe="")
