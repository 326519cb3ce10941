"""What would be lost with a workspace, and whether that is still what was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_LONGEST = 80
"""Maximum length of a name in messages."""


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One object that would be deleted.

    Attributes:
        sort: Its role or type; empty if the API does not show it.
        name: Display name.
        key: The API's identifier.
    """

    sort: str
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The API does not show it.

    Attributes:
        why: As text.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Part:
    """All objects of one kind.

    Attributes:
        title: In the plural: `service accounts`.
        sorted_by: What `Item.sort` means: `role`, `type`, `integration`.
        holds: The objects, sorted; or why they are unknown.
    """

    title: str
    sorted_by: str
    holds: tuple[Item, ...] | Unknown


@dataclass(frozen=True, slots=True)
class WorkspaceContents:
    """A workspace and what would be lost with it.

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


def more_than_shown(shown: WorkspaceContents, now: WorkspaceContents) -> str:
    """What would be lost that was not shown, as text; empty if nothing. Less is fine.

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
    if isinstance(now.holds, Unknown):
        return "" if isinstance(was.holds, Unknown) else f"the {now.title} can no longer be read: {now.holds.why}"
    known = frozenset[Item]() if isinstance(was.holds, Unknown) else frozenset(was.holds)
    added = [item for item in now.holds if item not in known]
    if not added:
        return ""
    sort = f" ({added[0].sort[:_LONGEST]})" if added[0].sort else ""
    others = f" and {len(added) - 1:,} more" if len(added) > 1 else ""
    return f"the {now.title} now include {added[0].name[:_LONGEST]}{sort}{others}"


def _more_counted(was: Mapping[str, int] | Unknown, now: Mapping[str, int] | Unknown) -> str:
    if isinstance(now, Unknown):
        return "" if isinstance(was, Unknown) else f"its resource counts can no longer be read: {now.why}"
    before = {} if isinstance(was, Unknown) else was
    for name, number in now.items():
        if number > before.get(name, 0):
            return f"{name[:_LONGEST]}: {number:,} instead of {before.get(name, 0):,}"
    return ""
