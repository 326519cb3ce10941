"""The feature flags of a workspace, which a seed sets: those that are on, and one in detail. It must not know what a
flag is for."""

from __future__ import annotations

from beamctl.emulator.call import Answer, Call, Reach, Route
from beamctl.emulator.errors import MISSING, not_found
from beamctl.emulator.permission import Permission
from beamctl.emulator.store import workspace


def list_features(call: Call) -> Answer:
    """The flags that are on; which others there are is not told."""
    flags = workspace.features(call.rows, call.here.id)
    return Answer({"features": {key: True for key, on in flags.items() if on}})


def show_feature(call: Call) -> Answer:
    """Whether one flag is on."""
    key = call.inbound.path["key"]
    enabled = workspace.features(call.rows, call.here.id).get(key)
    if enabled is None:
        raise not_found("Feature flag not found")
    return Answer({"featureKey": key, "enabled": enabled, "evaluatedAt": call.now})


ROUTES = (
    Route("GET", "/features", Reach.WORKSPACE, Permission.FEATURES_LIST, list_features, gives="features"),
    Route(
        "GET",
        "/features/<key>",
        Reach.WORKSPACE,
        Permission.FEATURES_GET,
        show_feature,
        gives="feature",
        refuses=MISSING,
    ),
)
