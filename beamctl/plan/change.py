"""A change: the unit that a reviewer approves and that can be saved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum
from typing import Any, Self

from beamctl.document.desired import GroupStep
from beamctl.document.problem import Place

ALL_ATTRIBUTES = ""
"""Stands for all attributes of a change."""


class Action(Enum):
    """What a change does, as shown to a reviewer."""

    SET = "set"
    INVITE = "invite"
    RESEND = "resend"
    SET_ROLE = "set role"
    CREATE = "create"
    UPDATE = "update"
    REVOKE = "revoke"
    """Withdraw a pending invitation. No one loses access."""
    REMOVE = "remove"
    DELETE = "delete"


class Stage(IntEnum):
    """When a change may run. Stages run one after another; the changes of one stage may run concurrently."""

    SETTINGS = 1
    PROMOTE = 2
    INVITE = 3
    CREATE = 4
    CREATE_WITHIN = 5
    """Needs something that this apply may create, such as an API key of a new service account."""
    UPDATE = 6
    DEMOTE = 7
    REVOKE = 8
    REMOVE = 9
    DELETE = 10
    OURSELVES = 11
    """Reduces our own access, so it comes last."""

    @property
    def revokes_access(self) -> bool:
        """Whether its changes reduce access. The admins are read again before the first such stage."""
        return self >= Stage.DEMOTE


class Reason(StrEnum):
    """Why a change is planned."""

    NOT_THERE = "not_in_workspace"
    NOT_DECLARED = "not_in_document"
    ROLE_DIFFERS = "role_differs"
    VALUE_DIFFERS = "value_differs"
    INVITATION_EXPIRED = "invitation_expired"
    ACCESS_ENDED = "access_ended"
    LEFT = "left"
    """The person is a leaver."""
    EXPIRES = "expires"
    NOT_HANDED_OVER = "not_handed_over"
    SUPERSEDED = "superseded"
    UNDOES = "undoes_run"


_REMOVED = frozenset({Reason.NOT_DECLARED, Reason.ACCESS_ENDED, Reason.LEFT})
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
"""The valid reasons for each action. `UNDOES` is valid for all of them."""


ChangeId = tuple[str, str]
"""The kind and the key of a change."""


class CreationKey(str):
    """The key of a change that creates an object whose name is not unique. It depends on the objects that have the same
    name now. Keys compare and sort as text, like all others.

    Attributes:
        name: What is created.
        next_to: The ids of the objects that stay.
        in_place_of: The ids of those that it replaces, because their secrets were not handed over.
    """

    __slots__ = ("in_place_of", "name", "next_to")
    name: str
    next_to: tuple[str, ...]
    in_place_of: tuple[str, ...]

    def __new__(cls, name: str, next_to: Iterable[str] = (), in_place_of: Iterable[str] = ()) -> Self:
        """A key with sorted ids."""
        ids = sorted(next_to), sorted(in_place_of)
        key = super().__new__(cls, json.dumps([name, *ids]))
        key.name, key.next_to, key.in_place_of = name, tuple(ids[0]), tuple(ids[1])
        return key


def key_data(key: str) -> str | dict[str, Any]:
    """A key as plain data."""
    if not isinstance(key, CreationKey):
        return key
    return {"name": key.name, "next_to": list(key.next_to), "in_place_of": list(key.in_place_of)}


def key_of(data: str | Mapping[str, Any]) -> str:
    """The inverse of `key_data`."""
    return data if isinstance(data, str) else CreationKey(data["name"], data["next_to"], data["in_place_of"])


@dataclass(frozen=True, slots=True)
class Dependency:
    """Changes that must be in effect before another change is made: at least `at_least` of these keys of one kind."""

    kind: str
    keys: tuple[str, ...]
    at_least: int


@dataclass(frozen=True, slots=True)
class Change:
    """One reviewable step.

    Attributes:
        kind: The name of the kind, such as `member`.
        key: Identifies the object within its kind (a folded e-mail, the name of a setting).
        name: Display name.
        attribute: The attribute to show before and after (`role`), or `ALL_ATTRIBUTES`.
        before: What the API shows now; None if the object does not exist.
        after: What the API will show; None if the object is deleted.
        place: The line that requests it; None if it is planned because the document does not list the object.
        declared: Document-only attributes (`until`, `reason`, `owner`; `since` and `reason` of a leaver).
        through: The ways through groups that give the person access. The first one leads to `place`. Empty for anything
            that is declared directly.
        depends_on: What must be in effect first. If that fails, this change is skipped.
        serial_group: Changes of the same group run one after another, in order; empty for no constraint.
        secrets: Where secrets come from and go to, as written in the document (`model.secret.place_of`); never a
            secret.
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
    serial_group: str = ""
    secrets: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[Dependency, ...] = ()
    through: tuple[tuple[GroupStep, ...], ...] = ()

    @property
    def id(self) -> ChangeId:
        """Identifies the change within a plan."""
        return self.kind, self.key

    @property
    def revokes_access(self) -> bool:
        """Whether it reduces someone's access. Deleting something superseded does not."""
        return self.stage.revokes_access and self.reason is not Reason.SUPERSEDED

    @property
    def counts_as_removal(self) -> bool:
        """Whether guards limit how many of these one apply may make. A leaver is removed by a line of their own."""
        return self.revokes_access and self.reason is not Reason.LEFT

    @property
    def order(self) -> tuple[int, str, str]:
        """Sort key within a plan."""
        return self.stage, self.kind, self.key
