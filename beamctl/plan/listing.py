"""What the API shows of one kind, or that it cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beamctl.errors import ApiError, ForbiddenError


@dataclass(frozen=True, slots=True)
class Shown:
    """One section of the live workspace.

    Attributes:
        rows: One plain row each; None if nothing is known.
        unseen: What could not be read, and why, to follow the section's name; empty if the rows are complete.
    """

    rows: Sequence[Mapping[str, Any]] | None
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class Unseen:
    """A kind that the API does not show."""

    error: ApiError

    @property
    def why(self) -> str:
        """As text that follows the section's name."""
        suffix = " with this credential" if isinstance(self.error, ForbiddenError) else ""
        return f"cannot be read{suffix}: {self.error.message}"
