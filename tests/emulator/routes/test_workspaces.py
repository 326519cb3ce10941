"""Workspaces: listing, creating, changing, deleting and leaving."""

import pytest

from tests.emulator.world import World


def test_users_list_their_own_workspaces(world: World) -> None:
    def names(who: str) -> list[str]:
        return [space["name"] for space in world.call(who, "GET", "/workspaces").get_json()]

    assert names("alan") == ["acme", "other"]
    assert names("ada") == ["acme"]
    assert names("foreign") == ["other"]
    assert names("sam") == []


def test_the_fields_of_a_workspace(world: World) -> None:
    shown = world.call("max", "GET", "/workspaces/acme?countResources=false").get_json()
    assert shown["displayName"] == "Acme"
    assert shown["labels"] == {"env": "prod"}
    assert shown["createdAt"] == "2026-03-01T12:00:00.000Z"
    bare = world.call("alan", "GET", "/workspaces/other").get_json()
    assert not {"displayName", "labels", "region", "groupMappings"} & set(bare)


def test_the_workspace_is_taken_from_the_path_not_the_header(world: World) -> None:
    answer = world.call("alan", "GET", "/workspaces/other", headers={"X-Blaxel-Workspace": "acme"})
    assert answer.get_json()["name"] == "other"


def test_creating_makes_the_caller_admin(world: World) -> None:
    answer = world.call("sam", "POST", "/workspaces", {"name": "new-ws", "displayName": "New", "status": "error"})
    assert answer.get_json()["status"] == "ready"
    users = world.call("sam", "GET", "/users", headers={"X-Blaxel-Workspace": "new-ws"}).get_json()
    assert [(user["email"], user["role"]) for user in users] == [("sam@example.com", "admin")]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("acme", 409),
        ("Acme", 400),
        ("a--b", 400),
        ("-a", 400),
        ("", 400),
        ("a" * 50, 400),
        ("my-blaxel", 400),
        ("v2", 400),
        ("admin", 400),
        (7, 400),
        (None, 400),
    ],
)
def test_a_taken_or_invalid_name_is_refused(world: World, name: object, status: int) -> None:
    assert world.call("sam", "POST", "/workspaces", {"name": name}).status_code == status


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fresh", None),
        ("acme", "taken"),
        ("blaxel-x", "forbidden_blaxel"),
        ("v1", "forbidden_v_prefix"),
        ("api", "forbidden_reserved"),
        ("No Name", None),
    ],
)
def test_availability(world: World, name: str, reason: str | None) -> None:
    free = name == "fresh"
    assert world.call(None, "POST", "/workspaces/availability", {"name": name}).get_json() is free
    availability = world.call(None, "POST", "/workspaces/availability?withReason=true", {"name": name}).get_json()
    assert (availability["available"], availability.get("reason"), "message" in availability) == (
        free,
        reason,
        not free,
    )


def test_put_replaces_given_fields_and_keeps_the_others(world: World) -> None:
    world.clock.forward(hours=1)
    body = {"displayName": "Acme 2", "groupMappings": [{"groupName": "ops", "role": "viewer", "extra": 1}]}
    after = world.call("ada", "PUT", "/workspaces/acme", body).get_json()
    assert after["displayName"] == "Acme 2"
    assert after["groupMappings"] == [{"groupName": "ops", "role": "viewer"}]
    assert (after["labels"], after["region"]) == ({"env": "prod"}, "eu")
    assert after["updatedAt"] == "2026-03-01T13:00:00.000Z"
    assert after["createdAt"] == "2026-03-01T12:00:00.000Z"
    assert after["updatedBy"] == world.users()["ada@example.com"]["sub"]
    assert world.call("ada", "GET", "/workspaces/acme").get_json() == after


def test_put_replaces_labels_as_a_whole(world: World) -> None:
    assert world.call("ada", "PUT", "/workspaces/acme", {"labels": {"a": "b"}}).get_json()["labels"] == {"a": "b"}
    assert "labels" not in world.call("ada", "PUT", "/workspaces/acme", {"labels": {}}).get_json()


def test_a_response_can_be_written_back(world: World) -> None:
    read = world.call("ada", "GET", "/workspaces/acme").get_json()
    written = world.call("ada", "PUT", "/workspaces/acme", {**read, "id": "x", "status": "error"}).get_json()
    assert {**written, "updatedBy": read["updatedBy"]} == read


@pytest.mark.parametrize(
    "body",
    [
        {"name": "renamed"},
        {"displayName": None},
        {"displayName": "x" * 64},
        {"labels": {"a": 1}},
        {"labels": []},
        {"groupMappings": [{"groupName": "ops", "role": "owner"}]},
        {"groupMappings": [{"role": "admin"}]},
        {"groupMappings": {}},
        {"region": 3},
        {"runtime": "x"},
    ],
)
def test_an_invalid_setting_is_400_and_changes_nothing(world: World, body: object) -> None:
    before = world.call("ada", "GET", "/workspaces/acme").get_json()
    assert world.call("ada", "PUT", "/workspaces/acme", body).status_code == 400
    assert world.call("ada", "GET", "/workspaces/acme").get_json() == before


def test_deleting_a_workspace_deletes_its_contents(world: World) -> None:
    assert world.call("ada", "DELETE", "/workspaces/acme").get_json()["name"] == "acme"
    assert world.call("ada", "GET", "/workspaces/acme").status_code == 404
    assert world.call("ci", "GET", "/workspaces").status_code == 401
    assert world.call("ivy", "GET", "/profile/invitations").status_code == 404
    assert world.call("sam", "POST", "/workspaces", {"name": "acme"}).status_code == 200


def test_leaving_a_workspace(world: World) -> None:
    assert world.call("max", "DELETE", "/workspaces/acme/leave").get_json()["name"] == "acme"
    assert "max@example.com" not in world.users()
    assert world.call("max", "DELETE", "/workspaces/acme/leave").status_code == 404
    assert world.call("max", "DELETE", "/workspaces/nowhere/leave").status_code == 404


def test_service_accounts_are_listed_without_secrets(world: World) -> None:
    listed = {account["name"]: account for account in world.call("max", "GET", "/service_accounts").get_json()}
    assert listed["ci"]["client_id"] == "cid"
    assert (listed["bot"]["role"], listed["bot"]["description"]) == ("member", "A bot")
    assert set(listed) == {"ci", "bot"}
