"""Service accounts and their API keys."""

from typing import Any

import pytest
from werkzeug.test import Client

from tests.emulator.world import World, every_file

KEYS = "/service_accounts/cid/api_keys"


def accounts(world: World) -> dict[str, dict[str, Any]]:
    return {account["name"]: account for account in world.call("ada", "GET", "/service_accounts").get_json()}


def make(world: World, **body: object) -> dict[str, Any]:
    made: dict[str, Any] = world.call("ada", "POST", "/service_accounts", {"name": "new", **body}).get_json()
    return made


def key_of(world: World, client_id: str, **body: object) -> tuple[str, dict[str, Any]]:
    """The caller for `World.call` with a new key, and the description of the key."""
    made = world.call("ada", "POST", f"/service_accounts/{client_id}/api_keys", body).get_json()
    return made["apiKey"].removeprefix("bl_"), made


def exchange(world: World, client_id: str, secret: str) -> tuple[int, dict[str, Any]]:
    body = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    answer = world.send(Client(world.app), "POST", "/oauth/token", body, {})
    return answer.status_code, answer.get_json()


@pytest.mark.parametrize(
    ("body", "role"), [({}, "admin"), ({"role": "member"}, "member"), ({"role": "viewer"}, "viewer")]
)
def test_a_new_service_account_is_an_admin_by_default(world: World, body: dict[str, str], role: str) -> None:
    made = make(world, **body)
    assert made["role"] == role
    assert accounts(world)["new"] == {key: value for key, value in made.items() if key != "client_secret"}
    caller, _ = key_of(world, made["client_id"])
    invited = world.call(caller, "POST", "/users", {"email": "zoe@example.com"})
    assert invited.status_code == (200 if role == "admin" else 403)


def test_the_secret_is_shown_once_and_works(world: World) -> None:
    made = make(world, description="A new one")
    assert "client_secret" not in accounts(world)["new"]
    changed = world.call("ada", "PUT", f"/service_accounts/{made['client_id']}", {"name": "newer"}).get_json()
    assert "client_secret" not in changed
    assert exchange(world, made["client_id"], made["client_secret"])[0] == 200
    assert all(made["client_secret"].encode() not in content for content in every_file(world.db.parent))


def test_put_keeps_absent_fields(world: World) -> None:
    made = make(world, description="Old", role="member")
    world.clock.forward(hours=1)
    after = world.call("ada", "PUT", f"/service_accounts/{made['client_id']}", {"description": "New"}).get_json()
    assert (after["name"], after["role"], after["description"]) == ("new", "member", "New")
    assert after["updated_at"] > after["created_at"]
    cleared = world.call("ada", "PUT", f"/service_accounts/{made['client_id']}", {"description": ""}).get_json()
    assert "description" not in cleared


def test_a_new_role_applies_at_once_to_every_credential(world: World) -> None:
    caller, _ = key_of(world, "cid")
    _, tokens = exchange(world, "cid", "S")
    world.call("ada", "PUT", "/service_accounts/cid", {"role": "viewer"})
    assert world.call(caller, "POST", "/users", {"email": "zoe@example.com"}).status_code == 403
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    body = {"email": "zoe@example.com"}
    assert world.send(Client(world.app), "POST", "/users", body, bearer).status_code == 403


def test_deleting_revokes_every_credential_at_once(world: World) -> None:
    caller, _ = key_of(world, "cid")
    _, tokens = exchange(world, "cid", "S")
    gone = world.call("ada", "DELETE", "/service_accounts/cid").get_json()
    assert (gone["client_id"], gone["name"]) == ("cid", "ci")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert world.send(Client(world.app), "GET", "/users", None, bearer).status_code == 401
    assert world.call(caller, "GET", "/users").status_code == 401
    assert world.call("ci", "GET", "/users").status_code == 401
    assert exchange(world, "cid", "S")[0] == 400
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert world.send(Client(world.app), "POST", "/oauth/token", refresh, {}).status_code == 400
    assert world.call("ada", "DELETE", "/service_accounts/cid").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": None},
        {"name": "x" * 64},
        {"name": 7},
        {"role": "owner"},
        {"role": ""},
        {"role": None},
        {"description": None},
        {"description": "x" * 1025},
    ],
)
def test_an_invalid_field_is_400_and_changes_nothing(world: World, body: dict[str, object]) -> None:
    before = accounts(world)
    assert world.call("ada", "POST", "/service_accounts", {"name": "new", **body}).status_code == 400
    assert world.call("ada", "PUT", "/service_accounts/cid", body).status_code == 400
    assert accounts(world) == before


