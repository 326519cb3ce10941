"""What an apply yields as it goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The API shows a change that was made.

    Attributes:
        change: Which.
        late: Whether the answer to the change had left that open.
    """

    change: Change
    late: bool = False


class Doubt(Enum):
    """Why a change that the API accepted does not count as made."""

    NOT_SHOWN_YET = "not_shown_yet"
    """The API still shows what it showed before the change."""
    SHOWN_OTHERWISE = "shown_otherwise"
    """The API shows neither what was before the change nor what should be after it."""
    NOT_READABLE = "not_readable"
    """What the API shows could not be read."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A change was answered as made, and the API does not show it.

    Attributes:
        change: Which.
        doubt: Why it does not count as made.
        shows: What the API shows of it; None if nothing.
        why: What went wrong with reading, or what was done about a change that gave too much; else empty.
        gone: Whether that left nothing there: see `Outcome`.
    """

    change: Change
    doubt: Doubt
    shows: Mapping[str, Any] | None = None
    why: str = ""
    gone: bool = False


_NOT_PERMITTED = (401, 403)

Event = Started | Ended | NotAttempted | Confirmed | Unconfirmed


def is_not_permitted(events: Iterable[Event]) -> bool:
    """Whether the API refused whoever asked: it answered every change that was tried with 401 or 403."""
    outcomes = [event.outcome for event in events if isinstance(event, Ended)]
    return bool(outcomes) and all(outcome.refusal in _NOT_PERMITTED for outcome in outcomes)
