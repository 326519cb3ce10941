"""What only the platform decides: billing accounts, workspace states, who manages a team, and directory sync."""

from pathlib import Path
from typing import Any

import pytest

from beamctl.emulator import synchronize_directory
from beamctl.emulator.errors import SeedError
from beamctl.emulator.seed import load_seed
from tests.emulator.console.browsing import Browser
from tests.emulator.world import SEED, Clock, World

MANAGED = "403 the membership of this workspace is managed by Baseten: change it there"


def with_workspace(tmp_path: Path, **facts: object) -> World:
    """The world with these facts about the other workspace, which has a member and an admin."""
    users = [*SEED["users"], {"email": "mia@example.com", "apiKey": "bl_mia", "workspaces": {"other": "member"}}]
    spaces = [SEED["workspaces"][0], {"name": "other", **facts}]
    return World(tmp_path / "plane.db", seed={**SEED, "workspaces": spaces, "users": users})


@pytest.fixture
def managed(tmp_path: Path) -> World:
    return with_workspace(tmp_path, basetenTeamId="team-1")


OTHER = {"X-Blaxel-Workspace": "other"}


def team(world: World) -> dict[str, str]:
    listed: list[dict[str, Any]] = world.call("alan", "GET", "/users", headers=OTHER).get_json()
    return {user["email"]: user["role"] for user in listed}


def test_creating_a_workspace_requires_a_billing_account(tmp_path: Path) -> None:
    users = [*SEED["users"], {"email": "kay@example.com", "apiKey": "bl_kay", "billing": False}]
    world = World(tmp_path / "plane.db", seed={**SEED, "users": users})
    assert world.error(world.call("kay", "POST", "/workspaces", {"name": "kays"})) == "403 no billing account is linked"
    assert world.call("sam", "POST", "/workspaces", {"name": "kays"}).status_code == 200
    browser = Browser(world).signed_in("kay")
    page = browser.submit(browser.get("/new-workspace"), "Create the workspace", name="another")
    assert (page.status, "No billing account is linked to you." in page.text) == (403, True)


def test_a_workspace_has_the_fields_of_the_platform(tmp_path: Path) -> None:
    hipaa = {"accountEnabled": True, "unsafe": {"enabled": False}}
    facts = {"status": "error", "statusReason": "no quota", "hipaaInfo": hipaa, "basetenTeamId": "team-1"}
    world = with_workspace(tmp_path, **facts)
    shown = world.call("alan", "GET", "/workspaces/other").get_json()
    assert {key: shown[key] for key in facts} == facts
    after = world.call("alan", "PUT", "/workspaces/other", {"displayName": "O", "status": "ready", "basetenTeamId": ""})
    assert {key: after.get_json()[key] for key in facts} == facts
    assert "error: no quota" in Browser(world).signed_in("alan").get("/workspaces/other/settings").text
    bare = world.call("ada", "GET", "/workspaces/acme").get_json()
    assert bare["status"] == "ready"
    assert not {"statusReason", "hipaaInfo", "basetenTeamId"} & set(bare)


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        ({"status": "fine"}, "status"),
        ({"hipaaInfo": {"accountEnabled": "yes"}}, "hipaaInfo.accountEnabled"),
        ({"hipaaInfo": {"unsafe": {"enabled": 1}}}, "hipaaInfo.unsafe.enabled"),
        ({"hipaaInfo": {"more": True}}, "hipaaInfo.more"),
        ({"basetenTeamId": ""}, "basetenTeamId"),
        ({"statusReason": 1}, "statusReason"),
    ],
)
def test_invalid_platform_values_are_refused(tmp_path: Path, facts: dict[str, object], wrong: str) -> None:
    with pytest.raises(SeedError) as caught:
        load_seed(tmp_path / "plane.db", {"workspaces": [{"name": "acme", **facts}]}, now=Clock())
    assert [message.partition(": ")[0] for message in caught.value.messages] == [f"workspaces[0].{wrong}"]


@pytest.mark.parametrize(
    ("who", "method", "path", "body"),
    [
        ("alan", "POST", "/users", {"email": "zoe@example.com"}),
        ("alan", "PUT", "/users/mia@example.com", {"role": "viewer"}),
        ("alan", "DELETE", "/users/mia@example.com", None),
        ("mia", "DELETE", "/workspaces/other/leave", None),
    ],
)
def test_a_team_managed_by_baseten_cannot_be_changed(
    managed: World, who: str, method: str, path: str, body: object
) -> None:
    before = team(managed)
    assert managed.error(managed.call(who, method, path, body, OTHER)) == MANAGED
    assert team(managed) == before


def test_everything_but_the_team_can_be_changed_there(managed: World) -> None:
    assert managed.call("alan", "PUT", "/workspaces/other", {"displayName": "O"}).status_code == 200
    assert managed.call("alan", "POST", "/service_accounts", {"name": "x"}, OTHER).status_code == 200
    assert managed.call("alan", "DELETE", "/workspaces/other").status_code == 200


def test_the_console_shows_who_manages_the_team(managed: World) -> None:
    browser = Browser(managed).signed_in("alan")
    page = browser.get("/workspaces/other/team")
    assert "Baseten manages the members of this workspace." in page.text
    assert "Baseten" not in browser.get("/workspaces/acme/team").text
    refused = browser.submit(page, "Invite", email="zoe@example.com")
    assert (refused.status, "Baseten manages the members of this workspace" in refused.text) == (403, True)


def test_a_team_managed_by_baseten_sends_no_invitations(tmp_path: Path) -> None:
    seed = {
        "workspaces": [{"name": "acme", "basetenTeamId": "t"}],
        "invitations": [{"workspace": "acme", "email": "zoe@example.com"}],
    }
    with pytest.raises(SeedError, match=r"^invitations\[0\].workspace: acme is managed by Baseten"):
        load_seed(tmp_path / "plane.db", seed, now=Clock())


def test_directory_sync_restores_removed_members(world: World) -> None:
    assert synchronize_directory(world.app) == []
    world.call("ada", "DELETE", "/users/max@example.com")
    assert "max@example.com" not in world.users()
    assert synchronize_directory(world.app) == [("max@example.com", "acme")]
    back = world.users()["max@example.com"]
    assert (back["accepted"], back["role"], back["source"]) == (True, "member", "directory_sync")
    assert synchronize_directory(world.app) == []


def test_directory_sync_restores_members_who_left_or_are_invited(world: World) -> None:
    world.call("max", "DELETE", "/workspaces/acme/leave")
    world.call("ada", "POST", "/users", {"email": "MAX@example.com", "role": "admin"})
    assert synchronize_directory(world.app) == [("max@example.com", "acme")]
    assert world.roles()["max@example.com"] == "member"
    assert "MAX@example.com" not in world.users()


def test_directory_sync_does_not_change_other_members(world: World) -> None:
    world.call("ada", "PUT", "/users/max@example.com", {"role": "viewer"})
    world.call("ada", "DELETE", "/users/vic@example.com")
    before = world.users()
    assert synchronize_directory(world.app) == []
    assert world.users() == before
    world.call("ada", "DELETE", "/workspaces/acme")
    assert synchronize_directory(world.app) == []


def test_the_console_warns_that_directory_sync_restores_members(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    page = browser.get("/workspaces/acme/team/person/remove?email=max@example.com")
    assert "The next directory sync adds them again; in the emulator, that is beamctl emulator sync." in page.text
    page = browser.get("/workspaces/acme/team/person/remove?email=vic@example.com")
    assert ("directory" in page.text, "they need a new invitation" in page.text) == (False, True)
