"""API keys of a service account: list, create, delete."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from beamctl.emulator import body, lifetime, rules
from beamctl.emulator.call import Answer, Call, Reach, Route
from beamctl.emulator.caller import ServiceAccount
from beamctl.emulator.credential import digest, new_api_key
from beamctl.emulator.errors import bad_request, not_found
from beamctl.emulator.permission import Permission
from beamctl.emulator.routes.service_accounts import ONE, known
from beamctl.emulator.store import api_key


def list_keys(call: Call) -> Answer:
    """List the keys of a service account, without the keys themselves."""
    keys = api_key.of_account(call.db, known(call)["client_id"])
    return Answer([api_key.payload(row, call.quirks) for row in keys])


def create_key(call: Call) -> Answer:
    """Create a key and return it, once."""
    row = known(call)
    content = body.json_object(call.inbound.body)
    name = content.get("name", "")
    if wrong := rules.text(name):
        raise bad_request(f"name {wrong}")
    key = new_api_key()
    owner = ServiceAccount(row["client_id"], row["workspace_id"], row["role"])
    duration = _lifetime(call, content)
    expires_in = content["expires_in"] if duration else ""
    draft = api_key.Draft(digest(key), owner, name, call.who.name, expires_in, duration)
    return Answer({**api_key.payload(api_key.add(call.db, draft, call.moment), call.quirks), "apiKey": key})


def delete_key(call: Call) -> Answer:
    """Delete a key; it stops working at once."""
    if not api_key.remove(call.db, known(call)["client_id"], call.inbound.path["key_id"]):
        raise not_found("API key not found")
    return Answer({})


def _lifetime(call: Call, content: dict[str, Any]) -> timedelta | None:
    """The lifetime of the key; None (no expiry) if `expires_in` is absent or empty."""
    asked = content.get("expires_in", "")
    if asked == "":
        return None
    duration = lifetime.read(asked, seconds=call.beamlit)
    if duration is None:
        raise bad_request("expires_in must be a positive duration such as 30d, 24h or 1w, of at most 10 years")
    return duration


_KEYS = f"{ONE}/api_keys"

ROUTES = (
    Route("GET", _KEYS, Reach.WORKSPACE, Permission.LIST_KEYS, list_keys, response_schema="api_key_list"),
    Route(
        "POST",
        _KEYS,
        Reach.WORKSPACE,
        Permission.WRITE_KEYS,
        create_key,
        writes=True,
        request_schema="api_key_request",
        response_schema="api_key_created",
    ),
    Route(
        "DELETE",
        f"{_KEYS}/<key_id>",
        Reach.WORKSPACE,
        Permission.WRITE_KEYS,
        delete_key,
        writes=True,
        response_schema="removal",
    ),
)
