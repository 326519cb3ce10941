"""What the API shows of one kind, or that it cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beamctl.errors import ApiError, ForbiddenError
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact


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
            return fact(Code.NOT_READABLE_WITH_CREDENTIAL, detail=self.error.message)
        return fact(Code.CANNOT_BE_READ, detail=self.error.message)
