"""What the API shows of one kind, for a reader; and that it does not show it, which is not that there is nothing. It
must not know any kind, nor how it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beamctl.errors import ApiError, ForbiddenError


@dataclass(frozen=True, slots=True)
class Shown:
    """One section of a workspace as it is.

    Attributes:
        rows: What is seen, one plain row each; None where nothing is known of it.
        unseen: What of it is not seen, and why, to go on after its name; empty where the rows are all there is.
    """

    rows: Sequence[Mapping[str, Any]] | None
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class Unseen:
    """The API does not show a kind.

    Attributes:
        error: What it answered.
    """

    error: ApiError

    @property
    def why(self) -> str:
        """In words, to go on after the name of the section."""
        whose = " with this credential" if isinstance(self.error, ForbiddenError) else ""
        return f"cannot be seen{whose}: {self.error.message}"
