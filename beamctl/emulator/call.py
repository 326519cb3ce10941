"""One request as the routes see it, the answer they give, and what a route declares of itself. It must not know how a
request travels, nor which routes there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING

from beamctl.emulator.behavior import Quirk
from beamctl.emulator.caller import Caller, Operator, Person
from beamctl.emulator.clock import stamp
from beamctl.emulator.errors import bad_request, forbidden
from beamctl.emulator.mail.emails import Letter
from beamctl.emulator.parameter import Parameter
from beamctl.emulator.permission import Permission, role_allows
from beamctl.emulator.public_url import IN_PROCESS
from beamctl.emulator.request_context import Witness
from beamctl.emulator.store.workspace import Workspace

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers


_YES_OR_NO = {"true": True, "1": True, "false": False, "0": False, "": False}


@dataclass(frozen=True, slots=True)
class Inbound:
    """What came in.

    Attributes:
        headers: The headers; their names are looked up whatever their case.
        query: The query parameters.
        path: The variable parts of the path, decoded.
        body: The body as it came.
        base_url: Where the API is, as the client sees it.
        insider: Who calls, where the program that runs the emulator says so; no header can set it.
        witness: Is told who calls, and about which workspace, for the log.
    """

    headers: Headers
    query: Mapping[str, str]
    path: Mapping[str, str]
    body: bytes
    base_url: str
    insider: Caller | None
    witness: Witness = field(default_factory=Witness)

    def has_header(self, beginning: str) -> bool:
        """Whether there is a header whose name begins so; written in small letters."""
        return any(name.lower().startswith(beginning) for name in self.headers.keys())  # noqa: SIM118 - no mapping

    def is_asked(self, name: str) -> bool:
        """Whether the query switches something on.

        Raises:
            Refusal: 400: it says neither yes nor no.
        """
        said = self.query.get(name, "").lower()
        if said not in _YES_OR_NO:
            raise bad_request(f"{name} must be true or false")
        return _YES_OR_NO[said]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in.

    Attributes:
        inbound: What came in.
        rows: The transaction of the request.
        moment: When it came in.
        quirks: The quirks that are on.
        caller: Who makes it; None on routes that are open to everybody.
        workspace: The workspace it is about; None on routes that are about none.
        role: The caller's role there, where there is one.
        public_url: Where people reach the control plane: the beginning of a link in a letter.
    """

    inbound: Inbound
    rows: sqlite3.Connection
    moment: datetime
    quirks: frozenset[Quirk]
    caller: Caller | None = None
    workspace: Workspace | None = None
    role: str = ""
    public_url: str = IN_PROCESS

    @property
    def here(self) -> Workspace:
        """The workspace, on a route that is about one."""
        assert self.workspace  # noqa: S101 - admission saw to it: the route's reach is WORKSPACE
        return self.workspace

    @property
    def who(self) -> Caller:
        """The caller, on a route that is not open."""
        assert self.caller  # noqa: S101 - admission saw to it: the route's reach is not OPEN
        return self.caller

    @property
    def person(self) -> Person:
        """The caller, on a route that only people may use."""
        if not isinstance(self.caller, Person):
            raise forbidden()
        return self.caller

    @property
    def now(self) -> str:
        """The moment as the API writes it."""
        return stamp(self.moment)

    @property
    def beamlit(self) -> bool:
        """Whether the request is one of the Beamlit era: its headers say so, or the quirk."""
        return Quirk.BEAMLIT_ERA in self.quirks or self.inbound.has_header("x-beamlit-")

    def may(self, permission: Permission) -> bool:
        """Whether the caller has the permission in the workspace."""
        return isinstance(self.caller, Operator) or role_allows(self.role, permission, self.quirks)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back, and what was changed stays changed: nearly always a success, all of which have status 200.

    Attributes:
        body: Plain data, sent as JSON.
        headers: Further headers.
        letters: What is sent to people, once the transaction has ended well.
        status: Another status, where a refusal keeps what was changed, which a `Refusal` does not.
    """

    body: object
    headers: Mapping[str, str] = field(default_factory=dict)
    letters: tuple[Letter, ...] = ()
    status: HTTPStatus = HTTPStatus.OK


class Reach(Enum):
    """What a route is about, and so what admission must find out first."""

    OPEN = auto()
    """Nothing that needs a credential."""
    CALLER = auto()
    """The caller themselves; `permission.BY_SORT` decides."""
    WORKSPACE = auto()
    """One workspace; `permission.BY_ROLE` decides."""


_ANYBODY = frozenset(
    {HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.SERVICE_UNAVAILABLE}
)
"""What every route may answer: the version may be unknown, the body too large, the database locked for too long."""

_GATE: Mapping[Reach, frozenset[HTTPStatus]] = {
    Reach.OPEN: frozenset(),
    Reach.CALLER: frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}),
    Reach.WORKSPACE: frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}),
}
"""What admission may answer, beside a 400."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route, and what it promises: the emulator's OpenAPI document and the tests are made from it.

    Attributes:
        method: The HTTP method.
        rule: The path below the base path, with its variable parts in Flask's spelling.
        reach: What it is about.
        permission: What it needs; None where the reach is OPEN.
        handle: Answers a request that was let in, or raises a `Refusal`.
        writes: Whether it may change rows.
        beamlit_only: Whether it ended with the Beamlit era.
        gives: The schema of a success, by its name in `schemas/api`.
        page: The schema of a success where the version of the API has pages; empty where it has none here.
        waits: The schema of a 202, which tells to ask again; empty where there is none.
        takes: The schema of the body; empty where none is read.
        takes_form: Whether the body may be a form instead of JSON.
        needs: The fields that the body must have beyond its schema, such as `metadata.name`.
        query: The parameters that it reads from the query, apart from `workspace`.
        refuses: The statuses of its own refusals, apart from 400 and those of admission.
    """

    method: str
    rule: str
    reach: Reach
    permission: Permission | None
    handle: Callable[[Call], Answer]
    writes: bool = False
    beamlit_only: bool = False
    gives: str = field(kw_only=True)
    page: str = field(default="", kw_only=True)
    waits: str = field(default="", kw_only=True)
    takes: str = field(default="", kw_only=True)
    takes_form: bool = field(default=False, kw_only=True)
    needs: tuple[str, ...] = field(default=(), kw_only=True)
    query: tuple[Parameter, ...] = field(default=(), kw_only=True)
    refuses: frozenset[HTTPStatus] = field(default=frozenset(), kw_only=True)

    @property
    def statuses(self) -> frozenset[HTTPStatus]:
        """Every status that it may answer."""
        era = frozenset({HTTPStatus.NOT_FOUND}) if self.beamlit_only else frozenset()
        later = frozenset({HTTPStatus.ACCEPTED}) if self.waits else frozenset()
        return _ANYBODY | _GATE[self.reach] | era | later | self.refuses
