"""The declaration of a route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING

from beamctl.emulator.permission import Permission

if TYPE_CHECKING:
    from beamctl.emulator.call import Answer, Call


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Attributes:
        name: Its name in the query.
        meaning: What it does, and how that is known.
        schema: The JSON Schema of its value.
    """

    name: str
    meaning: str
    schema: Mapping[str, object]


COUNT_RESOURCES = Parameter(
    "countResources", "Documented: also return the number of objects in it.", {"type": "boolean", "default": False}
)


WITH_REASON = Parameter("withReason", "Documented: also return the reason.", {"type": "boolean", "default": False})


EXTERNAL_ID = Parameter(
    "externalId", "Client code: only objects with this external ID; empty for all.", {"type": "string"}
)


class Reach(Enum):
    """What a route is about, and so what authorization must find out first."""

    OPEN = auto()
    """No credential needed."""
    CALLER = auto()
    """The caller; `permission.BY_SORT` decides."""
    WORKSPACE = auto()
    """One workspace; `permission.BY_ROLE` decides."""


_ANYBODY = frozenset(
    {HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.SERVICE_UNAVAILABLE}
)
"""Statuses of every route: unknown version, body too large, database locked for too long."""


_GATE: Mapping[Reach, frozenset[HTTPStatus]] = {
    Reach.OPEN: frozenset(),
    Reach.CALLER: frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}),
    Reach.WORKSPACE: frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}),
}
"""Statuses of authorization, besides 400."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route. The OpenAPI document and the tests are generated from these declarations.

    Attributes:
        method: The HTTP method.
        rule: The path below the base path, with variable parts in Flask's syntax.
        permission: The required permission; None if the reach is OPEN.
        handle: Answers an authorized request, or raises a `Refusal`.
        response: The schema of a success, by its name in `schemas/api`.
        page: The same in API versions with pages; empty if this route has none.
        accepted: The schema of a 202 (ask again later); empty if there is none.
        request: The schema of the body; empty if none is read.
        allows_form: Whether the body may be a form instead of JSON.
        required_fields: Fields that the body must have beyond its schema, such as `metadata.name`.
        query: The query parameters it reads, apart from `workspace`.
        errors: The statuses of its own errors, apart from 400 and those of authorization.
        reach: What it is about.
        reads_only: Whether it changes nothing although its method is not GET.
        beamlit_only: Whether it existed only in the Beamlit era.
    """

    method: str
    rule: str
    permission: Permission | None
    handle: Callable[[Call], Answer]
    _: KW_ONLY
    response: str
    page: str = ""
    accepted: str = ""
    request: str = ""
    allows_form: bool = False
    required_fields: tuple[str, ...] = ()
    query: tuple[Parameter, ...] = ()
    errors: frozenset[HTTPStatus] = frozenset()
    reach: Reach = Reach.WORKSPACE
    reads_only: bool = False
    beamlit_only: bool = False

    @property
    def writes(self) -> bool:
        """Whether it may change rows."""
        return self.method != "GET" and not self.reads_only

    @property
    def statuses(self) -> frozenset[HTTPStatus]:
        """Every status the route may return."""
        era = frozenset({HTTPStatus.NOT_FOUND}) if self.beamlit_only else frozenset()
        later = frozenset({HTTPStatus.ACCEPTED}) if self.accepted else frozenset()
        return _ANYBODY | _GATE[self.reach] | era | later | self.errors
