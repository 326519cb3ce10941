"""Authorization before every route: the caller, the workspace, and the permission."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from beamctl.emulator.authentication import WORKSPACE_HEADERS, authenticate
from beamctl.emulator.behavior import Quirk
from beamctl.emulator.call import Call, Inbound, Reach, Route
from beamctl.emulator.caller import Caller, Operator, Person, ServiceAccount
from beamctl.emulator.errors import bad_request, forbidden, not_found
from beamctl.emulator.permission import BY_SORT
from beamctl.emulator.request_context import NOBODY
from beamctl.emulator.store import member, workspace
from beamctl.emulator.store.workspace import Workspace

_NO_ACCESS = "Forbidden: no access to this workspace"


def admit(route: Route, call: Call) -> Call:
    """Return the call with caller and workspace filled in, if it is permitted.

    Raises:
        Refusal: 400, 401, 403 or 404, in the order of the checks.
    """
    if route.beamlit_only and not call.beamlit:
        raise not_found("Not Found")
    if route.permission is None:
        return call
    caller = _caller(call)
    if route.reach is Reach.CALLER:
        if caller.sort not in BY_SORT[route.permission]:
            raise forbidden()
        return replace(call, caller=caller)
    space = _workspace(call, caller)
    call.inbound.context.workspace = space.name
    admitted = replace(call, caller=caller, workspace=space, role=_role(call.db, space, caller))
    if not admitted.may(route.permission):
        raise forbidden()
    return admitted


def _caller(call: Call) -> Caller:
    """The caller, who is also recorded for the log, even if there is none."""
    inbound = call.inbound
    inbound.context.who = NOBODY
    caller = inbound.in_process_caller or authenticate(call.db, inbound.headers, call.moment)
    inbound.context.record_caller(caller)
    return caller


def _workspace(call: Call, caller: Caller) -> Workspace:
    """The workspace named by the path, a header or the query, else the caller's only one."""
    name = call.inbound.path.get("name") or _named(call.inbound)
    if not name:
        return _implied(call.db, caller)
    space = workspace.find(call.db, name)
    if space is None and Quirk.MISSING_WORKSPACE_IS_403 in call.quirks:
        raise forbidden(_NO_ACCESS)
    if space is None:
        raise not_found("Workspace not found")
    return space


def _named(inbound: Inbound) -> str:
    in_headers = (inbound.headers.get(header, "").strip() for header in WORKSPACE_HEADERS)
    return next(filter(None, in_headers), "") or inbound.query.get("workspace", "").strip()


def _implied(db: sqlite3.Connection, caller: Caller) -> Workspace:
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
        role = member.role_of(db, space.id, caller.sub)
    if role is None:
        raise forbidden(_NO_ACCESS)
    return role
