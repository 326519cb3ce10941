"""Why a workspace differs from its document: compares the document at an earlier commit (the base), the document now,
and the workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from beamctl.plan.change import ALL_ATTRIBUTES, Change, Reason
from beamctl.plan.diff import same


class Cause(StrEnum):
    """Why a workspace differs from its document, by comparison with an earlier document."""

    BY_HAND = "changed-by-hand"
    """The document did not change: someone changed the workspace."""
    NOT_APPLIED = "not-applied"
    """The workspace did not change: the document did, and was not applied."""
    BOTH = "both"
    """All three differ."""
    UNKNOWN = "cannot-tell"


class Agreement(StrEnum):
    """The document and the workspace are the same."""

    CLEAN = "clean"
    """Nothing changed."""
    FINE_NOW = "fine-now"
    """Both changed to the same value: applied, or done by hand."""


Verdict = Cause | Agreement

TABLE: Mapping[tuple[bool, bool, bool], Verdict] = {
    # whether base and now, base and live, now and live are the same
    (True, True, True): Agreement.CLEAN,
    (True, False, False): Cause.BY_HAND,
    (False, True, False): Cause.NOT_APPLIED,
    (False, False, True): Agreement.FINE_NOW,
    (False, False, False): Cause.BOTH,
}
"""Every case. Absent counts as a value. Other combinations contradict themselves."""

UNSAID = object()
"""The base says nothing about the value, so that any value is as it says."""


def verdict(base: Any, now: Any, live: Any) -> Verdict:  # noqa: ANN401 - any JSON
    """The case of one attribute. If the base says nothing, a difference may have either cause."""
    if base is UNSAID:
        return Agreement.CLEAN if same(now, live) else Cause.UNKNOWN
    return TABLE.get((same(base, now), same(base, live), same(now, live)), Cause.UNKNOWN)


@dataclass(frozen=True, slots=True)
class LastSet:
    """The last recorded change of an object.

    Attributes:
        run: The run that made it.
        at: When that run began, as ISO 8601 in UTC.
        commit: Of the documents; empty if it is not known.
        after: The object as the run left it, as far as the change says; None if it was deleted.
        undoes: Whether that run undid another one.
        is_current: Whether no later apply was complete, after which the object was as another document said.
    """

    run: str
    at: str
    commit: str
    after: Mapping[str, Any] | None
    undoes: bool = False
    is_current: bool = True


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a difference comes from.

    Attributes:
        cause: The cause of all of it; None if there was no comparison, or if only time has passed.
        parts: The cause by attribute; empty for an object that exists on one side only.
        last_set: The last recorded change of the object, if any.
        updated: When the API shows that the object was last changed; None if it does not.
    """

    cause: Cause | None = None
    parts: Mapping[str, Cause] = field(default_factory=dict)
    last_set: LastSet | None = None
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class BaseView:
    """How the base sees one object.

    Attributes:
        change: What an apply of the base would change now; None if nothing.
        decides: Whether the base decides about the object at all.
        declares: Whether its entry says anything about an attribute.
        names: Attributes that name the object, and are not compared.
        is_comparable: Whether it can be compared with the workspace at all.
    """

    change: Change | None
    decides: bool
    declares: Callable[[str], bool] = lambda _: True
    names: frozenset[str] = frozenset()
    is_comparable: bool = True


_OF_TIME = frozenset(
    {
        Reason.EXPIRES,
        Reason.SUPERSEDED,
        Reason.NOT_HANDED_OVER,
        Reason.INVITATION_EXPIRED,
        Reason.ACCESS_ENDED,
        Reason.LEFT,
    }
)
"""Differences that come with time or from an unfinished run: if the document is the same, no one changed anything."""


def origin(change: Change, base: BaseView | None, last_set: LastSet | None, updated: datetime | None) -> Origin:
    """Where one difference comes from.

    Args:
        change: What an apply of the document would change now.
        base: How the base sees the object; None if there is no base.
        last_set: The last recorded change of the object.
        updated: When the object was last changed, as the API shows it.
    """
    if base is None:
        return Origin(None, {}, last_set, updated)
    parts = {name: case for name, case in _cases(change, base) if isinstance(case, Cause)}
    if change.reason in _OF_TIME:
        parts = {name: case for name, case in parts.items() if case is not Cause.BY_HAND}
    if _is_as_left(change, last_set):  # no one changed it since, so the document did
        parts = dict.fromkeys(parts, Cause.NOT_APPLIED)
    whole = change.before is None or change.after is None or ALL_ATTRIBUTES in parts
    return Origin(_together(parts), {} if whole else parts, last_set, updated)


def is_fine_now(base: Change) -> bool:
    """Whether a change that only the base asks for is one of the document, and not due to time."""
    return base.reason not in _OF_TIME


def _together(parts: Mapping[str, Cause]) -> Cause | None:
    """The cause of several attributes: both, if there are different ones."""
    causes = set(parts.values())
    if Cause.UNKNOWN in causes or not causes:
        return Cause.UNKNOWN if causes else None
    return causes.pop() if len(causes) == 1 else Cause.BOTH


def _cases(now: Change, base: BaseView) -> Iterator[tuple[str, Verdict]]:
    then = base.change
    sides = [now.before, now.after, *([then.before, then.after] if then else [])]
    if any(side is None for side in sides):
        live, desired = _object(now.before, base), _object(now.after, base)
        is_live = base.decides or (now.before is None and base.is_comparable)
        earlier = _object(then.after, base) if then else live if is_live else UNSAID
        yield ALL_ATTRIBUTES, verdict(earlier, desired, live)
        return
    asked = changed(then) if then else {}
    for name, desired in changed(now).items():
        if name in base.names:
            continue
        live = (now.before or {}).get(name)
        says = base.decides and base.declares(name)
        yield name, verdict(asked.get(name, live if says else UNSAID), desired, live)


def changed(change: Change) -> Mapping[str, Any]:
    """The attributes that a change sets to another value."""
    before, after = change.before or {}, change.after or {}
    return {name: value for name, value in after.items() if name not in before or before[name] != value}


def _object(side: Mapping[str, Any] | None, base: BaseView) -> Mapping[str, Any] | None:
    """An object without its names, which may be spelled differently."""
    return None if side is None else {name: value for name, value in side.items() if name not in base.names}


def _is_as_left(change: Change, last: LastSet | None) -> bool:
    """Whether an object is as the last recorded run left it, as far as the difference is concerned. An undo is not
    meant to change the document, so what it left is not asked for by any."""
    if last is None or last.undoes or not last.is_current:
        return False
    if change.before is None or last.after is None:
        return change.before is None and last.after is None
    names = list(last.after) if change.attribute == ALL_ATTRIBUTES else [change.attribute]
    if change.after is not None:
        names = list(changed(change))
    return all(name in last.after and same(last.after[name], change.before.get(name)) for name in names)
