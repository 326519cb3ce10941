"""Credentials: API keys, client credentials and tokens, and the workspace of a request."""

import base64
import json
from typing import Any

import pytest
from werkzeug.test import Client

from tests.emulator.world import World


def get(world: World, headers: dict[str, str], path: str = "/users") -> int:
    return world.send(Client(world.app), "GET", path, None, headers).status_code


@pytest.mark.parametrize(
    "header",
    [
        {"Authorization": "Bearer bl_ada"},
        {"authorization": "bearer bl_ada"},
        {"X-Blaxel-Authorization": "Bearer bl_ada"},
        {"X-BEAMLIT-AUTHORIZATION": "Bearer bl_ada"},
        {"X-Blaxel-Api-Key": "bl_ada"},
        {"x-beamlit-api-key": "bl_ada"},
        {"Api-Key": "bl_ada"},
    ],
)
@pytest.mark.parametrize("workspace", ["X-Blaxel-Workspace", "x-beamlit-workspace"])
def test_every_way_to_send_a_key(world: World, header: dict[str, str], workspace: str) -> None:
    assert get(world, {**header, workspace: "acme"}) == 200
    assert get(world, header) == 200
    assert get(world, {**header, workspace: "other"}) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer bl_unknown"},
        {"Authorization": "Bearer "},
        {"Authorization": "bl_ada"},
        {"Authorization": "Basic YTpi"},
        {"X-Blaxel-Authorization": "bl_ada"},
        {"Api-Key": ""},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Bearer \xe9.b.c"},
    ],
)
def test_a_credential_that_is_missing_or_unknown_is_401(world: World, headers: dict[str, str]) -> None:
    assert get(world, headers) == 401
    assert get(world, headers, "/workspaces") == 401


def test_a_401_is_exactly_as_documented(world: World) -> None:
    answer = world.send(Client(world.app), "GET", "/users", None, {})
    assert answer.get_data() == b'{"code":401,"error":"Unauthorized"}'
    assert "WWW-Authenticate" not in answer.headers


def test_a_header_names_the_workspace_or_its_id(world: World) -> None:
    alan = {"Api-Key": "bl_alan"}
    spaces = world.send(Client(world.app), "GET", "/workspaces", None, alan).get_json()
    ids = {space["name"]: space["id"] for space in spaces}
    assert get(world, {**alan, "X-Blaxel-Workspace": ids["other"]}) == 200
    assert get(world, {"Api-Key": "bl_max", "X-Blaxel-Workspace": ids["other"]}) == 403
    assert get(world, alan, f"/workspaces/{ids['other']}") == 404, "a path takes a name"


def test_the_workspace_can_be_a_query_parameter(world: World) -> None:
    alan = {"Api-Key": "bl_alan"}
    assert get(world, alan, "/users?workspace=other") == 200
    assert get(world, alan, "/users?workspace=nowhere") == 404
    assert get(world, {**alan, "X-Blaxel-Workspace": "acme"}, "/users?workspace=nowhere") == 200


def test_a_workspace_is_required_without_exactly_one(world: World) -> None:
    for who in ("alan", "sam"):
        answer = world.send(Client(world.app), "GET", "/users", None, {"Api-Key": f"bl_{who}"})
        assert world.error(answer) == "400 workspace is required"


def test_a_service_account_needs_no_workspace_parameter(world: World) -> None:
    assert get(world, {"Api-Key": "bl_ci"}) == 200
    assert get(world, {"Api-Key": "bl_foreign"}, "/users?workspace=acme") == 403


