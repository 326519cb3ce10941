"""Service accounts and their API keys: list, create, update, delete."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from beamctl.emulator import clock, rules
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.call import Answer, Call, check, json_object
from beamctl.emulator.credentials import digest, new_api_key, new_client_secret, new_identifier
from beamctl.emulator.errors import bad_request, not_found
from beamctl.emulator.permission import Permission, Role, ServiceAccount
from beamctl.emulator.routing import Route
from beamctl.emulator.store import service_account
from beamctl.emulator.store.service_account import AccountFields

_RULES: Mapping[str, rules.Rule] = {
    "name": rules.filled_text,
    "description": rules.description,
    "role": rules.role,
}


def list_service_accounts(call: Call) -> Answer:
    """List the service accounts of the workspace."""
    accounts = service_account.of_workspace(call.db, call.space.id)
    return Answer([service_account.payload(row, call.flags) for row in accounts])


def create_service_account(call: Call) -> Answer:
    """Create a service account. Only this response contains its secret."""
    given = _given(call)
    if "name" not in given:
        raise bad_request("name is required")
    after = AccountFields(given["name"], given.get("role", Role.ADMIN.value), given.get("description", ""))
    client_id, secret = new_identifier(), new_client_secret()
    service_account.add(call.db, call.space.id, client_id, digest(secret), after, call.moment)
    return Answer({**_shown(call, client_id), "client_secret": secret})


def change_service_account(call: Call) -> Answer:
    """Update a service account; an omitted role or name is kept."""
    row = _known_account(call)
    before, given = service_account.fields(row), _given(call)
    kept = "" if BehaviorFlag.PUT_REPLACES in call.flags else before.description
    after = AccountFields(
        given.get("name", before.name), given.get("role", before.role), given.get("description", kept)
    )
    service_account.change(call.db, row["client_id"], after, call.moment)
    return Answer(_shown(call, row["client_id"]))


def delete_service_account(call: Call) -> Answer:
    """Delete a service account and all its credentials; the response has no role."""
    row = _known_account(call)
    service_account.remove(call.db, row["client_id"])
    shown = service_account.payload(row, call.flags)
    return Answer({key: value for key, value in shown.items() if key != "role"})


def _known_account(call: Call) -> sqlite3.Row:
    """The service account named by the path.

    Raises:
        ApiError: 404: it is not in this workspace.
    """
    row = service_account.in_workspace(call.db, call.space.id, call.inbound.path["client_id"])
    if row is None:
        raise not_found("Service account not found")
    return row


def _given(call: Call) -> dict[str, Any]:
    """The writable fields of the body; others are ignored."""
    content = json_object(call.inbound.body)
    ignored = {"role"} if BehaviorFlag.NO_SERVICE_ACCOUNT_ROLES in call.flags else set()
    given = {key: content[key] for key in _RULES if key in content and key not in ignored}
    for key, value in given.items():
        check(key, _RULES[key], value)
    return given


def _shown(call: Call, client_id: str) -> dict[str, Any]:
    row = service_account.in_workspace(call.db, call.space.id, client_id)
    assert row  # noqa: S101 - written in this transaction
    return service_account.payload(row, call.flags)


_ONE = "/service_accounts/<client_id>"


def list_keys(call: Call) -> Answer:
    """List the keys of a service account, without the keys themselves."""
    keys = service_account.keys_of(call.db, _known_account(call)["client_id"])
    return Answer([service_account.key_payload(row, call.flags) for row in keys])


def create_key(call: Call) -> Answer:
    """Create a key. Only this response contains it."""
    row = _known_account(call)
    content = json_object(call.inbound.body)
    name = content.get("name", "")
    check("name", rules.text, name)
    key = new_api_key()
    owner = ServiceAccount(row["client_id"], row["workspace_id"], row["role"])
    duration = _lifetime(call, content)
    expires_in = content["expires_in"] if duration else ""
    draft = service_account.KeyDraft(digest(key), owner, name, call.who.name, expires_in, duration)
    return Answer(
        {**service_account.key_payload(service_account.add_key(call.db, draft, call.moment), call.flags), "apiKey": key}
    )


def delete_key(call: Call) -> Answer:
    """Delete a key; it stops working at once."""
    if not service_account.remove_key(call.db, _known_account(call)["client_id"], call.inbound.path["key_id"]):
        raise not_found("API key not found")
    return Answer({})


def _lifetime(call: Call, content: dict[str, Any]) -> timedelta | None:
    """The lifetime of the key; None (no expiry) if `expires_in` is absent or empty."""
    asked = content.get("expires_in", "")
    if asked == "":
        return None
    duration = clock.read_lifetime(asked, seconds=call.beamlit)
    if duration is None:
        raise bad_request("expires_in must be a positive duration such as 30d, 24h or 1w, of at most 10 years")
    return duration


_KEYS = f"{_ONE}/api_keys"
ROUTES = (
    Route("GET", "/service_accounts", Permission.GET, list_service_accounts, response="service_account_list"),
    Route(
        "POST",
        "/service_accounts",
        Permission.UPDATE,
        create_service_account,
        request="service_account_request",
        response="service_account_created",
        required_fields=("name",),
    ),
    Route(
        "PUT",
        _ONE,
        Permission.UPDATE,
        change_service_account,
        request="service_account_request",
        response="service_account",
    ),
    Route("DELETE", _ONE, Permission.UPDATE, delete_service_account, response="service_account_deleted"),
    Route("GET", _KEYS, Permission.LIST_KEYS, list_keys, response="api_key_list"),
    Route("POST", _KEYS, Permission.WRITE_KEYS, create_key, request="api_key_request", response="api_key_created"),
    Route("DELETE", f"{_KEYS}/<key_id>", Permission.WRITE_KEYS, delete_key, response="removal"),
)
