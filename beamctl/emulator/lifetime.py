"""Parses the requested lifetime of an API key."""

from __future__ import annotations

import re
from datetime import timedelta

LONGEST = timedelta(days=3650)
"""Documented: ten years."""

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_TEXT = re.compile(r"(\d{1,9})([hdw])", re.ASCII)
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)


def read(value: object, *, seconds: bool) -> timedelta | None:
    """Parse a duration such as `30d`, `24h` or `1w`; None if it is invalid, zero or too long.

    Args:
        value: The text.
        seconds: Whether a bare number means seconds, as in the Beamlit era.
    """
    if not isinstance(value, str):
        return None
    duration = timedelta()
    if found := _TEXT.fullmatch(value):
        hours = int(found[1]) * (_UNITS[found[2]] // _UNITS["h"])
        duration = timedelta(hours=hours) if hours <= LONGEST // _UNITS["h"] else timedelta()
    elif seconds and _SECONDS.fullmatch(value):
        duration = timedelta(seconds=int(value))
    return duration if timedelta() < duration <= LONGEST else None
