"""Rate limits in replies: which replies are one, and how long they ask to wait. Pure."""

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
"""Larger numbers are no seconds to wait, but a time: seconds since 1970, or milliseconds."""
_EPOCH_MILLISECONDS = 1e11


def is_limit(status: int, headers: Mapping[str, str]) -> bool:
    """Whether a reply says that there were too many requests: 429, or a 403 with the headers of a rate limit."""
    if status == THROTTLED:
        return True
    told = headers.get("retry-after", "").strip() or headers.get("retry-after-ms", "").strip()
    return status == FORBIDDEN and (bool(told) or _used_up(headers))


def asked_wait(status: int, headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds that a reply asks us to wait; None where it does not say, or not in a way that can be read.

    Args:
        status: Its status.
        headers: Its headers, by name in lower case.
        wall: The time of day, in seconds since 1970. The `Date` of the reply is preferred: what it names is by that.
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
    """When a wait ends, to the minute and in UTC, with the date if that is another day; empty beyond the calendar."""
    try:
        now = datetime.fromtimestamp(wall, UTC)
        end = now + timedelta(seconds=wait)
        if rest := timedelta(seconds=end.second, microseconds=end.microsecond):
            end += timedelta(minutes=1) - rest
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{end:%H:%M} UTC" if end.date() == now.date() else f"{end:%Y-%m-%d %H:%M} UTC"


def http_date(text: str) -> float | None:
    """A date of HTTP in seconds since 1970; None for what is none."""
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
    """The seconds after which the limits of a reply are lifted, each as its header has it."""
    told = [text for name, text in headers.items() if _RESET.fullmatch(name)]
    for number in map(_number, [*told, *_SECONDS_LEFT.findall(headers.get("ratelimit", ""))]):
        if number is not None and number < _EPOCH:
            yield number
        elif number is not None:
            yield max(0.0, (number / 1000 if number >= _EPOCH_MILLISECONDS else number) - now)


def _number(text: str) -> float | None:
    found = float(text) if re.fullmatch(r"\s*[0-9]+(\.[0-9]*)?\s*", text, re.ASCII) else math.nan
    return None if math.isnan(found) else found
