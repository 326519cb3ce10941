"""The events of an apply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

from beamctl.model.fact import Fact
from beamctl.plan.change import Change
from beamctl.plan.kind import Outcome


@dataclass(frozen=True, slots=True)
class Started:
    """A change is about to be made."""

    change: Change


@dataclass(frozen=True, slots=True)
class Ended:
    """A change was made, deferred, or failed; see its outcome."""

    change: Change
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class NotAttempted:
    """A change was not started.

    Attributes:
        why: The reason.
    """

    change: Change
    why: Fact


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The API shows that a change is in effect.

    Attributes:
        late: Whether the response to the change itself had left that open.
    """

    change: Change
    late: bool = False


class UnconfirmedReason(Enum):
    """Why an accepted change does not count as made."""

    NOT_SHOWN_YET = "not_shown_yet"
    """The API still shows the state before the change."""
    SHOWN_OTHERWISE = "shown_otherwise"
    """The API shows neither the state before nor the state after the change."""
    NOT_READABLE = "not_readable"
    """The live state could not be read."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The API accepted a change but does not show it.

    Attributes:
        reason: Why it does not count as made.
        shows: What the API shows instead; None if nothing.
        why: Why it could not be read, or what was done about a change that granted too much.
        gone: Whether nothing is left: see `Outcome`.
        withdrawn: Whether it granted more than requested and was reverted.
    """

    change: Change
    reason: UnconfirmedReason
    shows: Mapping[str, Any] | None = None
    why: Fact | None = None
    gone: bool = False
    withdrawn: bool = False


_NOT_PERMITTED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)

Event = Started | Ended | NotAttempted | Confirmed | Unconfirmed


def is_not_permitted(events: Iterable[Event]) -> bool:
    """Whether the API answered every attempted change with 401 or 403."""
    outcomes = [event.outcome for event in events if isinstance(event, Ended)]
    return bool(outcomes) and all(outcome.refusal in _NOT_PERMITTED for outcome in outcomes)
