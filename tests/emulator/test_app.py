"""Bodies, paths, methods and headers: every invalid request gets a JSON error."""

import gc
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from beamctl.emulator.app import create_app
from beamctl.emulator.control_plane import BASE_PATH
from beamctl.emulator.routes import ROUTES
from tests.emulator.world import World, body_of

WITH_BODY = [
    ("POST", "/workspaces"),
    ("POST", "/workspaces/availability"),
    ("PUT", "/workspaces/acme"),
    ("POST", "/users"),
    ("PUT", "/users/max@example.com"),
    ("POST", "/service_accounts"),
    ("POST", "/policies"),
    ("POST", "/integrations/connections"),
    ("POST", "/models"),
    ("POST", "/oauth/token"),
]

ALL_OPTIONAL = [
    ("PUT", "/service_accounts/cid"),
    ("POST", "/service_accounts/cid/api_keys"),
]
"""Routes that accept an object without any known field."""

BODIES = [
    b"",
    b"nonsense",
    b"[]",
    b'"text"',
    b"null",
    b"\xff\xfe\x00",
    b'{"email": "a@b.example"',
    b'{"email": NaN}',
    b'{"runtime": {"x": 1e999}}',
    b'{"displayName": "\\ud800"}',
    b"[" * 200_000,
    b'{"x":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"x": ' + b"9" * 5_000 + b"}",
    b'{"runtime":' * 40 + b"{}" + b"}" * 40,
]


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    """While a deeply nested body is parsed, objects of other tests cannot be finalized: there is no stack left."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_garbage_collection")
@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:20]))
def test_an_invalid_body_is_400(world: World, method: str, path: str, body: bytes) -> None:
    assert world.call("ada", method, path, body).status_code == 400


@pytest.mark.usefixtures("no_garbage_collection")
@pytest.mark.parametrize(("method", "path"), ALL_OPTIONAL)
@pytest.mark.parametrize("body", BODIES[:-1], ids=lambda body: repr(body[:20]))
def test_a_body_that_is_not_an_object_is_400(world: World, method: str, path: str, body: bytes) -> None:
    assert world.call("ada", method, path, body).status_code == 400


def test_a_body_that_is_too_large_is_413(world: World) -> None:
    assert world.call("ada", "POST", "/users", b" " * (1024 * 1024 + 1)).status_code == 413


plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
fields = st.sampled_from(
    [
        "metadata",
        "spec",
        "email",
        "role",
        "name",
        "displayName",
        "labels",
        "groupMappings",
        "runtime",
        "grant_type",
        "description",
        "expires_in",
    ]
)


@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(target=st.sampled_from(WITH_BODY + ALL_OPTIONAL), body=st.dictionaries(fields, plain_json))
def test_any_body_is_answered(world: World, target: tuple[str, str], body: dict[str, object]) -> None:
    world.call("ada", *target, body=json.dumps(body).encode())
    assert world.call("ada", "GET", "/workspaces/acme").status_code == 200


halves = {
    "metadata": st.dictionaries(st.sampled_from(["displayName", "labels", "externalId"]), plain_json),
    "spec": st.dictionaries(
        st.sampled_from(["type", "resourceTypes", "locations", "flavors", "maxTokens", "sandbox", "config", "secret"]),
        plain_json,
    ),
}


@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(["/policies", "/integrations/connections", "/models"]), body=st.fixed_dictionaries(halves))
def test_any_metadata_or_spec_is_answered(world: World, path: str, body: dict[str, Any]) -> None:
    world.call("ada", "POST", path, body_of(path, "a"))
    made = body_of(path, "a")
    content = json.dumps({"metadata": body["metadata"], "spec": {**made["spec"], **body["spec"]}}).encode()
    world.call("ada", "PUT", f"{path}/a", content)
    assert world.call("ada", "GET", f"{path}/a").status_code == 200
    assert world.call("ada", "GET", f"{path}?q=ab", headers={"Blaxel-Version": "2026-04-28"}).status_code == 200


@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(who=st.text(min_size=1).filter(lambda who: who.strip("/.")))
def test_any_path_is_answered(world: World, who: str) -> None:
    environ = {"PATH_INFO": f"/v0/users/{who}".encode(errors="replace").decode("latin-1")}
    answer = Client(world.app).open(
        "/", method="DELETE", environ_overrides=environ, headers={"Api-Key": "bl_ada", "X-Blaxel-Workspace": "acme"}
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/", "/nope", "/users/", "//users", "/workspaces/acme/nope", "/users/a/../b"])
def test_an_unknown_route_is_a_json_404(world: World, path: str) -> None:
    answer = Client(world.app).open(f"{BASE_PATH}{path}", method="DELETE", headers={"Api-Key": "bl_ada"})
    assert answer.status_code in (404, 405)
    assert answer.get_json()["code"] == answer.status_code


def test_a_wrong_method_is_405(world: World) -> None:
    for method in ("PATCH", "DELETE", "OPTIONS"):
        answer = world.call("ada", method, "/users")
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].replace(" ", "").split(",")) == {"GET", "HEAD", "POST"}


def test_head_is_get_without_a_body(world: World) -> None:
    answer = Client(world.app).head("/v0/users", headers={"Api-Key": "bl_ada"})
    assert (answer.status_code, answer.data) == (200, b"")


def test_paths_outside_the_base_path_are_404(world: World) -> None:
    answer = Client(world.app).get("/users")
    assert (answer.status_code, answer.get_json()) == (404, {"error": "Not Found", "code": 404})


@pytest.mark.parametrize("version", ["2026-04-16", "2026-04-28", "2026-09-22", "2026-09-22.preview"])
def test_known_api_versions(world: World, version: str) -> None:
    assert world.call("ada", "GET", "/users", headers={"blaxel-version": version}).status_code == 200


@pytest.mark.parametrize("version", ["2026-99-99", "latest", "2026-04-16.beta"])
def test_an_unknown_api_version_is_400(world: World, version: str) -> None:
    answer = world.call("ada", "GET", "/users", headers={"Blaxel-Version": version})
    assert answer.status_code == 400
    assert answer.get_json()["error"] == "invalid_api_version"
    assert f'Unknown API version "{version}". Valid versions: 2026-04-16' in answer.get_json()["message"]


def test_a_missing_workspace_is_404(world: World) -> None:
    nowhere = {"X-Blaxel-Workspace": "nowhere"}
    assert world.call("ada", "POST", "/users", {"email": "zoe@example.com"}, nowhere).status_code == 404
    assert world.call("ada", "GET", "/workspaces/nowhere").status_code == 404


@pytest.mark.usefixtures("made_up_requests")
def test_a_bug_is_a_quiet_500(world: World, caplog: pytest.LogCaptureFixture) -> None:
    def broken_clock() -> datetime:
        raise RuntimeError("canary-secret")

    app = create_app(world.db, now=broken_clock)
    answer = Client(app).get("/v0/workspaces/acme", headers={"Api-Key": "bl_ada"})
    assert (answer.status_code, answer.get_json()) == (500, {"error": "Internal Server Error", "code": 500})
    assert "RuntimeError at test_app.py" in caplog.text
    assert "canary-secret" not in caplog.text


def test_flask_has_exactly_the_declared_routes(world: World) -> None:
    built = {(method, rule.rule) for rule in world.app.url_map.iter_rules() for method in rule.methods or ()}
    assert {(method, rule) for method, rule in built if method != "HEAD"} == {
        ("GET", "/v0/openapi.json"),
        *((route.method, BASE_PATH + route.rule) for route in ROUTES),
        *((route.method, alias) for route in ROUTES for alias in route.aliases),
    }
