"""What a kind shows of the live state: its rows, or why they cannot be read, and its section of an export.

A module of its own: every plan imports it, but only an export imports the writer of documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from beamctl.errors import ApiError, ForbiddenError
from beamctl.model.code import Code
from beamctl.model.fact import Fact, error_fact, fact

Trail = tuple[str, ...]
"""Keys, starting below the section."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One section of the live workspace, as plain data.

    Attributes:
        rows: One plain row each; None if nothing is known.
        unread: What could not be read, and why, to follow the section's name; None if the rows are complete.
        exists: Whether the API has such a listing at all. If not, there are no rows.
    """

    rows: Sequence[Mapping[str, Any]] | None
    unread: Fact | None = None
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A kind that the API does not show."""

    error: ApiError

    @property
    def why(self) -> Fact:
        """Why, to follow the section's name."""
        if isinstance(self.error, ForbiddenError):
            return fact(Code.NOT_READABLE_WITH_CREDENTIAL, detail=error_fact(self.error))
        return fact(Code.CANNOT_BE_READ, detail=error_fact(self.error))


@dataclass(frozen=True, slots=True)
class Exported:
    """One section of a document that describes the live workspace.

    Attributes:
        entries: The section's content by key, in order, as plain data.
        remarks: Comments by key path below the section.
        left_out: By name, why a document cannot express it.
        whole: Whether the section lists everything; otherwise the section is additive.
        skip: By e-mail, why a person is skipped for now because no entry would leave them unchanged.
        within: The section that these entries are merged into, by key; empty for a separate section.
    """

    entries: Mapping[str, Any] = field(default_factory=dict)
    remarks: Mapping[Trail, tuple[Fact, ...]] = field(default_factory=dict)
    left_out: Mapping[str, Fact] = field(default_factory=dict)
    whole: bool = True
    skip: Mapping[str, Fact] = field(default_factory=dict)
    within: str = ""
