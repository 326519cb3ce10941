"""A change: the one thing a reviewer approves, as a value that can be saved. It must not know how the API spells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum
from typing import Any

from beamctl.document.problem import Place

WHOLE = ""
"""Stands for all attributes of a change."""


class Action(Enum):
    """What is done, in the word a reviewer reads."""

    SET = "set"
    INVITE = "invite"
    RESEND = "resend"
    SET_ROLE = "set role"
    CREATE = "create"
    UPDATE = "update"
    REVOKE = "revoke"
    """Of an invitation that is open: nobody loses access that they have."""
    REMOVE = "remove"
    DELETE = "delete"


class Stage(IntEnum):
    """When a change may run. Stages run one after the other, the changes of one stage at the same time."""

    SETTINGS = 1
    PROMOTE = 2
    INVITE = 3
    CREATE = 4
    CREATE_WITHIN = 5
    """What needs something that may only just have been created: a key of a service account."""
    UPDATE = 6
    DEMOTE = 7
    REVOKE = 8
    REMOVE = 9
    DELETE = 10
    OURSELVES = 11
    """Taking from our own identity: after it nothing else may be possible."""

    @property
    def takes(self) -> bool:
        """Whether its changes take something from somebody. Before the first of these the admins are read again."""
        return self >= Stage.DEMOTE


class Reason(StrEnum):
    """Why a change is asked for."""

    NOT_THERE = "not_in_workspace"
    NOT_DECLARED = "not_in_document"
    ROLE_DIFFERS = "role_differs"
    VALUE_DIFFERS = "value_differs"
    INVITATION_EXPIRED = "invitation_expired"
    ACCESS_ENDED = "access_ended"
    EXPIRES = "expires"
    NOT_HANDED_OVER = "not_handed_over"
    SUPERSEDED = "superseded"
    UNDOES = "undoes_run"


_REMOVED = frozenset({Reason.NOT_DECLARED, Reason.ACCESS_ENDED})
REASONS: Mapping[Action, frozenset[Reason]] = {
    Action.SET: frozenset({Reason.VALUE_DIFFERS}),
    Action.INVITE: frozenset({Reason.NOT_THERE}),
    Action.RESEND: frozenset({Reason.INVITATION_EXPIRED}),
    Action.SET_ROLE: frozenset({Reason.ROLE_DIFFERS}),
    Action.CREATE: frozenset({Reason.NOT_THERE, Reason.NOT_HANDED_OVER, Reason.EXPIRES}),
    Action.UPDATE: frozenset({Reason.VALUE_DIFFERS}),
    Action.REVOKE: _REMOVED,
    Action.REMOVE: _REMOVED,
    Action.DELETE: frozenset({Reason.NOT_DECLARED, Reason.NOT_HANDED_OVER, Reason.SUPERSEDED}),
}
"""Why each action is planned, other than to undo a run."""


ChangeId = tuple[str, str]
"""The kind and the key of a change."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """Changes that must be in effect before another change is made.

    Attributes:
        kind: The kind of all of them.
        keys: Their keys.
        at_least: How many of them are needed.
    """

    kind: str
    keys: tuple[str, ...]
    at_least: int


@dataclass(frozen=True, slots=True)
class Change:
    """One thing a reviewer approves.

    Attributes:
        kind: The kind's name, such as `member`.
        key: What tells it from all others of its kind (a folded e-mail, the name of a setting).
        name: How it is shown.
        action: What is done.
        stage: When it may run.
        attribute: The attribute that a reader wants to see before and after (`role`); `WHOLE` for all there are.
        before: What the API shows now, or None for what is not there.
        after: What it will show, or None for what goes.
        reason: Why.
        place: The line that asks for it; None where it is asked for by not being in the document.
        declared: What the document says beside the API's attributes (`until`, `reason`, `owner`).
        depends_on: What must be in effect before it is made. It fails alone, and takes only what depends on it with it.
        lane: Changes of one lane run one after the other, in order; empty for a lane of its own.
        secrets: Where secrets come from and go to, as the document has it (`model.secret.place_of`); never one itself.
    """

    kind: str
    key: str
    name: str
    action: Action
    stage: Stage
    attribute: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: Reason
    place: Place | None = None
    declared: Mapping[str, str] = field(default_factory=dict)
    lane: str = ""
    secrets: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[Dependency, ...] = ()

    @property
    def id(self) -> ChangeId:
        """What tells it from all other changes of a plan."""
        return self.kind, self.key

    @property
    def takes(self) -> bool:
        """Whether it takes something from somebody. What is only in the way, whenever it goes, does not."""
        return self.stage.takes and self.reason is not Reason.SUPERSEDED

    @property
    def order(self) -> tuple[int, str, str]:
        """Where it stands in a plan."""
        return self.stage, self.kind, self.key
