"""What would be deleted with a workspace, whether that is still what was shown, and how the deletion ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.kind import Kind

_LONGEST = 80
"""Maximum length of a name in messages."""


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One object that would be deleted.

    Attributes:
        group: The attributes by which it is grouped, such as its role; each may be empty.
        name: Display name.
        key: What identifies it.
    """

    group: tuple[str, ...]
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It cannot be read.

    Attributes:
        why: The cause.
    """

    why: Fact


@dataclass(frozen=True, slots=True)
class Part:
    """All objects of one kind.

    Attributes:
        section: The document's key for the kind.
        grouped_by: What `Item.group` means: `role`, `type` …
        items: Sorted; or why they are unknown.
        unread: Which objects are missing from the items because they cannot be read; None if none are.
    """

    section: str
    grouped_by: tuple[str, ...]
    items: tuple[Item, ...] | Unknown
    unread: Fact | None = None


@dataclass(frozen=True, slots=True)
class WorkspaceContents:
    """A workspace and what would be deleted with it.

    Attributes:
        id: The API's id; empty if not shown.
        created_at: Creation time, as the API shows it; empty if not shown.
        display_name: May be empty.
        parts: Its contents by kind.
        counts: Other resource counts of the API; or why they are unknown.
    """

    workspace: str
    id: str
    created_at: str
    display_name: str
    parts: tuple[Part, ...]
    counts: Mapping[str, int] | Unknown

    def is_same_workspace(self, other: WorkspaceContents) -> bool:
        """Whether it is the same workspace, not only one of the same name."""
        return (self.id, self.created_at) == (other.id, other.created_at)


class DeletionStatus(Enum):
    """How it is known that the workspace is gone."""

    DELETED = "deleted"
    """The API confirmed the deletion."""
    FOUND_GONE = "found gone"
    """The response was lost and the workspace is gone: most likely we deleted it."""
    GONE_AT_ANSWER = "gone at the answer"
    """The API refused and the workspace is gone: someone else deleted it, or our request arrived twice."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A workspace that is gone.

    Attributes:
        status: How that is known.
        why: What happened to the response; None if it was clear.
    """

    status: DeletionStatus
    why: Fact | None = None


def part_of(kind: Kind[Any], live: Any) -> Part:  # noqa: ANN401 - the kind's own
    """The objects of a kind. A listing that is implausible or does not exist is unknown, never empty."""
    listing, anomalies = kind.listing(live), kind.anomalies(live)
    if anomalies or listing.rows is None or not listing.exists:
        why = anomalies[0].fact if anomalies else fact(Code.NOT_LISTED)
        return Part(kind.section, kind.grouped_by, Unknown(why))
    key = kind.identified_by or kind.named_by
    items = [
        Item(tuple(str(row[name]) for name in kind.grouped_by), str(row[kind.named_by]), str(row[key]))
        for row in listing.rows
    ]
    return Part(kind.section, kind.grouped_by, tuple(sorted(items)), listing.unread)


def more_than_shown(shown: WorkspaceContents, now: WorkspaceContents) -> Fact | None:
    """What would be deleted that was not shown; None if nothing. Less is fine.

    Raises:
        ValueError: The two do not have the same parts.
    """
    if not shown.is_same_workspace(now):
        return fact(Code.ANOTHER_WORKSPACE)
    for was, part in zip(shown.parts, now.parts, strict=True):
        if why := _more_items(was, part):
            return why
    return _more_counted(shown.counts, now.counts)


def _more_items(was: Part, now: Part) -> Fact | None:
    if isinstance(now.items, Unknown):
        is_new = not isinstance(was.items, Unknown)
        return fact(Code.NO_LONGER_READABLE, section=now.section, why=now.items.why) if is_new else None
    added = list((Counter(now.items) - Counter(() if isinstance(was.items, Unknown) else was.items)).elements())
    if added:
        name, group = added[0].name[:_LONGEST], tuple(each[:_LONGEST] for each in added[0].group if each)
        return fact(Code.NOW_INCLUDES, section=now.section, name=name, group=group, more=len(added) - 1)
    if now.unread and now.unread != was.unread and not isinstance(was.items, Unknown):
        return fact(Code.NO_LONGER_COMPLETE, section=now.section, why=now.unread)
    return None


def _more_counted(was: Mapping[str, int] | Unknown, now: Mapping[str, int] | Unknown) -> Fact | None:
    if isinstance(now, Unknown):
        return None if isinstance(was, Unknown) else fact(Code.COUNTS_NO_LONGER_READABLE, why=now.why)
    before = {} if isinstance(was, Unknown) else was
    for name, number in now.items():
        if number > before.get(name, 0):
            return fact(Code.COUNT_HIGHER, name=name[:_LONGEST], now=number, before=before.get(name, 0))
    return None
