"""What an apply yields as it goes. It must not know how it is shown or kept."""

from __future__ import annotations

from dataclasses import dataclass

from beamctl.plan.change import Change
from beamctl.plan.kind import Outcome


@dataclass(frozen=True, slots=True)
class Started:
    """A change is about to be made."""

    change: Change


@dataclass(frozen=True, slots=True)
class Ended:
    """A change was made, put off, or failed: its outcome says which."""

    change: Change
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class NotAttempted:
    """A change was not begun.

    Attributes:
        change: Which.
        why: In words.
    """

    change: Change
    why: str


Event = Started | Ended | NotAttempted
