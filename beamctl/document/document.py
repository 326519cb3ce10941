"""A document: the plain data of one workspace, with the line and column of every key and value, and what its
general sections (guards, manage) say. It must not know any kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from math import ceil
from typing import Any

from beamctl.document.problem import Place

Path = tuple[str | int, ...]
"""Where a value stands inside a document: keys and list indices from the root."""

Spot = tuple[int, int]
"""Line and column, both counted from 1."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document.

    Attributes:
        source: The file as the user named it; `-` is standard input.
        data: Plain dicts, lists, strings, numbers, booleans and None.
        values: Where each value begins.
        keys: Where each key of a mapping begins.
    """

    source: str
    data: Any
    values: Mapping[Path, Spot]
    keys: Mapping[Path, Spot]

    def place(self, *path: str | int) -> Place:
        """Where the value at `path` begins; for a path that is not there, its nearest parent that is."""
        return self._nearest(self.values, path)

    def key_place(self, *path: str | int) -> Place:
        """Where the key at `path` begins; for an item of a list, the item."""
        return Place(self.source, *self.keys[path]) if path in self.keys else self.place(*path)

    def _nearest(self, spots: Mapping[Path, Spot], path: Path) -> Place:
        while path and path not in spots:
            path = path[:-1]
        return Place(self.source, *spots.get(path, (1, 1)))


class Mode(StrEnum):
    """Who decides about what a section does not list."""

    AUTHORITATIVE = "authoritative"
    """The section: what it does not list goes."""
    ADDITIVE = "additive"
    """Nobody: what it does not list stays as it is."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many of something one apply may take away.

    Attributes:
        number: A count, or a percentage.
        percent: Whether `number` is a percentage.
    """

    number: int
    percent: bool = False

    def of(self, population: int) -> int:
        """The count that is allowed among `population`; a share is rounded up, so that 25 % of 3 is 1."""
        return ceil(population * self.number / 100) if self.percent else self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)


@dataclass(frozen=True, slots=True)
class Self:
    """Who beamctl runs as, as the document says it.

    Attributes:
        email: Of a person, as written; empty for a service account.
        service_account: Name of a service account; empty for a person.
    """

    email: str = ""
    service_account: str = ""

    def __str__(self) -> str:
        return f"email {self.email}" if self.email else f"serviceAccount {self.service_account}"


@dataclass(frozen=True, slots=True)
class Guards:
    """What must not be done to this workspace.

    Attributes:
        min_admins: Accepted admins that must remain.
        max_removals: Removals, demotions and revocations in one apply.
        allowed_domains: Folded domains whose people may be given access; None means any, empty means nobody's.
        protected: Folded e-mails of people who are never removed or demoted.
        secret_sources: Additional files and folders that secrets may be read from.
        prevent_destroy: Whether the workspace must not be deleted.
        runs_as: Who beamctl runs as, where the document says so.
        source: The document that sets them; None for the defaults, and for guards that were read from a record.
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
    """Somebody who is left alone for a while, whatever the document or the workspace says of them.

    Attributes:
        email: As written.
        until: The first day, in UTC, on which they are managed again.
        reason: Why.
        place: The line that says so.
    """

    email: str
    until: date
    reason: str
    place: Place


MAX_REINVITES = 3


@dataclass(frozen=True, slots=True)
class Desired:
    """What a document without problems says.

    Attributes:
        workspace: The name of the workspace.
        document: Where the sections stand, for each kind to read its own.
        guards: The guards, with defaults filled in.
        manage: The mode of each section that names one; the others are authoritative.
        skip: Who is left alone for a while, by folded e-mail.
        max_reinvites: How often an invitation that expired is sent again.
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

    def section(self, name: str) -> Any:  # noqa: ANN401 - the data of a section is the kind's to read
        """The data of a section, or None where the document does not have it: then it is not managed at all."""
        return self.document.data.get(name)
