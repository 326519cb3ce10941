"""The key of a change that makes something of which there may be others of that name: what it is made beside. It holds
while there are just these. And whether a recorded run, which had such a change, made what is there now."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from beamctl.plan.change import Action
from beamctl.plan.comparison import Interrupted

_SKEW = timedelta(minutes=1)
"""How far the API's clock may be from the one of the machine that ran."""


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


def name_in(key: str) -> str:
    """The name of what a change with this key makes."""
    return key.partition(" (")[0]


def beside(key: str) -> frozenset[str]:
    """The ids of those that a key tells of."""
    _, _, told = key.partition(" (")
    return frozenset(filter(None, re.split(r", | ?\| ", told.removesuffix(")"))))


def left_by(
    runs: Iterable[Interrupted], kind: str, what: Collection[str], identifier: str, created: datetime | None
) -> bool:
    """Whether one of these runs shows that it left this unfinished. A text in the API is no proof of that.

    Args:
        runs: What the records show.
        kind: The kind of thing.
        what: What a change that makes it is said to make.
        identifier: Its id.
        created: When it was created; None if the API does not show that.
    """
    return any(each.change.kind == kind and _left(each, what, identifier, created) for each in runs)


def _left(each: Interrupted, what: Collection[str], identifier: str, created: datetime | None) -> bool:
    change = each.change
    if change.action is Action.DELETE:
        return change.key == identifier
    if name_in(change.key) not in what or identifier in beside(change.key):
        return False
    if created is None:
        return each.repeated is None
    if each.began - created > _SKEW or (each.ended is not None and created - each.ended > _SKEW):
        return False
    return each.repeated is None or each.repeated - created > _SKEW
