"""One request as the routes see it, their response, and the declaration of a route."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.clock import stamp
from beamctl.emulator.errors import bad_request, forbidden
from beamctl.emulator.mail import Email
from beamctl.emulator.permission import Caller, Operator, Permission, Person, role_allows
from beamctl.emulator.request_log import RequestContext
from beamctl.emulator.store.workspace import Workspace

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers


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


_YES_OR_NO = {"true": True, "1": True, "false": False, "0": False, "": False}


@dataclass(frozen=True, slots=True)
class Inbound:
    """A request as received.

    Attributes:
        headers: The headers; lookup ignores case.
        query: The query parameters.
        path: The variable parts of the path, decoded.
        body: The raw body.
        base_url: Base URL of the API, as the client sees it.
        in_process_caller: The caller of an in-process request; no header can set it.
        context: Collects the caller and the workspace for the request log.
    """

    headers: Headers
    query: Mapping[str, str]
    path: Mapping[str, str]
    body: bytes
    base_url: str
    in_process_caller: Caller | None
    context: RequestContext = field(default_factory=RequestContext)

    def has_header(self, beginning: str) -> bool:
        """Whether any header name starts with `beginning`, which is in lower case."""
        return any(name.lower().startswith(beginning) for name in self.headers.keys())  # noqa: SIM118 - not a mapping

    def is_asked(self, name: str) -> bool:
        """Whether the query turns a flag on.

        Raises:
            Refusal: 400: the value is not a boolean.
        """
        value = self.query.get(name, "").lower()
        if value not in _YES_OR_NO:
            raise bad_request(f"{name} must be true or false")
        return _YES_OR_NO[value]


@dataclass(frozen=True, slots=True)
class Call:
    """An authorized request.

    Attributes:
        inbound: The request as received.
        db: The transaction of the request.
        moment: When it was received.
        flags: The behavior flags that are on.
        public_url: Base URL of links in e-mails.
        caller: Who makes it; None on open routes.
        workspace: Its workspace; None on routes without one.
        role: The caller's role in the workspace; empty if there is none.
    """

    inbound: Inbound
    db: sqlite3.Connection
    moment: datetime
    flags: frozenset[BehaviorFlag]
    public_url: str
    caller: Caller | None = None
    workspace: Workspace | None = None
    role: str = ""

    @property
    def here(self) -> Workspace:
        """The workspace, on a route that has one."""
        assert self.workspace  # noqa: S101 - authorization sets it: the route's reach is WORKSPACE
        return self.workspace

    @property
    def who(self) -> Caller:
        """The caller, on a route that is not open."""
        assert self.caller  # noqa: S101 - authorization sets it: the route's reach is not OPEN
        return self.caller

    @property
    def person(self) -> Person:
        """The caller, on a route that only people may use."""
        if not isinstance(self.caller, Person):
            raise forbidden()
        return self.caller

    @property
    def now(self) -> str:
        """The time of the request as the API writes it."""
        return stamp(self.moment)

    @property
    def beamlit(self) -> bool:
        """Whether this is a request of the Beamlit era, by its headers or by the behavior flag."""
        return BehaviorFlag.BEAMLIT_ERA in self.flags or self.inbound.has_header("x-beamlit-")

    def may(self, permission: Permission) -> bool:
        """Whether the caller has the permission in the workspace."""
        return isinstance(self.caller, Operator) or role_allows(self.role, permission, self.flags)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response whose changes are committed. Almost always a success with status 200.

    Attributes:
        body: Plain data, sent as JSON.
        headers: Additional headers.
        emails: E-mails to send after the commit.
        status: Another status, for an error that keeps its changes (a `Refusal` rolls them back).
    """

    body: object
    headers: Mapping[str, str] = field(default_factory=dict)
    emails: tuple[Email, ...] = ()
    status: HTTPStatus = HTTPStatus.OK


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
