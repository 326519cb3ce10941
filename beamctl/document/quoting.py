"""Formatting for messages: quoting of text from outside, lists, articles, and suggestions for misspelled words."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from beamctl.model.text import visible

_SHOWN = 60


def quoted(text: str) -> str:
    """The text in quotes on one line, with invisible characters escaped, and shortened if very long."""
    return visible(repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"))


def either(words: Sequence[str], conjunction: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " ".join(filter(None, [", ".join(words[:-1]), conjunction if words[1:] else "", *words[-1:]]))


def with_article(noun: str) -> str:
    """The noun with `a` or `an` before it."""
    return f"{'an' if noun[:1] in set('aeiou') else 'a'} {noun}"


def closest(word: str, candidates: Sequence[str]) -> str:
    """The candidate most similar to `word`; empty if there is none."""
    if len(word) > _SHOWN:
        return ""
    spellings = {candidate.lower(): candidate for candidate in candidates}
    return "".join(spellings[match] for match in get_close_matches(word.lower(), spellings, n=1))
