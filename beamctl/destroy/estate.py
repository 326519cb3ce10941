"""What would be lost with a workspace, as values, and whether it is still what was shown. It must not know how it is
read or shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_LONGEST = 80
"""Characters of a name that are told."""


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One thing that would go.

    Attributes:
        sort: What sort of its part it is: a role, a type; empty where the API does not tell.
        name: What people call it.
        key: What the API tells it from others by.
    """

    sort: str
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The API does not tell.

    Attributes:
        why: In words.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Part:
    """All things of one kind.

    Attributes:
        title: What they are called, in the plural: `service accounts`.
        sorted_by: What `Item.sort` is: `role`, `type`, `integration`.
        holds: The things, sorted; or why that is not known.
    """

    title: str
    sorted_by: str
    holds: tuple[Item, ...] | Unknown


@dataclass(frozen=True, slots=True)
class WorkspaceContents:
    """A workspace and what would be lost with it.

    Attributes:
        workspace: Its name.
        id: The API's own id; empty where it does not tell.
        created_at: When it was made, as the API spells it; empty where it does not tell.
        display_name: What people call it; may be empty.
        parts: What is in it, kind by kind.
        counts: What else the API counts in it: name and number; or why that is not known.
    """

    workspace: str
    id: str
    created_at: str
    display_name: str
    parts: tuple[Part, ...]
    counts: Mapping[str, int] | Unknown

    def is_same_workspace(self, other: WorkspaceContents) -> bool:
        """Whether it is not merely another one of that name."""
        return (self.id, self.created_at) == (other.id, other.created_at)


def more_than_shown(shown: WorkspaceContents, now: WorkspaceContents) -> str:
    """What would be lost that was not shown, in words; empty where nothing is. Less is no matter.

    Raises:
        ValueError: The two do not have the same parts.
    """
    if not shown.is_same_workspace(now):
        return "it is another workspace of that name"
    for was, part in zip(shown.parts, now.parts, strict=True):
        if why := _more_things(was, part):
            return why
    return _more_counted(shown.counts, now.counts)


def _more_things(was: Part, now: Part) -> str:
    if isinstance(now.holds, Unknown):
        return "" if isinstance(was.holds, Unknown) else f"the {now.title} can no longer be read: {now.holds.why}"
    known = frozenset[Item]() if isinstance(was.holds, Unknown) else frozenset(was.holds)
    fresh = [thing for thing in now.holds if thing not in known]
    if not fresh:
        return ""
    sort = f" ({fresh[0].sort[:_LONGEST]})" if fresh[0].sort else ""
    others = f" and {len(fresh) - 1:,} more" if len(fresh) > 1 else ""
    return f"among the {now.title} there is now {fresh[0].name[:_LONGEST]}{sort}{others}"


def _more_counted(was: Mapping[str, int] | Unknown, now: Mapping[str, int] | Unknown) -> str:
    if isinstance(now, Unknown):
        return "" if isinstance(was, Unknown) else f"what runs there is no longer told: {now.why}"
    before = {} if isinstance(was, Unknown) else was
    for name, number in now.items():
        if number > before.get(name, 0):
            return f"{name[:_LONGEST]}: {number:,} instead of {before.get(name, 0):,}"
    return ""
