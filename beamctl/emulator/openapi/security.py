"""The authentication schemes in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from beamctl.emulator.authentication import BEARER_HEADERS, KEY_HEADERS
from beamctl.emulator.permission import Permission


def schemes(base_path: str) -> dict[str, Any]:
    """The security schemes by name; the OAuth2 scopes are the permissions."""
    token = f"{base_path}/oauth/token"
    scopes = {permission.value: f"See x-allowed-to: {permission.value}." for permission in Permission}
    flow = {"tokenUrl": token, "refreshUrl": token, "scopes": scopes}
    bearers = dict.fromkeys(BEARER_HEADERS, "`Bearer`, a space, and an API key or a token.")
    keys = dict.fromkeys(KEY_HEADERS, "An API key.")
    headers = {
        name: {"type": "apiKey", "in": "header", "name": name, "description": description}
        for name, description in (bearers | keys).items()
        if name != "Authorization"
    }
    bearer = {"type": "http", "scheme": "bearer", "description": "An API key or a token."}
    return {"OAuth2": {"type": "oauth2", "flows": {"clientCredentials": flow}}, "Bearer": bearer, **headers}


def alternatives(permission: Permission | None) -> list[dict[str, list[str]]]:
    """The accepted credentials: any one is enough. Empty for a public route."""
    return [{scheme: [permission.value]} for scheme in schemes("")] if permission else []
