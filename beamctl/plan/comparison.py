"""What a kind says of one workspace, and what that depends on. The engine knows no kind but through this and `kind`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any

from beamctl.document.problem import Place
from beamctl.model.identity import Identity
from beamctl.plan.change import Change, ChangeId
from beamctl.plan.declared import Declared
from beamctl.plan.floors import NO_FLOORS, Bounds
from beamctl.plan.hazard import Allowance, Hazard


class AdminGroups(Enum):
    """What becomes of the groups of a directory that make people admins."""

    KEPT = "kept"
    """All of them make admins as before."""
    FEWER = "fewer"
    """At least one no longer does: some of those whom the directory made admins will be none."""
    NONE = "none"
    """None does any more."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A change that a recorded run planned and did not complete: what it made, or was to delete, may be there.

    Attributes:
        change: A creation that was begun, or the deletion of what an earlier run left.
        began: When the run began.
        ended: When it ended; None if it was killed.
        repeated: When a later run began that completed the same change: what is newer may be what that one made.
    """

    change: Change
    began: datetime
    ended: datetime | None = None
    repeated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What earlier runs made and took back, because it gave more than was asked for.

    Attributes:
        after: What was asked for.
        times: How often in a row.
    """

    after: Mapping[str, Any]
    times: int


@dataclass(frozen=True, slots=True)
class Situation:
    """What a comparison depends on beside the document and the workspace.

    Attributes:
        today: The day in UTC.
        api: The base URL of the API.
        identity: Who beamctl runs as, if the credential shows it; else None.
        left: By the name of each kind, how many the last recorded run saw at its end; nothing where none is recorded.
        admin_groups: As the kinds say that were compared before.
        now: The moment in UTC, for what ends within a day; None for the beginning of the day.
        floors: Guards that are set outside the document.
        recorded: What the document declared in the last recorded run; None if no record shows it.
        interrupted: What earlier runs over this workspace left, as their records show.
        allowed: The hazards that are allowed for this plan: some changes are planned only if they are.
        resent: By kind and key, how often earlier runs sent something again, as their records show.
        deferred: By change, what it was to make and an earlier run put off, as its record shows.
        withdrawn: By change, what earlier runs took back again, as their records show.
    """

    today: date
    api: str
    identity: Identity | None = None
    left: Mapping[str, int] = field(default_factory=dict)
    admin_groups: AdminGroups = AdminGroups.KEPT
    now: datetime | None = None
    floors: Bounds = NO_FLOORS
    recorded: Declared | None = None
    interrupted: tuple[Interrupted, ...] = ()
    allowed: tuple[Allowance, ...] = ()
    resent: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    deferred: Mapping[ChangeId, Mapping[str, Any]] = field(default_factory=dict)
    withdrawn: Mapping[ChangeId, Withdrawn] = field(default_factory=dict)

    @property
    def moment(self) -> datetime:
        """The moment in UTC."""
        return self.now or datetime.combine(self.today, time(), UTC)


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reviewer should know that is no change.

    Attributes:
        text: In one sentence, without a full stop.
        place: The line it is about, if any.
        differs: Whether the workspace is not as the document says, and is left so.
        excused: Whether the document itself says that a difference is to be left for now: that is no drift.
    """

    text: str
    place: Place | None = None
    differs: bool = False
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one kind found in one workspace.

    Attributes:
        changes: In any order.
        hazards: Those that only the kind can see; counts over all kinds are the engine's.
        doubts: Why what the API shows may not be true: hazards where the plan has any change, else notes.
        notes: What should be said.
        tally: How many were left as they are, by why: `unchanged`, `waiting for the invitee` …
        wanted: How many the document declares.
        seen: How many the API shows; None where a later count says nothing, as they come and go with others.
        population: How many of these have something that could be taken away: access, not an open invitation.
        invited: How many have an open invitation.
        relies_on: Keys of those who must still be there before anything is taken from anyone (the remaining admins).
        admin_groups: What the changes make of them; told to the kinds that are compared after this one.
        ends: By key, the day on which the access of an admin ends, declared before it came; None if the document was
            not asked.
    """

    changes: tuple[Change, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    doubts: tuple[Hazard, ...] = ()
    notes: tuple[Note, ...] = ()
    tally: Mapping[str, int] = field(default_factory=dict)
    wanted: int = 0
    seen: int | None = 0
    population: int = 0
    invited: int = 0
    relies_on: tuple[str, ...] = ()
    admin_groups: AdminGroups = AdminGroups.KEPT
    ends: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Preconditions:
    """On what changes stand that were planned earlier, now that the API was read again.

    Attributes:
        seen: As in `Comparison`.
        relies_on: As in `Comparison`.
        hazards: Those that hold whoever makes the changes, and whatever a file says of them.
        admins_lose: Whether an admin loses something: then it matters who makes the changes.
        population: As in `Comparison`.
        invited: As in `Comparison`.
        below_floors: What the floors refuse.
        admin_groups: As in `Comparison`.
    """

    seen: int | None = 0
    relies_on: tuple[str, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    admins_lose: bool = False
    population: int = 0
    invited: int = 0
    below_floors: tuple[Hazard, ...] = ()
    admin_groups: AdminGroups = AdminGroups.KEPT
