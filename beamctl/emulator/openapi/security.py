"""The ways to show a credential, as an OpenAPI document tells them. It must not know how a credential is checked,
nor any route."""

from __future__ import annotations

from typing import Any

from beamctl.emulator.authentication import BEARER_HEADERS, KEY_HEADERS
from beamctl.emulator.permission import Permission


def schemes(base_path: str) -> dict[str, Any]:
    """The security schemes, by their names; the scopes of OAuth2 are the permissions."""
    token = f"{base_path}/oauth/token"
    scopes = {permission.value: f"See x-allowed-to: {permission.value}." for permission in Permission}
    flow = {"tokenUrl": token, "refreshUrl": token, "scopes": scopes}
    bearers = dict.fromkeys(BEARER_HEADERS, "`Bearer`, a space, and an API key or a token.")
    keys = dict.fromkeys(KEY_HEADERS, "An API key.")
    headers = {
        name: {"type": "apiKey", "in": "header", "name": name, "description": told}
        for name, told in (bearers | keys).items()
        if name != "Authorization"
    }
    bearer = {"type": "http", "scheme": "bearer", "description": "An API key or a token."}
    return {"OAuth2": {"type": "oauth2", "flows": {"clientCredentials": flow}}, "Bearer": bearer, **headers}


def alternatives(permission: Permission | None) -> list[dict[str, list[str]]]:
    """Each way to show a credential, any one of which will do; none for a route that needs no permission."""
    return [{scheme: [permission.value]} for scheme in schemes("")] if permission else []
