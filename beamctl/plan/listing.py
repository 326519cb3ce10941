"""What the API shows of one kind, or that it cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beamctl.errors import ApiError, ForbiddenError


@dataclass(frozen=True, slots=True)
class Listing:
    """One section of the live workspace, as plain data.

    Attributes:
        rows: One plain row each; None if nothing is known.
        unread: What could not be read, and why, to follow the section's name; empty if the rows are complete.
        exists: Whether the API has such a listing at all. If not, there are no rows.
    """

    rows: Sequence[Mapping[str, Any]] | None
    unread: str = ""
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A kind that the API does not show."""

    error: ApiError

    @property
    def why(self) -> str:
        """As text that follows the section's name."""
        suffix = " with this credential" if isinstance(self.error, ForbiddenError) else ""
        return f"cannot be read{suffix}: {self.error.message}"
