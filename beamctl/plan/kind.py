"""What a kind must be able to do, and what it says of one workspace. The engine knows kinds only through this."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any, Protocol, TypeVar

from beamctl.document.document import Desired, Document
from beamctl.document.problem import Place, Problem
from beamctl.model.api_call import Answer, ApiCall, Lost
from beamctl.model.identity import Identity
from beamctl.model.secret import Fetch, HandOver
from beamctl.plan.change import Change
from beamctl.plan.export import Exported
from beamctl.plan.hazard import Hazard
from beamctl.plan.shown import Shown

L = TypeVar("L")


class AdminGroups(Enum):
    """What becomes of the groups of a directory that make people admins."""

    KEPT = "kept"
    """All of them make admins as before."""
    FEWER = "fewer"
    """At least one no longer does: some of those whom the directory made admins will be none."""
    NONE = "none"
    """None does any more."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a comparison depends on beside the document and the workspace.

    Attributes:
        today: The day in UTC.
        api: The base URL of the API.
        identity: Who beamctl runs as, as far as the credential tells; None where it does not.
        left: By the name of each kind, how many the last recorded run saw at its end; nothing where none is recorded.
        admin_groups: As the kinds say that were compared before.
        now: The moment in UTC, for what ends within a day; None for the beginning of the day.
    """

    today: date
    api: str
    identity: Identity | None = None
    left: Mapping[str, int] = field(default_factory=dict)
    admin_groups: AdminGroups = AdminGroups.KEPT
    now: datetime | None = None

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


class Ending(Enum):
    """What became of a change."""

    DONE = "done"
    DEFERRED = "deferred"
    """Not possible yet, and not wrong: a later apply will make it."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How making a change ended.

    Attributes:
        ending: What became of it.
        remark: What is worth knowing, in words; on failure what went wrong.
        hint: What to do about it; may be empty.
        refused: Whether it failed because the API refuses just this, and says so: no reason to doubt anything else.
    """

    ending: Ending
    remark: str = ""
    hint: str = ""
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Footing:
    """On what changes stand that were planned earlier, now that the API was read again.

    Attributes:
        seen: As in `Comparison`.
        relies_on: As in `Comparison`.
        hazards: Those that nothing may lift.
        admins_lose: Whether an admin loses something: then it matters who makes the changes.
    """

    seen: int | None = 0
    relies_on: tuple[str, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    admins_lose: bool = False


Conversation = Generator[ApiCall | HandOver | Fetch, Answer | Lost, Outcome]
"""Making one change: yields the calls, is sent what came back, and returns the outcome. A secret that is handed over
or fetched is answered as a call is: `Lost` where that failed; an `Answer` has for its body, in words, where the secret
went, or the secret that was fetched."""
Reading = Generator[str, Any, L]
"""Reading what the API shows: yields paths, is sent the JSON at each, and returns what it makes of it. Where there is
nothing at a path, `MissingError` is thrown in; where it may not be seen, `ForbiddenError`."""

Goes = Callable[[str], bool]
"""Whether what has this key may be about to go: of that, a kind also reads who uses it."""


class Kind(Protocol[L]):
    """One sort of thing that can be declared. `L` is how it holds what the API shows."""

    @property
    def name(self) -> str:
        """In the singular, as in addresses: `member`."""
        ...

    @property
    def section(self) -> str:
        """The key of the document, and the heading of reports: `members`."""
        ...

    @property
    def never_empty(self) -> bool:
        """Whether an empty listing cannot be true."""
        ...

    def problems(self, document: Document) -> Iterable[Problem]:
        """What the schema cannot see. What is not as the schema says is left to the schema."""
        ...

    def is_declared(self, desired: Desired) -> bool:
        """Whether the document says anything of this kind; else it is not managed, and not even read."""
        ...

    def read(self, workspace: str, goes: Goes) -> Reading[L]:
        """Read what the API shows of a workspace, and more of what is said to go.

        Raises:
            GarbledError: A payload is not what the API promises.
        """
        ...

    def shown(self, live: L) -> Shown:
        """What the API shows, one plain row each, in a stable order; and what of it it does not show."""
        ...

    def export(self, live: L, now: datetime) -> Exported:
        """What a document would say of all that is there: a plan of it is empty, now and until something ends."""
        ...

    def digest(self, live: L) -> str:
        """A fingerprint of all that a plan rests on."""
        ...

    def objects(self, live: L, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Those of these keys that are there, as plain data: all that a change to one of them rests on."""
        ...

    def untouched(self, live: L, changes: Sequence[Change]) -> tuple[str, ...]:
        """The keys of what must still be there after the changes: a later listing without one is not believed."""
        ...

    def footing(self, live: L, changes: Sequence[Change]) -> Footing:
        """On what these changes stand, whoever planned them and whoever makes them."""
        ...

    def ourselves(self, live: L, identity: Identity) -> Collection[str]:
        """The keys that are whom a credential says we are."""
        ...

    def compare(self, desired: Desired, live: L, situation: Situation) -> Comparison:
        """What differs. Only called where the document says something of the kind.

        Raises:
            DocumentError: The document does not tell which of several things it means.
        """
        ...

    def undo(self, changes: Sequence[Change], desired: Desired, live: L, situation: Situation) -> Comparison:
        """What would undo changes, where things still are as those left them; a note on each that cannot be undone."""
        ...

    def is_sound(self, change: Change) -> bool:
        """Whether a change that was read from a file is one that this kind plans: whole, and not what it is not."""
        ...

    def perform(self, change: Change, workspace: str) -> Conversation:
        """Make a change."""
        ...

    def doubt(self, live: L, relies_on: Sequence[str], stays: Sequence[str]) -> str:
        """Why nothing may be taken from anyone after all, looking again; empty where it may. See `Comparison`."""
        ...
