"""Where people have access: what the documents declare, what the API shows, and what an offboarding leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beamctl.document.desired import Desired, GroupStep, Leaver, Mode
from beamctl.document.mentions import Mention
from beamctl.plan.adoption import EditedFile

Way = tuple[GroupStep, ...]
"""How a document grants access: through groups, and last, or only, the entry of the person."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a document says about one person.

    Attributes:
        role: The role; empty if the person is not listed.
        until: The first day without this role; empty for no end.
        then: The role from `until` on; empty for no access.
        ways: All ways that give this role.
        mode: What happens to people who are not listed; None if the document does not manage people.
    """

    role: str = ""
    until: str = ""
    then: str = ""
    ways: tuple[Way, ...] = ()
    mode: Mode | None = None


@dataclass(frozen=True, slots=True)
class PersonAccess:
    """One person in one workspace.

    Attributes:
        live: The person as the API shows them; None if it shows no such person, or cannot be read.
        is_known: Whether the workspace could be read.
        declared: What the document says; None if no document declares the workspace.
        leaver: The entry of a person who has left.
    """

    workspace: str
    live: Mapping[str, Any] | None
    is_known: bool
    declared: Declaration | None
    leaver: Leaver | None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """One person in all workspaces.

    Attributes:
        email: As the user wrote it.
        workspaces: In the order of the documents.
        mentions: Where documents name them otherwise: as an owner, in guards, as a leaver.
    """

    email: str
    workspaces: tuple[PersonAccess, ...]
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class NotNamed:
    """A person whom no document names.

    Attributes:
        email: As the user wrote it.
        similar: A similar address that a document names; empty if there is none.
    """

    email: str
    similar: str


@dataclass(frozen=True, slots=True)
class Offboarding:
    """The documents without some people.

    Attributes:
        files: The files that are edited.
        desired: The edited documents.
        removed: The entries that are removed.
        left: Where the people are still named, such as an owner.
        unknown: People whom no document names.
        folder: Where a patch is to be applied; empty for the current directory.
    """

    files: tuple[EditedFile, ...]
    desired: tuple[Desired, ...]
    removed: tuple[Mention, ...]
    left: tuple[Mention, ...]
    unknown: tuple[NotNamed, ...]
    folder: str


@dataclass(frozen=True, slots=True)
class Remaining:
    """A person who has access to a workspace, or is invited, and whom the plan that follows does not remove."""

    email: str
    workspace: str
