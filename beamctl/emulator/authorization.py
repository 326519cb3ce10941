"""Checks before every route: who the caller is, which workspace is meant, and whether the caller has the permission."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.call import ANONYMOUS, Call, Inbound
from beamctl.emulator.credentials import TokenUse, digest, token_subject
from beamctl.emulator.errors import bad_request, forbidden, not_found, unauthorized
from beamctl.emulator.permission import BY_SORT, Caller, Operator, Person, ServiceAccount
from beamctl.emulator.route import Reach, Route
from beamctl.emulator.store import membership, people, service_account, signing_secret, workspace
from beamctl.emulator.store.workspace import Workspace

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers

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
        Refusal: 401: it is missing, unknown or expired.
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
    inbound.context.who = ANONYMOUS
    caller = inbound.in_process_caller or authenticate(call.db, inbound.headers, call.moment)
    inbound.context.record_caller(caller)
    return caller


def _workspace(call: Call, caller: Caller) -> Workspace:
    """The workspace named by the path, a header or the query, else the caller's only one."""
    name = call.inbound.path.get("name") or _named_workspace(call.inbound)
    if not name:
        return _implied_workspace(call.db, caller)
    space = workspace.find(call.db, name)
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
