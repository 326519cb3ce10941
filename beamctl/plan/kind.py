"""The protocol that every kind implements, and the types it uses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol, TypeVar

from beamctl.document.document import Desired, Document
from beamctl.document.problem import Problem
from beamctl.model.api_call import ApiCall, NoResponse, Response
from beamctl.model.fact import Fact
from beamctl.model.identity import Identity
from beamctl.model.secret import ReadSecret, StoreSecret
from beamctl.plan.change import Change, ChangeId, Dependency
from beamctl.plan.comparison import Comparison, Preconditions, Situation
from beamctl.plan.export import Exported
from beamctl.plan.listing import Shown

L = TypeVar("L")


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
        ending: The result.
        remark: Details; on failure, the cause.
        hint: What to do about it.
        refusal: The HTTP status with which the API refused this change; 0 if it did not.
        found: Whether it was already in effect. Undoing the run does not undo it.
        certain: Whether the API clearly confirmed it; if not, a later read must show it.
        gone: Whether it failed and left nothing behind, including what existed before.
        withdrawn: Whether it failed because it granted more than requested and was reverted.
    """

    ending: Status
    remark: Fact | None = None
    hint: Fact | None = None
    refusal: int = 0
    found: bool = False
    certain: bool = True
    gone: bool = False
    withdrawn: bool = False


Conversation = Generator[ApiCall | StoreSecret | ReadSecret, Response | NoResponse, Outcome]
"""Makes one change: yields calls, receives responses, returns the outcome. Storing or reading a secret is answered with
`NoResponse` on failure, else with a `Response` whose body says where the secret was stored, or is the secret."""
Reading = Generator[str, Any, L]
"""Reads live state: yields paths, receives the JSON at each, returns the parsed result. `MissingError` is thrown in if
a path does not exist, `ForbiddenError` if it may not be read."""

Dependencies = Mapping[ChangeId, tuple[Dependency, ...]]
"""By change, what must be in effect first."""

Goes = Callable[[str], bool]
"""Whether the object with this key may be deleted. For such objects a kind also reads what uses them."""


class Kind(Protocol[L]):
    """A type of object that can be declared. `L` is its live state."""

    @property
    def name(self) -> str:
        """Singular, as in addresses: `member`."""
        ...

    @property
    def section(self) -> str:
        """The document's key and the heading in reports: `members`."""
        ...

    @property
    def never_empty(self) -> bool:
        """Whether an empty listing must be wrong."""
        ...

    @property
    def only_for_deletion(self) -> frozenset[str]:
        """Attributes that matter only when an object is deleted. Other changes ignore differences in them."""
        ...

    def problems(self, document: Document) -> Iterable[Problem]:
        """Problems that the schema cannot detect. Values that violate the schema are ignored."""
        ...

    def is_declared(self, desired: Desired) -> bool:
        """Whether the document declares this kind. If not, it is not managed and not read."""
        ...

    def read(self, workspace: str, goes: Goes) -> Reading[L]:
        """Read the live state, with more detail for objects that may be deleted.

        Raises:
            GarbledError: A response does not have the documented format.
        """
        ...

    def shown(self, live: L) -> Shown:
        """One plain row per object, in a stable order, and what could not be read."""
        ...

    def export(self, live: L, now: datetime) -> Exported:
        """The document section for the live state: a plan of it is empty, now and until something expires."""
        ...

    def digest(self, live: L) -> str:
        """A fingerprint of everything that a plan depends on."""
        ...

    def objects(self, live: L, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """The objects with these keys that exist, as plain data: everything that a change to them depends on."""
        ...

    def untouched(self, live: L, changes: Sequence[Change]) -> tuple[str, ...]:
        """The keys that must still exist after the changes. A later listing without one is not trusted."""
        ...

    def footing(self, live: L, changes: Sequence[Change], situation: Situation) -> Preconditions:
        """The preconditions of these changes, independent of who planned and who applies them."""
        ...

    def ourselves(self, live: L, identity: Identity) -> Collection[str]:
        """The keys that the credential's identity refers to."""
        ...

    def compare(self, desired: Desired, live: L, situation: Situation) -> Comparison:
        """What differs. Called only if the kind is declared.

        Raises:
            DocumentError: The document is ambiguous.
        """
        ...

    def undo(self, changes: Sequence[Change], desired: Desired, live: L, situation: Situation) -> Comparison:
        """Changes that undo the given ones if the objects are still as those left them, and a note for each that cannot
        be undone."""
        ...

    def is_sound(self, change: Change) -> bool:
        """Whether beamctl itself could have planned a change that was read from a file."""
        ...

    def shows(self, live: L, change: Change) -> bool:
        """Whether the live state shows that a change is in effect."""
        ...

    def dependencies(self, changes: Sequence[Change], relies_on: Sequence[str], keeps: int) -> Dependencies:
        """What changes of any kind depend on, as far as this kind knows.

        Args:
            changes: All changes of the plan, in order.
            relies_on: Keys of this kind that must have the access that others are about to lose.
            keeps: How many of these are needed.
        """
        ...

    def perform(self, change: Change, workspace: str) -> Conversation:
        """Make a change."""
        ...

    def doubt(self, live: L, relies_on: Sequence[str], stays: Sequence[str]) -> Fact | None:
        """Why the live state cannot be right, so that nothing may be removed; None if it can."""
        ...

    def too_few_left(
        self, live: L, changes: Sequence[Change], relies_on: Sequence[str], keeps: int
    ) -> Mapping[ChangeId, Fact]:
        """Which changes would leave too few of the objects relied on, and why.

        Args:
            live: The current state.
            changes: Those still to be made, of any kind, in order.
            relies_on: As for `dependencies`.
            keeps: As for `dependencies`.
        """
        ...

    def withdrawal(self, change: Change, shows: Mapping[str, Any] | None) -> Conversation | None:
        """Operations that revert a change that granted more than requested, if there are any.

        Args:
            change: A change that was made.
            shows: What the API shows now; None if nothing.
        """
        ...


class Independent:
    """Base of kinds that no other change depends on and that no one needs for access."""

    def dependencies(self, changes: Sequence[Change], relies_on: Sequence[str], keeps: int) -> Dependencies:  # noqa: ARG002
        """None."""
        return {}

    def too_few_left(
        self,
        live: Any,  # noqa: ANN401, ARG002 - the kind's own
        changes: Sequence[Change],  # noqa: ARG002
        relies_on: Sequence[str],  # noqa: ARG002
        keeps: int,  # noqa: ARG002
    ) -> Mapping[ChangeId, Fact]:
        """None."""
        return {}

    def withdrawal(self, change: Change, shows: Mapping[str, Any] | None) -> Conversation | None:  # noqa: ARG002
        """Nothing."""
        return None
