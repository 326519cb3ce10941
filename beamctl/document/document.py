"""The document: the data of one workspace with the position of every key and value, and its general sections (guards,
manage)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from math import ceil
from typing import Any

from beamctl.document.problem import Place

Path = tuple[str | int, ...]
"""The path of a value in a document: keys and list indices from the root."""

Position = tuple[int, int]
"""Line and column, both counted from 1."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document.

    Attributes:
        source: The file as the user named it; `-` is standard input.
        data: Plain dicts, lists, strings, numbers, booleans and None.
        values: The position of each value.
        keys: The position of each key of a mapping.
    """

    source: str
    data: Any
    values: Mapping[Path, Position]
    keys: Mapping[Path, Position]

    def place(self, *path: str | int) -> Place:
        """The place of the value at `path`, or of its nearest parent that exists."""
        return self._nearest(self.values, path)

    def key_place(self, *path: str | int) -> Place:
        """The place of the key at `path`; for an item of a list, of the item."""
        return Place(self.source, *self.keys[path]) if path in self.keys else self.place(*path)

    def _nearest(self, positions: Mapping[Path, Position], path: Path) -> Place:
        while path and path not in positions:
            path = path[:-1]
        return Place(self.source, *positions.get(path, (1, 1)))


class Mode(StrEnum):
    """What happens to live objects that a section does not list."""

    AUTHORITATIVE = "authoritative"
    """They are removed."""
    ADDITIVE = "additive"
    """They are left alone."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many removals one apply may make.

    Attributes:
        number: A count, or a percentage.
        percent: Whether `number` is a percentage.
    """

    number: int
    percent: bool = False

    def of(self, population: int) -> int:
        """The number allowed out of `population`; percentages are rounded up, so 25% of 3 is 1."""
        return ceil(population * self.number / 100) if self.percent else self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)


@dataclass(frozen=True, slots=True)
class Self:
    """The identity that beamctl runs as, declared in the document.

    Attributes:
        email: E-mail of a person, as written; empty for a service account.
        service_account: Name of a service account; empty for a person.
    """

    email: str = ""
    service_account: str = ""

    def __str__(self) -> str:
        return f"email {self.email}" if self.email else f"serviceAccount {self.service_account}"


@dataclass(frozen=True, slots=True)
class Guards:
    """Settings that decide when a change is a hazard.

    Attributes:
        min_admins: Accepted admins that must remain.
        max_removals: Removals, demotions and revocations allowed in one apply.
        allowed_domains: Folded domains whose users may get access; None means all, empty means none.
        protected: Folded e-mails of members who are never removed or demoted.
        secret_sources: Additional files and folders that secrets may be read from.
        prevent_destroy: Whether the workspace must not be deleted.
        runs_as: The identity that beamctl runs as, if the document declares it.
        source: The document that sets them; None for defaults, and for guards read from a run record.
    """

    min_admins: int = 1
    max_removals: Limit = field(default_factory=lambda: Limit(25, percent=True))
    allowed_domains: tuple[str, ...] | None = None
    protected: tuple[str, ...] = ()
    secret_sources: tuple[str, ...] = ()
    prevent_destroy: bool = True
    runs_as: Self | None = None
    source: Document | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Skip:
    """A person who is left alone for a while, regardless of the document and the workspace.

    Attributes:
        email: As written.
        until: The first day, in UTC, on which they are managed again.
        reason: Why.
        place: The line and column of the entry.
    """

    email: str
    until: date
    reason: str
    place: Place


MAX_REINVITES = 3


@dataclass(frozen=True, slots=True)
class Desired:
    """The desired state from a valid document.

    Attributes:
        workspace: The name of the workspace.
        document: The document; each kind reads its own sections.
        guards: The guards, with defaults filled in.
        manage: The mode of each section that sets one; the others are authoritative.
        skip: People who are left alone for a while, by folded e-mail.
        max_reinvites: How often an expired invitation is sent again.
    """

    workspace: str
    document: Document
    guards: Guards = field(default_factory=Guards)
    manage: Mapping[str, Mode] = field(default_factory=dict)
    skip: Mapping[str, Skip] = field(default_factory=dict)
    max_reinvites: int = MAX_REINVITES

    def mode(self, section: str) -> Mode:
        """The mode of a section."""
        return self.manage.get(section, Mode.AUTHORITATIVE)

    def section(self, name: str) -> Any:  # noqa: ANN401 - each kind reads its own data
        """The data of a section, or None if it is absent and so not managed."""
        return self.document.data.get(name)
