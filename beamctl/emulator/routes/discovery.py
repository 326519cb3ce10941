"""What the control plane tells about itself: where tokens are to be had, and which regions there are. It must not know
workspaces."""

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
"""The shape is documented, what is in it is made up."""


def show_configuration(_call: Call) -> Answer:
    """The regions of the platform."""
    return Answer(_CONFIGURATION)


def show_openid_configuration(call: Call) -> Answer:
    """What OpenID discovery tells a client: no more than is true. There are no authorization endpoint and no ID tokens,
    so nothing is said of their response types, algorithms and keys, though OpenID wants it said."""
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
        gives="configuration",
    ),
    Route(
        "GET",
        "/.well-known/openid-configuration",
        Reach.OPEN,
        None,
        show_openid_configuration,
        gives="openid_configuration",
    ),
)
