"""How a route is declared, and the checks before it runs: credential, workspace, permission."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.call import ANONYMOUS, Call, Inbound
from beamctl.emulator.credentials import TokenUse, digest, token_subject
from beamctl.emulator.errors import bad_request, forbidden, not_found, unauthorized
from beamctl.emulator.permission import BY_CALLER_TYPE, Caller, Operator, Permission, Person, ServiceAccount
from beamctl.emulator.store import membership, people, service_account, signing_secret, workspace
from beamctl.emulator.store.workspace import Workspace

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers

    from beamctl.emulator.call import Answer


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query or header parameter.

    Attributes:
        name: Its name.
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
    """What a route acts on, which decides what authorization checks."""

    OPEN = auto()
    """No credential needed."""
    CALLER = auto()
    """The caller; `permission.BY_CALLER_TYPE` decides."""
    WORKSPACE = auto()
    """One workspace; `permission.BY_ROLE` decides."""


_COMMON_STATUSES = frozenset(
    {HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.SERVICE_UNAVAILABLE}
)
"""Statuses of every route: unknown version, body too large, database locked for too long."""

_AUTHORIZATION_STATUSES: Mapping[Reach, frozenset[HTTPStatus]] = {
    Reach.OPEN: frozenset(),
    Reach.CALLER: frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}),
    Reach.WORKSPACE: frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}),
}
"""Statuses of authorization, besides 400."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route. The OpenAPI document and the tests are generated from these declarations.

    Attributes:
        method: The HTTP method.
        rule: The path below the base path, with variable parts in Flask's syntax.
        permission: The required permission; None if the reach is OPEN.
        handle: Answers an authorized request, or raises an `ApiError`.
        response: The schema of a success, by its name in `schemas/api`.
        page: The same in API versions with pages; empty if this route has none.
        accepted: The schema of a 202 (ask again later); empty if there is none.
        request: The schema of the body; empty if none is read.
        allows_form: Whether the body may be a form instead of JSON.
        required_fields: Fields that the body must have beyond its schema, such as `metadata.name`.
        query: The query parameters it reads, apart from `workspace`.
        errors: The statuses of its own errors, apart from 400 and those of authorization.
        reach: What it acts on.
        reads_only: Whether it changes nothing although its method is not GET.
        aliases: Other paths of it, from the root of the host instead of the base path.
        beamlit_only: Whether it existed only in the Beamlit era.
        unversioned: Whether it was removed before clients sent `Blaxel-Version`.
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
    aliases: tuple[str, ...] = ()
    beamlit_only: bool = False
    unversioned: bool = False

    @property
    def writes(self) -> bool:
        """Whether it may change rows."""
        return self.method != "GET" and not self.reads_only

    @property
    def statuses(self) -> frozenset[HTTPStatus]:
        """Every status the route may return."""
        era = frozenset({HTTPStatus.NOT_FOUND}) if self.beamlit_only else frozenset()
        later = frozenset({HTTPStatus.ACCEPTED}) if self.accepted else frozenset()
        return _COMMON_STATUSES | _AUTHORIZATION_STATUSES[self.reach] | era | later | self.errors


BEARER_HEADERS = ("X-Blaxel-Authorization", "X-Beamlit-Authorization", "Authorization")
"""Headers with `Bearer` and a key or token, the more specific ones first."""

KEY_HEADERS = ("X-Blaxel-Api-Key", "X-Beamlit-Api-Key", "Api-Key")
"""Headers with a bare API key."""

WORKSPACE_HEADERS = ("X-Blaxel-Workspace", "X-Beamlit-Workspace")
_DOTS_IN_A_TOKEN = 2
_NO_ACCESS = "Forbidden: no access to this workspace"


