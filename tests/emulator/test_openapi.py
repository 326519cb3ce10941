"""The OpenAPI document of the emulator."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.test import Client

from beamctl.emulator.openapi import openapi_document
from beamctl.emulator.permission import Permission
from tests.emulator.world import World

DOCUMENT = openapi_document()
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}


def test_it_is_a_valid_openapi_3_1_document() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert not list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors())


def test_it_says_that_it_describes_an_emulator() -> None:
    assert "not the published description" in DOCUMENT["info"]["description"]


def test_it_is_served_without_a_credential(world: World) -> None:
    answer = Client(world.app).get("/v0/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.get_json() == json.loads(json.dumps(DOCUMENT))


def test_it_contains_every_schema_and_no_external_reference() -> None:
    text = json.dumps(DOCUMENT)
    assert "urn:beamctl" not in text
    assert {"workspace_user", "policy_page", "error"} <= set(DOCUMENT["components"]["schemas"])


def test_every_operation_has_a_unique_name_and_a_summary() -> None:
    assert len({operation["operationId"] for operation in OPERATIONS.values()}) == len(OPERATIONS)
    assert all(operation["summary"] for operation in OPERATIONS.values())


@pytest.mark.parametrize(
    ("operation", "scope", "allowed"),
    [
        ("GET /users", Permission.LIST, ["admin", "member", "viewer"]),
        ("PUT /users/{who}", Permission.UPDATE, ["admin"]),
        ("POST /models", Permission.RESOURCES_CREATE, ["admin", "member"]),
        ("POST /workspaces", Permission.CREATE, ["operator", "person"]),
    ],
)
def test_it_documents_permissions(operation: str, scope: Permission, allowed: list[str]) -> None:
    documented = OPERATIONS[operation]
    assert documented["x-allowed-to"] == allowed
    assert documented["security"][0] == {"OAuth2": [scope.value]}
    assert {"X-Blaxel-Authorization": [scope.value]} in documented["security"]


@pytest.mark.parametrize("operation", ["POST /oauth/token", "POST /workspaces/availability"])
def test_an_open_route_needs_no_credential(operation: str) -> None:
    assert OPERATIONS[operation]["security"] == []


def test_it_documents_required_fields() -> None:
    body = OPERATIONS["POST /policies"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["metadata", "spec"]
    assert body["properties"] == {"metadata": {"required": ["name"]}}
    assert set(OPERATIONS["POST /oauth/token"]["requestBody"]["content"]) == {
        "application/json",
        "application/x-www-form-urlencoded",
    }


def test_it_links_created_objects_to_their_operations() -> None:
    links = OPERATIONS["POST /service_accounts/{client_id}/api_keys"]["responses"]["200"]["links"]
    assert links["delete_service_accounts_client_id_api_keys_key_id"]["parameters"] == {
        "client_id": "$request.path.client_id",
        "key_id": "$response.body#/id",
    }
    assert "links" not in OPERATIONS["GET /users"]["responses"]["200"]