def test_a_name_is_required_and_need_not_be_unique(world: World) -> None:
    assert world.error(world.call("ada", "POST", "/service_accounts", {})) == "400 name is required"
    ids = {make(world)["client_id"], make(world)["client_id"]}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("method", "rest"),
    [("PUT", ""), ("DELETE", ""), ("GET", "/api_keys"), ("POST", "/api_keys"), ("DELETE", "/api_keys/x")],
)
@pytest.mark.parametrize("client_id", ["nobody", "foreign"])
def test_a_service_account_of_another_workspace_is_404(world: World, method: str, rest: str, client_id: str) -> None:
    if client_id == "foreign":
        other = {"X-Blaxel-Workspace": "other"}
        client_id = world.call("alan", "GET", "/service_accounts", headers=other).get_json()[0]["client_id"]
    answer = world.call(
        "ada", method, f"/service_accounts/{client_id}{rest}", {} if method in ("PUT", "POST") else None
    )
    assert world.error(answer) == "404 Service account not found"


def test_a_key_is_shown_once(world: World) -> None:
    caller, made = key_of(world, "cid", name="laptop")
    listed = {key["id"]: key for key in world.call("ada", "GET", KEYS).get_json()}
    assert listed[made["id"]] == {key: value for key, value in made.items() if key != "apiKey"}
    assert (made["sub"], made["sub_type"], made["name"]) == ("cid", "service_account", "laptop")
    assert made["createdBy"] == world.users()["ada@example.com"]["sub"]
    assert "expires_in" not in made
    assert world.call(caller, "GET", "/users").status_code == 200
    assert all(made["apiKey"].encode() not in content for content in every_file(world.db.parent))


@pytest.mark.parametrize(("text", "hours"), [("30d", 720), ("24h", 24), ("1w", 168), ("3650d", 87600), ("521w", 87528)])
def test_a_key_expires_by_the_clock_of_the_emulator(world: World, text: str, hours: int) -> None:
    caller, made = key_of(world, "cid", name="k", expires_in=text)
    assert made["expires_in"] == text
    world.clock.forward(hours=hours, seconds=-1)
    assert world.call(caller, "GET", "/users").status_code == 200
    world.clock.forward(seconds=1)
    assert world.call(caller, "GET", "/users").status_code == 401
    assert made["id"] in {key["id"] for key in world.call("ada", "GET", KEYS).get_json()}


@pytest.mark.parametrize(
    "text",
    [
        "0d",
        "-1d",
        "30",
        "30m",
        "1.5d",
        " 1d",
        "1d ",
        "d",
        "3651d",
        "87601h",
        "522w",
        "9" * 30 + "w",
        "\N{ARABIC-INDIC DIGIT ONE}d",
        30,
        None,
        [],
    ],
)
def test_an_invalid_lifetime_is_400(world: World, text: object) -> None:
    before = world.call("ada", "GET", KEYS).get_json()
    assert world.call("ada", "POST", KEYS, {"name": "k", "expires_in": text}).status_code == 400
    assert world.call("ada", "GET", KEYS).get_json() == before


def test_the_beamlit_era_counts_seconds(world: World) -> None:
    headers = {"X-Beamlit-Workspace": "acme"}
    body = {"name": "k", "expires_in": "90"}
    made = world.call("ada", "POST", KEYS, body, headers).get_json()
    world.clock.forward(seconds=89)
    assert world.call(made["apiKey"].removeprefix("bl_"), "GET", "/users").status_code == 200
    world.clock.forward(seconds=1)
    assert world.call(made["apiKey"].removeprefix("bl_"), "GET", "/users").status_code == 401


def test_a_deleted_key_is_refused(world: World) -> None:
    caller, made = key_of(world, "cid", name="k")
    assert world.call("ada", "DELETE", f"{KEYS}/{made['id']}").get_json() == {}
    assert world.call(caller, "GET", "/users").status_code == 401
    assert world.call("ada", "DELETE", f"{KEYS}/{made['id']}").status_code == 404


def test_a_key_is_deleted_through_its_own_account_only(world: World) -> None:
    caller, made = key_of(world, accounts(world)["bot"]["client_id"], name="k")
    assert world.call("ada", "DELETE", f"{KEYS}/{made['id']}").status_code == 404
    assert world.call(caller, "GET", "/users").status_code == 200


def test_the_name_of_a_key_is_optional_and_limited(world: World) -> None:
    assert "name" not in key_of(world, "cid")[1]
    assert world.call("ada", "POST", KEYS, {"name": "x" * 64}).status_code == 400
    assert world.call("ada", "POST", KEYS, {"name": 5}).status_code == 400


def test_a_service_account_can_delete_itself(world: World) -> None:
    assert world.call("ci", "DELETE", "/service_accounts/cid").status_code == 200
    assert world.call("ci", "GET", "/users").status_code == 401
