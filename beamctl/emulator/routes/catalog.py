"""What the platform offers: integrations, the models behind a connection, and locations. The contents are invented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beamctl.emulator.call import Answer, Call
from beamctl.emulator.errors import MISSING, not_found
from beamctl.emulator.kind import INTEGRATION_CONNECTIONS
from beamctl.emulator.permission import Permission
from beamctl.emulator.routes.tokens import CONFIGURATION
from beamctl.emulator.routing import Reach, Route
from beamctl.emulator.store import resource
from beamctl.emulator.store.resource import ResourceScope

MODELS: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("example-chat-1",),
    "github": (),
    "huggingface": ("example/chat-1", "example/embeddings-1"),
    "openai": ("example-chat-1", "example-embeddings-1"),
}
"""The models of each integration in the catalog. The names of the integrations are real, the models are not."""

_ENDPOINT = "/v1/chat/completions"


def show_integration(call: Call) -> Answer:
    """Return what the catalog says about an integration."""
    name = call.inbound.path["integration_name"]
    if name not in MODELS:
        raise not_found("Integration not found")
    models = [{"id": model} for model in MODELS[name]]
    endpoints = {_ENDPOINT: {"method": "POST", "models": models}} if models else {}
    return Answer({"name": name, "endpoints": endpoints})


def list_models(call: Call) -> Answer:
    """List the models behind a connection; none if its integration is not in the catalog."""
    return Answer([{"id": model} for model in _models(call)])


def show_model(call: Call) -> Answer:
    """Return one model behind a connection."""
    model = call.inbound.path["model_id"]
    if model not in _models(call):
        raise not_found("Model not found")
    return Answer({"id": model})


def list_endpoint_configurations(call: Call) -> Answer:
    """List how the models behind a connection are called."""
    models = list(_models(call))
    return Answer([{"path": _ENDPOINT, "method": "POST", "models": models}] if models else [])


def _models(call: Call) -> tuple[str, ...]:
    """The models of the integration that the connection is for."""
    scope = ResourceScope(call.space.id, INTEGRATION_CONNECTIONS.name)
    row = resource.find(call.db, scope, call.inbound.path["resource_name"])
    if row is None:
        raise not_found(f"{INTEGRATION_CONNECTIONS.label} not found")
    return MODELS.get(resource.fields(row).spec["integration"], ())


def list_locations(_call: Call) -> Answer:
    """List where a policy can allow resources to run: the regions of the configuration."""
    regions: list[dict[str, Any]] = CONFIGURATION["regions"]
    flavors = [{"name": "x86", "type": "cpu"}, {"name": "t4", "type": "gpu"}]
    return Answer(
        [
            {
                "location": region["name"],
                "region": region["name"],
                "continent": region["continent"],
                "country": region["country"],
                "flavors": flavors,
                "status": "healthy",
            }
            for region in regions
        ]
    )


_CONNECTION = f"{INTEGRATION_CONNECTIONS.path}/<resource_name>"
_GET = INTEGRATION_CONNECTIONS.permission("get")
ROUTES = (
    Route("GET", "/integrations/<integration_name>", _GET, show_integration, response="integration", errors=MISSING),
    Route("GET", f"{_CONNECTION}/models", _GET, list_models, response="connection_model_list"),
    Route("GET", f"{_CONNECTION}/models/<path:model_id>", _GET, show_model, response="connection_model"),
    Route(
        "GET",
        f"{_CONNECTION}/endpointConfigurations",
        _GET,
        list_endpoint_configurations,
        response="endpoint_configuration_list",
    ),
    Route(
        "GET",
        "/locations",
        Permission.CONFIGURATION,
        list_locations,
        response="location_list",
        reach=Reach.CALLER,
    ),
)
