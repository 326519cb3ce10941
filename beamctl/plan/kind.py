"""What a kind must be able to do. The engine knows kinds only through this; what they say is in `comparison`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol, TypeVar

from beamctl.document.document import Desired, Document
from beamctl.document.problem import Problem
from beamctl.model.api_call import ApiCall, NoResponse, Response
from beamctl.model.identity import Identity
from beamctl.model.secret import ReadSecret, StoreSecret
from beamctl.plan.change import Change, ChangeId, Dependency
from beamctl.plan.comparison import Comparison, Preconditions, Situation
from beamctl.plan.export import Exported
from beamctl.plan.listing import Shown

L = TypeVar("L")


class Status(Enum):
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
        refusal: The HTTP status with which the API refused just this; 0 if it did not.
        found: Whether it is done without us: it was so already, and to undo what we did is not to undo this.
        certain: Whether the API said plainly that it is done; if not, only a look afterwards tells.
        gone: Whether it failed and left nothing there: what there was before, if anything, was taken away on the way.
        withdrawn: Whether it failed because what was made gave more than was asked for, and was taken back.
    """

    ending: Status
    remark: str = ""
    hint: str = ""
    refusal: int = 0
    found: bool = False
    certain: bool = True
    gone: bool = False
    withdrawn: bool = False


Conversation = Generator[ApiCall | StoreSecret | ReadSecret, Response | NoResponse, Outcome]
"""Makes one change: yields calls, is sent the responses, and returns the outcome. Storing or reading a secret is
answered like a call: with `NoResponse` if it failed, else with a `Response` whose body says where the secret was
stored, or is the secret that was read."""
Reading = Generator[str, Any, L]
"""Reading what the API shows: yields paths, is sent the JSON at each, and returns what it makes of it. Where there is
nothing at a path, `MissingError` is thrown in; where it may not be seen, `ForbiddenError`."""

Dependencies = Mapping[ChangeId, tuple[Dependency, ...]]
"""By change, what must be in effect before it is made."""

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

    @property
    def only_for_deletion(self) -> frozenset[str]:
        """The attributes of an object that matter only to its deletion. Other changes are made whatever they become."""
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

    def footing(self, live: L, changes: Sequence[Change], situation: Situation) -> Preconditions:
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

    def shows(self, live: L, change: Change) -> bool:
        """Whether a change is in effect, as far as the API shows it."""
        ...

    def dependencies(self, changes: Sequence[Change], relies_on: Sequence[str], keeps: int) -> Dependencies:
        """What changes of any kind must wait for, as far as this kind can tell.

        Args:
            changes: All changes of the plan, in order.
            relies_on: Keys of this kind: those who must have the access that others are about to lose.
            keeps: How many of these are needed.
        """
        ...

    def perform(self, change: Change, workspace: str) -> Conversation:
        """Make a change."""
        ...

    def doubt(self, live: L, relies_on: Sequence[str], stays: Sequence[str]) -> str:
        """Why what the API shows now cannot be true, so that nothing may be taken from anyone; empty if it can."""
        ...

    def too_few_left(
        self, live: L, changes: Sequence[Change], relies_on: Sequence[str], keeps: int
    ) -> Mapping[ChangeId, str]:
        """Which of these changes would leave too few of those who are relied on, as the API shows them now, and why.

        Args:
            live: What the API shows now.
            changes: Those that are still to be made, of any kind and in order.
            relies_on: As for `dependencies`.
            keeps: As for `dependencies`.
        """
        ...

    def withdrawal(self, change: Change, shows: Mapping[str, Any] | None) -> Conversation | None:
        """What takes back a change that gave more than was asked for.

        Args:
            change: A change that was made.
            shows: What the API shows of it since; None if nothing.
        """
        ...


class Independent:
    """Base of the kinds on whose changes nothing depends, and which nobody needs to get in."""

    def dependencies(self, changes: Sequence[Change], relies_on: Sequence[str], keeps: int) -> Dependencies:  # noqa: ARG002
        """None."""
        return {}

    def too_few_left(
        self,
        live: Any,  # noqa: ANN401, ARG002 - the kind's own
        changes: Sequence[Change],  # noqa: ARG002
        relies_on: Sequence[str],  # noqa: ARG002
        keeps: int,  # noqa: ARG002
    ) -> Mapping[ChangeId, str]:
        """None."""
        return {}

    def withdrawal(self, change: Change, shows: Mapping[str, Any] | None) -> Conversation | None:  # noqa: ARG002
        """Nothing."""
        return None
