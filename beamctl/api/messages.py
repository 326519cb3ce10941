"""One request and what became of it, as values. It must not know how either travels."""

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
FORBIDDEN = 403
MISSING = 404
SERVER_TROUBLE = range(500, 600)


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent.

    Attributes:
        method: The HTTP method.
        path: Percent-encoded, relative to the base URL, with a leading slash.
        body: What is sent as JSON, or None for no body.
        headers: All headers that carry meaning; the credential is among them.
        once: Whether it must not be made twice: it is sent again only where it certainly did nothing.
        final: Whether it is not even sent again where it certainly did nothing: what made it right may have changed.
        interruptible: Whether an interrupt ends it while it is in progress: it changes nothing in a workspace.
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
    """The API answered.

    Attributes:
        status: The HTTP status.
        headers: By name in lower case.
        body: The parsed JSON; None where there was none.
        page: Whether a text that is no JSON came instead, as gateways and proxies send it.
        empty: Whether nothing came.
        until: When the API may be asked again, in words, if it asked for a longer wait than it was granted.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    page: bool = False
    empty: bool = False
    until: str = ""

    @property
    def limited(self) -> bool:
        """Whether it says that there were too many requests, and so that it did nothing."""
        return is_limit(self.status, self.headers)


class FailureKind(Enum):
    """Why there is no reply that can be believed."""

    HOPELESS = auto()
    """It was not sent, and would not be the next time: a certificate, a proxy that wants a password."""
    NOT_SENT = auto()
    """The connection was never made, so nothing was done."""
    NO_ANSWER = auto()
    """The connection broke, or took too long, after something was sent."""
    CUT_OFF = auto()
    """A success, but its JSON or its compressed data ends too early."""
    GARBLED = auto()
    """A success, but what came is not the API's: an HTML page, something huge, something else."""


@dataclass(frozen=True, slots=True)
class Failure:
    """There is no reply that can be believed.

    Attributes:
        fault: What that means for a repetition.
        why: What happened, in words, with the host.
        hint: What to do about it.
    """

    fault: FailureKind
    why: str
    hint: str = ""


CallResult = Reply | Failure
