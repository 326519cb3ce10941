"""Requests, replies and failures, as values; and the rate limits in replies."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

from beamctl.api.clock import http_date
from beamctl.model.api_call import Method

OK = range(200, 300)
REDIRECT = frozenset({301, 302, 303, 307, 308})
UNAUTHENTICATED = 401
FORBIDDEN = 403
MISSING = 404
THROTTLED = 429
UNSUPPORTED = (405, 501)
SERVER_ERROR = range(500, 600)

_REMAINING = re.compile(r"(x-)?rate-?limit-remaining(-[a-z]+)*")
_RESET = re.compile(r"(x-)?rate-?limit-reset(-[a-z]+)*")
_NOTHING_LEFT = re.compile(r"\b(r|remaining)=0+\b", re.IGNORECASE)
_SECONDS_LEFT = re.compile(r"\b(?:t|reset)=([0-9]{1,9})\b", re.IGNORECASE)
_EPOCH = 1e9
"""Larger numbers are a time, in seconds or milliseconds since 1970, and not a number of seconds to wait."""
_EPOCH_MILLISECONDS = 1e11


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
        paged: Whether the caller reads the further pages of a listing.
    """

    method: Method
    path: str
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    once: bool = False
    final: bool = False
    interruptible: bool = False
    paged: bool = False


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


def is_limit(status: int, headers: Mapping[str, str]) -> bool:
    """Whether a reply is a rate limit: a 429, or a 403 with rate-limit headers."""
    if status == THROTTLED:
        return True
    retry_after = headers.get("retry-after", "").strip() or headers.get("retry-after-ms", "").strip()
    return status == FORBIDDEN and (bool(retry_after) or _used_up(headers))


def requested_wait(status: int, headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds that a reply asks to wait; None if it does not say, or not in a known format.

    Args:
        status: The status.
        headers: The headers, by lower-case name.
        wall: The current time, in seconds since 1970. Times in the reply are relative to its `Date`, if it has one.
    """
    now = http_date(headers.get("date", ""))
    now = wall if now is None else now
    if (milliseconds := _number(headers.get("retry-after-ms", ""))) is not None:
        return milliseconds / 1000
    text = headers.get("retry-after", "")
    if (seconds := _number(text)) is not None:
        return seconds
    if (moment := http_date(text)) is not None:
        return max(0.0, moment - now)
    limited = is_limit(status, headers) and (_used_up(headers) or not any(map(_REMAINING.fullmatch, headers)))
    return max(_resets(headers, now), default=None) if limited else None


def until_text(wall: float, wait: float) -> str:
    """When a wait ends, to the minute in UTC, with the date if it is another day; empty if it is out of range."""
    try:
        now = datetime.fromtimestamp(wall, UTC)
        end = now + timedelta(seconds=wait)
        if rest := timedelta(seconds=end.second, microseconds=end.microsecond):
            end += timedelta(minutes=1) - rest
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{end:%H:%M} UTC" if end.date() == now.date() else f"{end:%Y-%m-%d %H:%M} UTC"


def _used_up(headers: Mapping[str, str]) -> bool:
    left = (value for name, text in headers.items() if _REMAINING.fullmatch(name) for value in text.split(","))
    return any(_number(value.partition(";")[0]) == 0 for value in left) or bool(
        _NOTHING_LEFT.search(headers.get("ratelimit", ""))
    )


def _resets(headers: Mapping[str, str], now: float) -> Iterator[float]:
    """The seconds until each limit in a reply resets."""
    values = [text for name, text in headers.items() if _RESET.fullmatch(name)]
    for number in map(_number, [*values, *_SECONDS_LEFT.findall(headers.get("ratelimit", ""))]):
        if number is not None and number < _EPOCH:
            yield number
        elif number is not None:
            yield max(0.0, (number / 1000 if number >= _EPOCH_MILLISECONDS else number) - now)


def _number(text: str) -> float | None:
    found = float(text) if re.fullmatch(r"\s*[0-9]+(\.[0-9]*)?\s*", text, re.ASCII) else math.nan
    return None if math.isnan(found) else found