def basic(pair: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def exchange(world: World, body: object, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    answer = world.send(Client(world.app), "POST", "/oauth/token", body, headers or {})
    return answer.status_code, answer.get_json()


GRANT = {"grant_type": "client_credentials"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (GRANT, basic("cid:S")),
        ({**GRANT, "client_id": "cid", "client_secret": "S"}, {}),
        (b"grant_type=client_credentials", {**basic("cid:S"), **FORM}),
        (b"grant_type=client_credentials&client_id=cid&client_secret=S", FORM),
    ],
)
def test_client_credentials(world: World, body: object, headers: dict[str, str]) -> None:
    status, tokens = exchange(world, body, headers)
    assert (status, tokens["expires_in"], tokens["token_type"]) == (200, 7200, "Bearer")
    claims = json.loads(base64.urlsafe_b64decode(tokens["access_token"].split(".")[1] + "=="))
    assert claims["sub"] == "cid"
    assert claims["exp"] - claims["iat"] == 7200
    for header in ("Authorization", "X-Beamlit-Authorization", "X-Blaxel-Authorization"):
        assert get(world, {header: f"Bearer {tokens['access_token']}"}) == 200


def test_a_token_expires_after_two_hours_and_can_be_refreshed(world: World) -> None:
    _, tokens = exchange(world, GRANT, basic("cid:S"))
    access = {"Authorization": f"Bearer {tokens['access_token']}"}
    world.clock.forward(hours=2, seconds=-1)
    assert get(world, access) == 200
    world.clock.forward(seconds=1)
    assert get(world, access) == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "blaxel"}
    status, fresh = exchange(world, {**refresh, "device_code": ""})
    assert status == 200
    assert get(world, {"Authorization": f"Bearer {fresh['access_token']}"}) == 200


def test_access_and_refresh_tokens_are_not_interchangeable(world: World) -> None:
    _, tokens = exchange(world, GRANT, basic("cid:S"))
    assert get(world, {"Authorization": f"Bearer {tokens['refresh_token']}"}) == 401
    assert exchange(world, {"grant_type": "refresh_token", "refresh_token": tokens["access_token"]})[0] == 400


def test_a_changed_token_is_refused(world: World) -> None:
    _, tokens = exchange(world, GRANT, basic("cid:S"))
    header, claims, signature = tokens["access_token"].split(".")
    later = base64.urlsafe_b64encode(json.dumps({"sub": "cid", "exp": 9**11}).encode()).rstrip(b"=").decode()
    unsigned = base64.urlsafe_b64encode(b'{"alg": "none"}').rstrip(b"=").decode()
    for forged in (f"{header}.{later}.{signature}", f"{unsigned}.{claims}.", f"{header}.{claims}."):
        assert get(world, {"Authorization": f"Bearer {forged}"}) == 401


def test_tokens_are_revoked_with_their_account(world: World) -> None:
    _, tokens = exchange(world, GRANT, basic("cid:S"))
    world.call("ada", "DELETE", "/workspaces/acme")
    assert get(world, {"Authorization": f"Bearer {tokens['access_token']}"}, "/workspaces") == 401
    assert exchange(world, {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})[0] == 400


@pytest.mark.parametrize(
    ("body", "headers", "parameter"),
    [
        ({}, basic("cid:S"), "grant_type"),
        ({"grant_type": "password"}, basic("cid:S"), "grant_type"),
        ({"grant_type": ["client_credentials"]}, basic("cid:S"), "grant_type"),
        (GRANT, {}, "client_id"),
        ({**GRANT, "client_id": "cid"}, {}, "client_secret"),
        ({**GRANT, "client_id": "cid", "client_secret": 5}, {}, "client_secret"),
        (GRANT, basic("cid:wrong"), "client_secret"),
        (GRANT, basic("nobody:S"), "client_secret"),
        (GRANT, {"Authorization": "Basic ***"}, "Authorization"),
        ({"grant_type": "refresh_token"}, {}, "refresh_token"),
        ({"grant_type": "refresh_token", "refresh_token": "a.b.c"}, {}, "refresh_token"),
        (b"\xff", FORM, "form"),
        (b"grant_type=client_credentials", basic("cid:S"), "JSON"),
    ],
)
def test_an_invalid_token_request_is_400_and_names_the_parameter(
    world: World, body: object, headers: dict[str, str], parameter: str
) -> None:
    status, answer = exchange(world, body, headers)
    assert status == 400
    assert parameter in answer["error"]