def authenticate(db: sqlite3.Connection, headers: Headers, moment: datetime) -> Person | ServiceAccount:
    """Return the owner of the credential.

    Raises:
        ApiError: 401: it is missing, unknown or expired.
    """
    credential = _credential(headers)
    caller = service_account.key_owner(db, digest(credential), moment)
    if caller is None and credential.count(".") == _DOTS_IN_A_TOKEN:
        subject = token_subject(signing_secret(db), credential, TokenUse.ACCESS, moment)
        caller = by_subject(db, subject) if subject else None
    if caller is None:
        raise unauthorized()
    return caller


def by_subject(db: sqlite3.Connection, subject: str) -> Person | ServiceAccount | None:
    """The person or service account with this subject, if it still exists."""
    return service_account.find(db, subject) or people.person_by_sub(db, subject)


def _credential(headers: Headers) -> str:
    for name in BEARER_HEADERS:
        scheme, _, value = headers.get(name, "").strip().partition(" ")
        if scheme.lower() == "bearer" and value.strip():
            return value.strip()
    for name in KEY_HEADERS:
        value = headers.get(name, "").strip()
        if value:
            return value
    raise unauthorized()


def authorize(route: Route, call: Call) -> Call:
    """Return the call with caller and workspace filled in, if it is permitted.

    Raises:
        ApiError: 400, 401, 403 or 404, in the order of the checks.
    """
    too_new = route.unversioned and "Blaxel-Version" in call.inbound.headers
    if too_new or (route.beamlit_only and not call.beamlit):
        raise not_found("Not Found")
    if route.permission is None:
        return call
    caller = _caller(call)
    if route.reach is Reach.CALLER:
        if caller.type not in BY_CALLER_TYPE[route.permission]:
            raise forbidden()
        return replace(call, caller=caller)
    space = _workspace(call, caller)
    call.inbound.context.workspace = space.name
    permitted = replace(call, caller=caller, workspace=space, role=_role(call.db, space, caller))
    if not permitted.may(route.permission):
        raise forbidden()
    return permitted


def _caller(call: Call) -> Caller:
    """Authenticate the caller, and record the result for the request log."""
    inbound = call.inbound
    inbound.context.who = ANONYMOUS
    caller = inbound.in_process_caller or authenticate(call.db, inbound.headers, call.moment)
    inbound.context.record_caller(caller)
    return caller


def _workspace(call: Call, caller: Caller) -> Workspace:
    """The workspace named by the path, or by its name or ID in a header or the query, else the caller's only one."""
    name, named = call.inbound.path.get("name"), _named_workspace(call.inbound)
    if not name and not named:
        return _implied_workspace(call.db, caller)
    space = workspace.find(call.db, name) if name else workspace.find_named(call.db, named)
    if space is None and BehaviorFlag.MISSING_WORKSPACE_IS_403 in call.flags:
        raise forbidden(_NO_ACCESS)
    if space is None:
        raise not_found("Workspace not found")
    return space


def _named_workspace(inbound: Inbound) -> str:
    in_headers = (inbound.headers.get(header, "").strip() for header in WORKSPACE_HEADERS)
    return next(filter(None, in_headers), "") or inbound.query.get("workspace", "").strip()


def _implied_workspace(db: sqlite3.Connection, caller: Caller) -> Workspace:
    if isinstance(caller, ServiceAccount):
        return workspace.by_id(db, caller.workspace_id)
    mine = workspace.of_person(db, caller.sub) if isinstance(caller, Person) else workspace.every(db)
    if len(mine) != 1:
        raise bad_request("workspace is required")
    return mine[0]


def _role(db: sqlite3.Connection, space: Workspace, caller: Caller) -> str:
    """The caller's role in the workspace; empty for the operator, who needs none."""
    if isinstance(caller, Operator):
        return ""
    if isinstance(caller, ServiceAccount):
        role = caller.role if caller.workspace_id == space.id else None
    else:
        role = membership.role_of(db, space.id, caller.sub)
    if role is None:
        raise forbidden(_NO_ACCESS)
    return role
