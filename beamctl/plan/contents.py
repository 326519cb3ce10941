"""What would be deleted with a workspace, whether that is still what was shown, and how the deletion ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from beamctl.model.fact import Fact
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
        why: As text.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Part:
    """All objects of one kind.

    Attributes:
        section: The document's key for the kind.
        grouped_by: What `Item.group` means: `role`, `type` …
        items: Sorted; or why they are unknown.
        unread: Which objects are missing from the items because they cannot be read, as text; empty if none are.
    """

    section: str
    grouped_by: tuple[str, ...]
    items: tuple[Item, ...] | Unknown
    unread: str = ""


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
        why: What happened to the response, as text; empty if it was clear.
    """

    status: DeletionStatus
    why: str = ""


def part_of(kind: Kind[Any], live: Any, words: Callable[[Fact], str]) -> Part:  # noqa: ANN401 - the kind's own
    """The objects of a kind. A listing that is implausible or does not exist is unknown, never empty. `words`
    says why."""
    listing, anomalies = kind.listing(live), kind.anomalies(live)
    if anomalies or listing.rows is None or not listing.exists:
        why = words(anomalies[0].fact) if anomalies else "the API does not list them"
        return Part(kind.section, kind.grouped_by, Unknown(why))
    key = kind.identified_by or kind.named_by
    items = [
        Item(tuple(str(row[name]) for name in kind.grouped_by), str(row[kind.named_by]), str(row[key]))
        for row in listing.rows
    ]
    return Part(kind.section, kind.grouped_by, tuple(sorted(items)), listing.unread)


def more_than_shown(shown: WorkspaceContents, now: WorkspaceContents) -> str:
    """What would be deleted that was not shown, as text; empty if nothing. Less is fine.

    Raises:
        ValueError: The two do not have the same parts.
    """
    if not shown.is_same_workspace(now):
        return "it is a different workspace with the same name"
    for was, part in zip(shown.parts, now.parts, strict=True):
        if why := _more_items(was, part):
            return why
    return _more_counted(shown.counts, now.counts)


def _more_items(was: Part, now: Part) -> str:
    if isinstance(now.items, Unknown):
        return "" if isinstance(was.items, Unknown) else f"{now.section} can no longer be read: {now.items.why}"
    added = list((Counter(now.items) - Counter(() if isinstance(was.items, Unknown) else was.items)).elements())
    if added:
        group = ", ".join(filter(None, added[0].group))[:_LONGEST]
        others = f" and {len(added) - 1:,} more" if len(added) > 1 else ""
        return f"{now.section} now include {added[0].name[:_LONGEST]}{f' ({group})' if group else ''}{others}"
    if now.unread and now.unread != was.unread and not isinstance(was.items, Unknown):
        return f"{now.section} can no longer be read completely: {now.unread}"
    return ""


def _more_counted(was: Mapping[str, int] | Unknown, now: Mapping[str, int] | Unknown) -> str:
    if isinstance(now, Unknown):
        return "" if isinstance(was, Unknown) else f"its resource counts can no longer be read: {now.why}"
    before = {} if isinstance(was, Unknown) else was
    for name, number in now.items():
        if number > before.get(name, 0):
            return f"{name[:_LONGEST]}: {number:,} instead of {before.get(name, 0):,}"
    return ""
