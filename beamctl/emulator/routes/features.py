"""Feature flags of a workspace, set by a seed: list the enabled ones, get one."""

from __future__ import annotations

from beamctl.emulator.call import Answer, Call, Reach, Route
from beamctl.emulator.errors import MISSING, not_found
from beamctl.emulator.permission import Permission
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


ROUTES = (
    Route("GET", "/features", Reach.WORKSPACE, Permission.FEATURES_LIST, list_features, response_schema="features"),
    Route(
        "GET",
        "/features/<key>",
        Reach.WORKSPACE,
        Permission.FEATURES_GET,
        show_feature,
        response_schema="feature",
        error_statuses=MISSING,
    ),
)
