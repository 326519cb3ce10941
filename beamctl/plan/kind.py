"""The base class of all kinds, and the types it uses."""

# ruff: noqa: ARG002 - the defaults need no argument
from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.document.problem import Problem
from beamctl.model.api_call import ApiCall, NoResponse, Response
from beamctl.model.fact import Fact
from beamctl.model.identity import Identity
from beamctl.model.secret import ReadSecret, StoreSecret
from beamctl.plan.change import Change, ChangeId, Dependency
from beamctl.plan.comparison import Comparison, Preconditions, Situation
from beamctl.plan.hazard import Hazard
from beamctl.plan.listing import Exported, Listing

if TYPE_CHECKING:
    from beamctl.plan.coverage import Covered

L = TypeVar("L")
T = TypeVar("T")


class Status(Enum):
    """The result of a change."""

    DONE = "done"
    DEFERRED = "deferred"
    """Not possible yet; a later apply will make it."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a change ended.

    Attributes:
        status: The result.
        remark: Details; on failure, the cause.
        hint: What to do about it.
        refusal: The HTTP status with which the API refused this change; 0 if it did not.
        found: Whether it was already in effect. Undoing the run does not undo it.
        certain: Whether the API clearly confirmed it; if not, a later read must show it.
        gone: Whether it failed and left nothing behind, including what existed before.
        withdrawn: Whether it failed because it granted more than requested and was reverted.
    """

    status: Status
    remark: Fact | None = None
    hint: Fact | None = None
    refusal: int = 0
    found: bool = False
    certain: bool = True
    gone: bool = False
    withdrawn: bool = False


Operation = Generator[ApiCall | StoreSecret | ReadSecret, Response | NoResponse, T]
"""A conversation with the API: yields calls, receives responses, returns a result. Storing or reading a secret is
answered with `NoResponse` on failure, else with a `Response` whose body says where the secret was stored, or is the
secret."""
Reading = Generator[str, Any, L]
"""Reads live state: yields paths, receives the JSON at each, returns the parsed result. If a path cannot be read, the
`ApiError` is thrown in: a `MissingError` if it does not exist, a `ForbiddenError` if it may not be read."""

Dependencies = Mapping[ChangeId, tuple[Dependency, ...]]
"""By change, what must be in effect first."""

MayDelete = Callable[[str], bool]
"""Whether the object with this key may be deleted. For such objects a kind also reads what uses them."""


@dataclass(frozen=True, slots=True)
class ReadScope:
    """What to read: one workspace, with more detail for objects that may be deleted."""

    workspace: str
    may_delete: MayDelete


@dataclass(frozen=True, slots=True)
class Quorum:
    """Objects that must have the access that others are about to lose, and how many of them are needed."""

    keys: tuple[str, ...] = ()
    at_least: int = 0


