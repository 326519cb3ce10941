"""Reads and writes durations such as `300ms`, `2s` or `8d`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_TEXT = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|[smhdw])", re.ASCII)


def read_duration(text: str) -> timedelta | None:
    """Parse a duration; None if it is invalid."""
    found = _TEXT.fullmatch(text.strip())
    try:
        return float(found[1]) * _UNITS[found[2]] if found else None
    except OverflowError:  # millions of years
        return None


def seconds_text(seconds: float) -> str:
    """Format seconds so that `read_duration` can read them."""
    return f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1000:g}ms"
