"""Tokens for the storage of a drive. The emulator has no such storage, so nothing accepts them.

A module of its own: no other object with a spec has tokens.
"""

from __future__ import annotations

from beamctl.emulator.call import Answer, Call
from beamctl.emulator.credentials import TOKEN_LIFETIMES, TokenUse, issue_token
from beamctl.emulator.errors import not_found
from beamctl.emulator.permission import Permission
from beamctl.emulator.routing import Route
from beamctl.emulator.store import resource, signing_secret
from beamctl.emulator.store.resource import ResourceScope


def create_token(call: Call) -> Answer:
    """Issue a token for one drive."""
    name = call.inbound.path["resource_name"]
    if resource.find(call.db, ResourceScope(call.space.id, "drives"), name) is None:
        raise not_found("Drive not found")
    token = issue_token(signing_secret(call.db), f"{call.space.name}/{name}", TokenUse.DRIVE, call.moment)
    lifetime = int(TOKEN_LIFETIMES[TokenUse.DRIVE].total_seconds())
    return Answer({"access_token": token, "expires_in": lifetime, "token_type": "Bearer"})


ROUTES = (
    Route(
        "POST",
        "/drives/<resource_name>/access-token",
        Permission.RESOURCES_UPDATE,
        create_token,
        response="drive_token",
    ),
)
