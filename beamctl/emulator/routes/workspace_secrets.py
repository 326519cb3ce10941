"""Secrets of a workspace: create or replace, list, delete. Only names and times are stored, never a value."""

from __future__ import annotations

import sqlite3
from typing import Any

from beamctl.emulator.call import Answer, Call, check, json_object
from beamctl.emulator.errors import MISSING, bad_request, not_found
from beamctl.emulator.kind import SECRETS
from beamctl.emulator.permission import Permission
from beamctl.emulator.routing import Parameter, Route
from beamctl.emulator.rules import secret_name
from beamctl.emulator.store import resource
from beamctl.emulator.store.resource import ListQuery, ResourceFields, ResourceScope, Sort

NAME = Parameter("name", "Client code: the name of the secret.", {"type": "string", "minLength": 1})


def list_secrets(call: Call) -> Answer:
    """List the secrets by name, without their values."""
    return Answer([_shown(row) for row in resource.rows_from(call.db, ListQuery(_scope(call), Sort.NAME))])


def upsert_secret(call: Call) -> Answer:
    """Create a secret, or replace its value. The value is checked and dropped: no route could return it."""
    content = json_object(call.inbound.body)
    check("name", secret_name, content.get("name"))
    if not isinstance(content.get("value"), str) or not content["value"]:
        raise bad_request("value must be a non-empty string")
    put = resource.change if resource.find(call.db, _scope(call), content["name"]) else resource.add
    put(call.db, _scope(call), content["name"], ResourceFields(), call.who.name, call.moment)
    return Answer(_shown(_known(call, content["name"])))


def delete_secret(call: Call) -> Answer:
    """Delete a secret with all its versions."""
    name = call.inbound.path.get("secret_name") or call.inbound.query.get(NAME.name, "")
    if not name:
        raise bad_request("name is required")
    row = _known(call, name)
    resource.remove(call.db, _scope(call), name)
    return Answer(_shown(row))


def _scope(call: Call) -> ResourceScope:
    return ResourceScope(call.space.id, SECRETS.name)


def _known(call: Call, name: str) -> sqlite3.Row:
    row = resource.find(call.db, _scope(call), name)
    if row is None:
        raise not_found("Secret not found")
    return row


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {"name": row["name"], "createdAt": row["created_at"], "updatedAt": row["updated_at"]}


ROUTES = (
    Route("GET", "/secrets", Permission.SECRETS_LIST, list_secrets, response="secret_list"),
    Route("POST", "/secrets", Permission.SECRETS_WRITE, upsert_secret, request="secret_request", response="secret"),
    Route(
        "DELETE",
        "/secrets",
        Permission.SECRETS_WRITE,
        delete_secret,
        response="secret",
        query=(NAME,),
        errors=MISSING,
    ),
    Route("DELETE", "/secrets/<secret_name>", Permission.SECRETS_WRITE, delete_secret, response="secret"),
)
