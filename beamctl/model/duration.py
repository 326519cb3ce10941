"""Durations as written in documents and options: `90m`, `24h`, `14d`, `2w`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SHAPE = re.compile(r"([1-9][0-9]{0,5})([mhdw])", re.ASCII)


def duration(text: str) -> timedelta | None:
    """The duration; None if the text is not one."""
    found = _SHAPE.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else None
