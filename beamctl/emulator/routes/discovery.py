"""Metadata of the control plane: OpenID discovery and regions."""

from __future__ import annotations

from typing import Any

from beamctl.emulator import token
from beamctl.emulator.call import Answer, Call, Reach, Route
from beamctl.emulator.permission import Permission

_CONFIGURATION: dict[str, Any] = {
    "continents": [
        {"name": "eu", "displayName": "Europe"},
        {"name": "na", "displayName": "North America"},
    ],
    "countries": [
        {"name": "gb", "displayName": "United Kingdom"},
        {"name": "us", "displayName": "United States"},
    ],
    "regions": [
        {"name": "eu-lon-1", "continent": "eu", "country": "gb"},
        {"name": "us-pdx-1", "continent": "na", "country": "us"},
    ],
    "privateLocations": [],
    "detectedRegion": "",
}
"""The shape is documented, the contents are invented."""


def show_configuration(_call: Call) -> Answer:
    """Return the regions of the platform."""
    return Answer(_CONFIGURATION)


def show_openid_configuration(call: Call) -> Answer:
    """Return OpenID discovery metadata.

    Without an authorization endpoint or ID tokens, the response types, algorithms and keys that OpenID requires are
    left out.
    """
    base = call.inbound.base_url
    return Answer(
        {
            "issuer": base,
            "token_endpoint": f"{base}/oauth/token",
            "device_authorization_endpoint": f"{base}/login/device",
            "subject_types_supported": ["public"],
            "grant_types_supported": list(token.GRANTS),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
    )


ROUTES = (
    Route(
        "GET",
        "/configuration",
        Reach.CALLER,
        Permission.CONFIGURATION,
        show_configuration,
        response_schema="configuration",
    ),
    Route(
        "GET",
        "/.well-known/openid-configuration",
        Reach.OPEN,
        None,
        show_openid_configuration,
        response_schema="openid_configuration",
    ),
)
