"""Invisible characters. beamctl rejects the same ones in documents; a test compares the two."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

_BLANK = "\u2800\u2d7f\U0001107f\U00013441\U00013442\U00016fe4\U0001d159"
"""Drawn blank, although no Unicode property says so."""


def can_be_seen(text: str) -> bool:
    """Whether every character is visible. An emoji joined from several characters is not."""
    return text.isprintable() and (text.isascii() or not _unseen().search(text))


@cache
def _unseen() -> regex.Pattern[str]:
    import regex  # importing it takes 15 ms, and most text is ASCII

    return regex.compile(rf"[\p{{Default_Ignorable_Code_Point}}{_BLANK}]")
