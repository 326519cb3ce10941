"""How long an API key lives, from the text that asks for it. It must not read the time."""

from __future__ import annotations

import re
from datetime import timedelta

LONGEST = timedelta(days=3650)
"""Documented: ten years."""

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_TEXT = re.compile(r"(\d{1,9})([hdw])", re.ASCII)
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)


def read(value: object, *, seconds: bool) -> timedelta | None:
    """The duration that a text such as `30d`, `24h` or `1w` stands for; None where it is none, zero or too long.

    Args:
        value: The text.
        seconds: Whether a bare number counts seconds, as it did in the Beamlit era.
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
