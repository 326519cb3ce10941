"""Recognizes rate limits in replies, and how long they ask to wait."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

THROTTLED = 429
FORBIDDEN = 403

_REMAINING = re.compile(r"(x-)?rate-?limit-remaining(-[a-z]+)*")
_RESET = re.compile(r"(x-)?rate-?limit-reset(-[a-z]+)*")
_NOTHING_LEFT = re.compile(r"\b(r|remaining)=0+\b", re.IGNORECASE)
_SECONDS_LEFT = re.compile(r"\b(?:t|reset)=([0-9]{1,9})\b", re.IGNORECASE)
_EPOCH = 1e9
"""Larger numbers are a time, in seconds or milliseconds since 1970, and not a number of seconds to wait."""
_EPOCH_MILLISECONDS = 1e11


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


def http_date(text: str) -> float | None:
    """An HTTP date in seconds since 1970; None if it is invalid."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


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