class Kind(ABC, Generic[L]):
    """A type of object that can be declared. `L` is its live state.

    Attributes:
        name: Singular, as in addresses: `member`.
        section: The document's key and the heading in reports: `members`.
        named_by: The attribute that names an object; empty if there is only one object, which always exists.
        grouped_by: The attributes by which summaries group objects.
        identified_by: The attribute that identifies an object; empty if its name does.
        never_empty: Whether an empty listing must be wrong.
        only_for_deletion: Attributes that matter only when an object is deleted. Other changes ignore differences in
            them.
    """

    name: str
    section: str
    named_by = "name"
    grouped_by: tuple[str, ...] = ()
    identified_by = ""
    never_empty = False
    only_for_deletion: frozenset[str] = frozenset()

    # the document

    def problems(self, document: Document) -> Iterable[Problem]:
        """Problems that the schema cannot detect. Values that violate the schema are ignored."""
        return ()

    def is_declared(self, desired: Desired) -> bool:
        """Whether the document declares this kind. If not, it is not managed and not read."""
        return desired.section(self.section) is not None

    # the live state

    @abstractmethod
    def read(self, scope: ReadScope, /) -> Reading[L]:
        """Read the live state.

        Raises:
            GarbledError: A response does not have the documented format.
        """

    @abstractmethod
    def listing(self, live: L, /) -> Listing:
        """One plain row per object, in a stable order, and what could not be read."""

    @abstractmethod
    def objects(self, live: L, keys: Iterable[str], /) -> Mapping[str, Mapping[str, Any]]:
        """The objects with these keys that exist, as plain data: everything that a change to them depends on."""

    @abstractmethod
    def export(self, live: L, now: datetime, /) -> Exported:
        """The document section for the live state: a plan of it is empty, now and until something expires."""

    @abstractmethod
    def coverage(self, desired: Desired, live: L, today: date, /) -> Sequence[Covered]:
        """Every live object, and whether the document decides about it."""

    def declares(self, desired: Desired, change: Change, attribute: str, /) -> bool:
        """Whether an entry that the document lists says anything about an attribute."""
        return True

    def updated(self, live: L, key: str, /) -> datetime | None:
        """When an object was last changed; None if the API does not show it."""
        return None

    def digest(self, live: L, /) -> str:
        """A fingerprint of everything that a plan depends on."""
        return hashlib.sha256(json.dumps(self.listing(live).rows, sort_keys=True).encode()).hexdigest()

    def own_keys(self, live: L, identity: Identity, /) -> Collection[str]:
        """The keys that the credential's identity refers to."""
        return ()

    def anomalies(self, live: L, /) -> Sequence[Hazard]:
        """Why a listing is probably wrong, whatever a document says."""
        return ()

    def unchanged(self, live: L, changes: Sequence[Change], /) -> tuple[str, ...]:
        """The keys that must still exist after the changes. A later listing without one is not trusted."""
        return ()

    def why_incomplete(self, live: L, quorum_keys: Sequence[str], unchanged: Sequence[str], /) -> Fact | None:
        """Why the live state cannot be complete, so that nothing may be removed; None if it can.

        Args:
            live: A later listing.
            quorum_keys: The keys of a quorum.
            unchanged: See `unchanged`.
        """
        return None

    # plans

    @abstractmethod
    def compare(self, desired: Desired, live: L, situation: Situation, /) -> Comparison:
        """What differs. Called only if the kind is declared.

        Raises:
            DocumentError: The document is ambiguous.
        """

    @abstractmethod
    def undo(self, changes: Sequence[Change], desired: Desired, live: L, situation: Situation, /) -> Comparison:
        """Changes that undo the given ones if the objects are still as those left them, and a note for each that cannot
        be undone."""

    def preconditions(self, live: L, changes: Sequence[Change], situation: Situation, /) -> Preconditions:
        """The preconditions of these changes, independent of who planned and who applies them. By default, only the
        number of objects."""
        count = len(self.listing(live).rows or ())
        return Preconditions(seen=count, population=count)

    def dependencies(self, changes: Sequence[Change], quorum: Quorum, /) -> Dependencies:
        """What changes of any kind depend on, as far as this kind knows.

        Args:
            changes: All changes of the plan, in order.
            quorum: Of this kind.
        """
        return {}

    def is_valid(self, change: Change, /) -> bool:
        """Whether beamctl itself could have planned a change that was read from a file."""
        return True

    # changes

    @abstractmethod
    def perform(self, change: Change, workspace: str, /) -> Operation[Outcome]:
        """Make a change."""

    @abstractmethod
    def is_in_effect(self, live: L, change: Change, /) -> bool:
        """Whether the live state shows that a change is in effect."""

    def too_few_left(self, live: L, changes: Sequence[Change], quorum: Quorum, /) -> Mapping[ChangeId, Fact]:
        """Which changes would leave too few of the objects relied on, and why.

        Args:
            live: The current state.
            changes: Those still to be made, of any kind, in order.
            quorum: Of this kind.
        """
        return {}

    def withdrawal(self, change: Change, shows: Mapping[str, Any] | None, /) -> Operation[Outcome] | None:
        """Operations that revert a change that granted more than requested, if there are any.

        `shows` is what the API shows now; None if nothing.
        """
        return None
