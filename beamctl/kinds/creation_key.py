"""What is known of an object from the key of the change that created it: whether an interrupted run created it, and
which objects had the same name before."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from beamctl.plan.change import Action, CreationKey
from beamctl.plan.comparison import Interrupted

_SKEW = timedelta(minutes=1)
"""Tolerated clock skew between the API and the machine that ran."""


def is_creation_key(key: str, what: str) -> bool:
    """Whether this is the key of a creation of `what`."""
    return isinstance(key, CreationKey) and key.name == what


def name_in(key: str) -> str:
    """The name of the object that a change with this key creates."""
    return key.name if isinstance(key, CreationKey) else key


def ids_in(key: str) -> frozenset[str]:
    """The ids of the objects that had the name when a creation was planned."""
    return frozenset((*key.next_to, *key.in_place_of)) if isinstance(key, CreationKey) else frozenset()


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
