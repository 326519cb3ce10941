"""What a client can find out: feature flags of a workspace, regions, and OpenID discovery."""

from __future__ import annotations

from typing import Any

from beamctl.emulator.call import Answer, Call, Reach, Route
from beamctl.emulator.errors import MISSING, not_found
from beamctl.emulator.permission import Permission
from beamctl.emulator.routes.tokens import GRANTS
from beamctl.emulator.store import workspace


def list_features(call: Call) -> Answer:
    """List the enabled flags; disabled ones are not shown."""
    flags = workspace.features(call.db, call.here.id)
    return Answer({"features": {key: True for key, on in flags.items() if on}})


def show_feature(call: Call) -> Answer:
    """Return whether one flag is on."""
    key = call.inbound.path["key"]
    enabled = workspace.features(call.db, call.here.id).get(key)
    if enabled is None:
        raise not_found("Feature flag not found")
    return Answer({"featureKey": key, "enabled": enabled, "evaluatedAt": call.now})


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
            "grant_types_supported": list(GRANTS),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
    )


ROUTES = (
    Route("GET", "/features", Permission.FEATURES_LIST, list_features, response="features"),
    Route("GET", "/features/<key>", Permission.FEATURES_GET, show_feature, response="feature", errors=MISSING),
    Route(
        "GET",
        "/configuration",
        Permission.CONFIGURATION,
        show_configuration,
        response="configuration",
        reach=Reach.CALLER,
    ),
    Route(
        "GET",
        "/.well-known/openid-configuration",
        None,
        show_openid_configuration,
        response="openid_configuration",
        reach=Reach.OPEN,
    ),
)
