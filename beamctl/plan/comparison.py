"""What a kind reports about one workspace, the context it compares in, and the base of everything that decides about
objects one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

from beamctl.document.problem import Place
from beamctl.model.fact import Fact
from beamctl.model.identity import Identity
from beamctl.plan.change import Change, ChangeId, Reason
from beamctl.plan.guards import NO_FLOORS, Bounds, Declared, Sizes
from beamctl.plan.hazard import Allowance, Hazard

if TYPE_CHECKING:
    from beamctl.plan.base_guards import BaseDocument

CLOCKS_APART = timedelta(minutes=5)
"""Tolerated difference between the clocks of two machines."""


class AdminGroups(Enum):
    """What the changes do to the directory groups that make people admins."""

    KEPT = "kept"
    """No group loses the admin role."""
    FEWER = "fewer"
    """At least one group loses the admin role, so some admins from the directory will lose it."""
    NONE = "none"
    """No group has the admin role any more."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A change that a recorded run began but did not complete, so its object may still exist.

    Attributes:
        change: A creation, or the deletion of what an earlier run left behind.
        ended: When the run ended; None if it was killed.
        repeated: When a later run began that completed the same change. Newer objects may come from that run.
    """

    change: Change
    began: datetime
    ended: datetime | None = None
    repeated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A change that earlier runs made and reverted because it granted more than requested.

    Attributes:
        after: What was requested.
        times: How many times in a row.
    """

    after: Mapping[str, Any]
    times: int


@dataclass(frozen=True, slots=True)
class Situation:
    """What a comparison depends on besides the document and the workspace.

    Attributes:
        today: The date in UTC.
        api: The base URL of the API.
        identity: The identity beamctl runs as; None if the credential does not show it.
        left: By kind, how many objects existed at the end of the last recorded run; empty if there is none.
        admin_groups: As reported by the kinds compared earlier.
        now: The time in UTC; None for the start of the day.
        floors: Guards set outside the document.
        recorded: What the document declared in the last recorded run; None if no record shows it.
        interrupted: Incomplete changes of earlier runs, from their records.
        allowed: The hazards allowed for this plan. Some changes are planned only if they are allowed.
        resent: By kind and key, how often earlier runs resent something.
        deferred: By change, the desired state that an earlier run deferred.
        withdrawn: By change, what earlier runs reverted.
        base: The document at an earlier commit, if plans are compared with one.
        chosen: The changes that a partial plan makes; None for all.
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
    base: BaseDocument | None = None
    chosen: frozenset[ChangeId] | None = None

    def only_chosen(self, changes: Iterable[Change]) -> list[Change]:
        """The changes without those that a partial plan leaves out. Hazards are about these."""
        return [each for each in changes if self.chosen is None or each.id in self.chosen]

    @property
    def moment(self) -> datetime:
        """The time in UTC."""
        return self.now or datetime.combine(self.today, time(), UTC)


class UnchangedReason(StrEnum):
    """Why objects are left as they are, in the order of reports."""

    UNCHANGED = "unchanged"
    AS_BEFORE = "as-before"
    """An undo has nothing to do."""
    BUILT_IN = "built-in"
    UNKNOWN_ROLE = "unknown-role"
    DIRECTORY_SYNC = "directory-sync"
    DOMAIN_CAPTURE = "domain-capture"
    OTHER_SOURCE = "other-source"
    NOT_DECLARED = "not-declared"
    """The section is additive."""
    NOT_INVITED_AGAIN = "not-invited-again"
    KEYS_NOT_MANAGED = "keys-not-managed"
    OLDER_KEPT = "older-kept"
    SKIPPED = "skipped"
    PENDING = "pending"
    """Invited, and waiting for the invitee."""


@dataclass(frozen=True, slots=True)
class Note:
    """Information for the reviewer that is not a change.

    Attributes:
        fact: What to know.
        place: The line it is about, if any.
        differs: Whether the workspace differs from the document and stays that way.
        excused: Whether the document itself says to ignore the difference for now, so that it is not drift.
    """

    fact: Fact
    place: Place | None = None
    differs: bool = False
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of comparing one kind in one workspace.

    Attributes:
        hazards: Hazards specific to the kind. The engine adds those that count across kinds.
        anomalies: Why the API's response may be wrong: hazards if the plan has changes, otherwise notes.
        tally: Number of objects left as they are, by reason.
        declared: Number of objects the document declares.
        seen: Number of objects the API shows; None if a later count would be meaningless.
        population: How many of them can lose access. Open invitations do not count.
        invited: How many have an open invitation.
        quorum_keys: Keys that must still exist before access is reduced (the remaining admins).
        admin_groups: Passed on to the kinds compared later.
        ends: By key, the date on which an admin's access ends, if it was declared before that date; None if not
            applicable.
    """

    changes: tuple[Change, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    anomalies: tuple[Hazard, ...] = ()
    notes: tuple[Note, ...] = ()
    tally: Mapping[UnchangedReason, int] = field(default_factory=dict)
    declared: int = 0
    seen: int | None = 0
    population: int = 0
    invited: int = 0
    quorum_keys: tuple[str, ...] = ()
    admin_groups: AdminGroups = AdminGroups.KEPT
    ends: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What an existing plan depends on, evaluated against a fresh read.

    Attributes:
        seen: As in `Comparison`.
        quorum_keys: As in `Comparison`.
        hazards: Hazards that hold regardless of who applies the plan and of what the file says.
        admins_lose: Whether an admin loses access, in which case it matters who applies the plan.
        population: As in `Comparison`.
        invited: As in `Comparison`.
        below_floors: What the floors refuse.
        admin_groups: As in `Comparison`.
    """

    seen: int | None = 0
    quorum_keys: tuple[str, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    admins_lose: bool = False
    population: int = 0
    invited: int = 0
    below_floors: tuple[Hazard, ...] = ()
    admin_groups: AdminGroups = AdminGroups.KEPT


def sizes(found: Iterable[Comparison | Preconditions]) -> Sizes:
    """The populations that percentages refer to."""
    kinds = tuple(found)
    return [each.population for each in kinds], [each.population + each.invited for each in kinds]


class Decisions:
    """Collects changes, notes and counts.

    Attributes:
        tally: Number of objects left as they are, by reason.
    """

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.notes: list[Note] = []
        self.tally: Counter[UnchangedReason] = Counter()

    def mark_as_undo(self) -> None:
        """Make all changes ones that undo a run. No line of the document requests them."""
        self.changes[:] = [replace(each, reason=Reason.UNDOES, place=None, declared={}) for each in self.changes]

    def comparison(self, hazards: Iterable[Hazard], live_count: int | None) -> Comparison:
        """The comparison that follows from the decisions.

        Args:
            hazards: Of the changes.
            live_count: Number of live objects; None if a later count would be meaningless.
        """
        return Comparison(
            changes=tuple(self.changes),
            hazards=tuple(hazards),
            notes=tuple(self.notes),
            tally=self.tally,
            declared=live_count or 0,
            seen=live_count,
            population=live_count or 0,
        )
