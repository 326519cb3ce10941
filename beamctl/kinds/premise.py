"""The key of a change that makes something of which there may be others of that name: what it is made beside. It holds
while there are just these. It must not know what is made."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable


def premise(what: str, good: Iterable[str], orphans: Collection[str] = ()) -> str:
    """The key.

    Args:
        what: What is made, in letters that a document may use.
        good: The ids of those that are there.
        orphans: The ids of those whose secrets were not handed over.
    """
    lost = f"| {', '.join(sorted(orphans))}" if orphans else ""
    beside = " ".join(filter(None, [", ".join(sorted(good)), lost]))
    return f"{what} ({beside})" if beside else what


def is_premise(key: str, what: str) -> bool:
    """Whether a key is that of a change that makes this."""
    return key == what or (key.startswith(f"{what} (") and key.endswith(")"))


def beside(key: str) -> frozenset[str]:
    """The ids of those that a key tells of."""
    _, _, told = key.partition(" (")
    return frozenset(filter(None, re.split(r", | ?\| ", told.removesuffix(")"))))
