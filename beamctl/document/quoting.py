"""Words for messages: text from outside made fit to stand in one (quoted, escaped, cut), and small grammar.
It must not know what a message is about."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from beamctl.model.text import visible

_SHOWN = 60


def quoted(text: str) -> str:
    """The text in quotes on one line; what cannot be seen is escaped, and what is very long is cut."""
    return visible(repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"))


def either(words: Sequence[str], joint: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " ".join(filter(None, [", ".join(words[:-1]), joint if words[1:] else "", *words[-1:]]))


def with_article(noun: str) -> str:
    """The noun with `a` or `an` before it."""
    return f"{'an' if noun[:1] in set('aeiou') else 'a'} {noun}"


def closest(word: str, candidates: Sequence[str]) -> str:
    """The candidate that `word` was probably meant to be; empty where there is none."""
    if len(word) > _SHOWN:
        return ""
    spellings = {candidate.lower(): candidate for candidate in candidates}
    return "".join(spellings[match] for match in get_close_matches(word.lower(), spellings, n=1))
