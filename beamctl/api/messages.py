"""Requests, replies and failures, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from beamctl.api.rate_limit import is_limit
from beamctl.model.api_call import Method

OK = range(200, 300)
REDIRECT = frozenset({301, 302, 303, 307, 308})
UNAUTHENTICATED = 401
MISSING = 404
SERVER_ERROR = range(500, 600)


@dataclass(frozen=True, slots=True)
class Request:
    """A request to send.

    Attributes:
        method: The HTTP method.
        path: The percent-encoded path, relative to the base URL, with a leading slash.
        body: The JSON body, or None.
        headers: The headers, including the credential.
        once: Whether it must not take effect twice: it is sent again only if it certainly had no effect.
        final: Whether it is never sent again, even if it had no effect, because its preconditions may have changed.
        interruptible: Whether an interrupt ends it while it is in progress, because it changes nothing.
    """

    method: Method
    path: str
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    once: bool = False
    final: bool = False
    interruptible: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A response of the API.

    Attributes:
        status: The HTTP status.
        headers: The headers, by lower-case name.
        body: The parsed JSON; None if there was none.
        page: Whether the body was not JSON, such as an HTML page of a gateway or proxy.
        empty: Whether the body was empty.
        until: When the API can be called again, for messages, if it asked for a longer wait than allowed.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    page: bool = False
    empty: bool = False
    until: str = ""

    @property
    def limited(self) -> bool:
        """Whether the request was rejected by a rate limit, and so had no effect."""
        return is_limit(self.status, self.headers)


class FailureKind(Enum):
    """Why there is no valid reply."""

    HOPELESS = auto()
    """It was not sent, and a retry would not help: an invalid certificate, a proxy that requires a password."""
    NOT_SENT = auto()
    """The connection failed, so the request had no effect."""
    NO_ANSWER = auto()
    """The connection broke or timed out after something was sent."""
    CUT_OFF = auto()
    """A success whose JSON or compressed data is truncated."""
    GARBLED = auto()
    """A success whose body is not from the API: an HTML page, something too large, or other data."""


@dataclass(frozen=True, slots=True)
class Failure:
    """There is no valid reply.

    Attributes:
        fault: The kind of failure, which decides about retries.
        why: What happened, for messages, with the host.
        hint: What to do about it.
    """

    fault: FailureKind
    why: str
    hint: str = ""


CallResult = Reply | Failure
