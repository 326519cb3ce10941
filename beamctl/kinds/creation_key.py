"""Keys of changes that create objects whose names are not unique: they list the existing objects of that name. Also
decides whether an interrupted run created an object."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from beamctl.plan.change import Action
from beamctl.plan.comparison import Interrupted

_SKEW = timedelta(minutes=1)
"""Tolerated clock skew between the API and the machine that ran."""


def creation_key(what: str, good: Iterable[str], orphans: Collection[str] = ()) -> str:
    """The key of a creation.

    Args:
        what: What is created, using characters that a document may use.
        good: The ids of the existing objects.
        orphans: The ids of objects whose secrets were not handed over.
    """
    lost = f"| {', '.join(sorted(orphans))}" if orphans else ""
    existing = " ".join(filter(None, [", ".join(sorted(good)), lost]))
    return f"{what} ({existing})" if existing else what


def is_creation_key(key: str, what: str) -> bool:
    """Whether this is the key of a creation of `what`."""
    return key == what or (key.startswith(f"{what} (") and key.endswith(")"))


def name_in(key: str) -> str:
    """The name of the object that a change with this key creates."""
    return key.partition(" (")[0]


def ids_in(key: str) -> frozenset[str]:
    """The ids listed in a key."""
    _, _, listed = key.partition(" (")
    return frozenset(filter(None, re.split(r", | ?\| ", listed.removesuffix(")"))))


def left_by(
    runs: Iterable[Interrupted], kind: str, what: Collection[str], identifier: str, created: datetime | None
) -> bool:
    """Whether one of these runs created this object and did not finish. A text in the API is not proof.

    Args:
        runs: Incomplete changes from the records.
        kind: The kind of object.
        what: The names under which a change may create it.
        identifier: Its id.
        created: When it was created; None if the API does not show it.
    """
    return any(each.change.kind == kind and _left(each, what, identifier, created) for each in runs)


def _left(each: Interrupted, what: Collection[str], identifier: str, created: datetime | None) -> bool:
    change = each.change
    if change.action is Action.DELETE:
        return change.key == identifier
    if name_in(change.key) not in what or identifier in ids_in(change.key):
        return False
    if created is None:
        return each.repeated is None
    if each.began - created > _SKEW or (each.ended is not None and created - each.ended > _SKEW):
        return False
    return each.repeated is None or each.repeated - created > _SKEW
