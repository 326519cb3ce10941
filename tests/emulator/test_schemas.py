"""The JSON Schemas of the API's payloads."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from beamctl.emulator.routes import ROUTES
from beamctl.emulator.routing import Route
from tests.emulator.world import SCHEMAS
from tests.fakes.contract import validator

FILES = sorted(SCHEMAS.glob("*.json"))
ACCOUNT = {
    "client_id": "c",
    "name": "ci",
    "created_at": "2026-01-01T00:00:00.000Z",
    "updated_at": "2026-01-01T00:00:00.000Z",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_schema_is_valid_and_names_its_source(path: Path) -> None:
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:beamctl:api:{path.stem}"
    assert schema["title"]
    assert re.search("document|client code|guess", json.dumps(schema), re.IGNORECASE)
    for name, field in schema.get("properties", {}).items():
        assert "description" in field or "$ref" in field, name


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.rule}")
def test_every_request_and_response_has_a_schema(route: Route) -> None:
    assert {route.response, route.page, route.request} - {""} <= {path.stem for path in FILES}
    without = ("/join", "/decline", "/health", "/verify", "/access-token")
    assert bool(route.request) == (route.method in ("POST", "PUT") and not route.rule.endswith(without))


def test_every_schema_is_used() -> None:
    used = {name for route in ROUTES for name in (route.response, route.page, route.request)} | {
        "error",
        "api_version_error",
    }
    inner = {name for path in FILES for name in re.findall(r"urn:beamctl:api:(\w+)", path.read_text())}
    assert {path.stem for path in FILES} - used <= inner


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("invite_request", {"email": "a@example.com", "role": "viewer"}, {"role": "viewer"}),
        ("role_request", {"role": "admin"}, {"role": "owner"}),
        ("workspace_request", {"displayName": "A", "labels": {"a": "b"}}, {"labels": {"a": 1}}),
        ("availability_request", {"name": "a"}, {}),
        ("token_request", {"grant_type": "client_credentials"}, {"grant_type": "refresh_token"}),
        ("device_login_request", {"client_id": "blaxel", "scope": "offline_access"}, {"scope": "offline_access"}),
        ("service_account_list", [], [{"client_id": "c", "client_secret": "x"}]),
        ("service_account_request", {"role": "viewer", "description": ""}, {"name": ""}),
        ("api_key_request", {"expires_in": "30d"}, {"expires_in": "-1d"}),
        ("service_account_created", {**ACCOUNT, "client_secret": "S"}, ACCOUNT),
        ("service_account_deleted", ACCOUNT, {**ACCOUNT, "role": "admin"}),
        (
            "policy_request",
            {"metadata": {"name": "a"}, "spec": {"type": "flavor", "flavors": [{"type": "gpu", "name": "t4"}]}},
            {"spec": {"type": "color"}},
        ),
        ("integration_connection_request", {"spec": {"integration": "openai", "secret": {"a": "b"}}}, {"spec": {}}),
        ("environment_request", {"spec": {"policies": ["a"]}}, {"spec": {"policies": "a"}}),
        ("policy_page", {"data": [], "meta": {"hasMore": False, "nextCursor": "", "total": 0}}, {"data": []}),
        ("workspace_user", {"email": "a@b.example", "accepted": False, "expired": True}, {"email": "a@b.example"}),
    ],
)
def test_schemas_accept_valid_and_refuse_invalid_payloads(name: str, good: object, bad: object) -> None:
    assert validator(name).is_valid(good)
    assert not validator(name).is_valid(bad)
