"""Members and invitations of a workspace."""

import pytest

from tests.emulator.world import World


def test_the_list_has_members_and_invitations(world: World) -> None:
    users = world.users()
    assert set(users) == {
        "ada@example.com",
        "alan@example.com",
        "max@example.com",
        "vic@example.com",
        "Ann+Ops@example.com",
        "ivy@example.com",
        "new@example.com",
        "late@example.com",
    }
    assert users["max@example.com"]["source"] == "directory_sync"
    assert "source" not in users["vic@example.com"]
    assert users["ada@example.com"]["given_name"] == "Ada"
    assert [users["late@example.com"][key] for key in ("accepted", "expired", "role")] == [False, True, "admin"]
    assert [users["new@example.com"][key] for key in ("accepted", "expired", "role")] == [False, False, "member"]
    assert "sub" in users["ivy@example.com"]
    assert "sub" not in users["new@example.com"]


def test_only_admins_see_the_mfa_status(world: World) -> None:
    assert world.users("ada")["Ann+Ops@example.com"]["mfa_enabled"] is True
    assert world.users("ci")["ada@example.com"]["mfa_enabled"] is False
    assert all("mfa_enabled" not in user for user in world.users("max").values())


def test_an_invitation_expires_with_time(world: World) -> None:
    world.clock.forward(days=7, milliseconds=-1)
    assert not world.users()["new@example.com"]["expired"]
    world.clock.forward(milliseconds=1)
    assert world.users()["new@example.com"]["expired"]


def test_inviting_makes_a_pending_entry(world: World) -> None:
    answer = world.call("ada", "POST", "/users", {"email": "Zoe@Example.com", "role": "admin"})
    invitation = answer.get_json()
    assert answer.status_code == 200
    assert invitation["email"] == "Zoe@Example.com"
    assert invitation["role"] == "admin"
    assert invitation["workspace"] == "acme"
    assert invitation["invitedBy"] == world.users()["ada@example.com"]["sub"]
    assert invitation["expiresAt"] == "2026-03-08T12:00:00.000Z"
    assert world.users()["Zoe@Example.com"]["accepted"] is False


def test_an_invitation_has_the_role_member_by_default(world: World) -> None:
    assert world.call("ada", "POST", "/users", {"email": "zoe@example.com"}).get_json()["role"] == "member"


@pytest.mark.parametrize("email", ["max@example.com", "MAX@example.COM", "new@example.com", "New@Example.com"])
def test_inviting_a_member_is_a_conflict(world: World, email: str) -> None:
    answer = world.call("ada", "POST", "/users", {"email": email})
    assert answer.status_code == 409
    assert answer.headers["x-should-retry"] == "false"


def test_inviting_again_renews_an_expired_invitation(world: World) -> None:
    answer = world.call("ada", "POST", "/users", {"email": "LATE@example.com", "role": "viewer"})
    assert answer.status_code == 200
    assert answer.get_json()["expiresAt"] == "2026-03-08T12:00:00.000Z"
    entry = world.users()["LATE@example.com"]
    assert (entry["expired"], entry["role"]) == (False, "viewer")
    assert "late@example.com" not in world.users()


@pytest.mark.parametrize(
    "email", ["", "plain", "a@", "@b.example", "a b@example.com", "a@@b.example", 7, None, ["a@b.c"]]
)
def test_an_invalid_address_is_400(world: World, email: object) -> None:
    assert world.error(world.call("ada", "POST", "/users", {"email": email})) == "400 invalid email format"


@pytest.mark.parametrize("role", ["owner", "Admin", "", None, 3, ["admin"], {}])
def test_an_invalid_role_is_400(world: World, role: object) -> None:
    refused = "400 Invalid role provided"
    assert world.error(world.call("ada", "POST", "/users", {"email": "zoe@example.com", "role": role})) == refused
    assert world.error(world.call("ada", "PUT", "/users/max@example.com", {"role": role})) == refused
    assert "zoe@example.com" not in world.users()


@pytest.mark.parametrize(
    "spelling", ["ann%2Bops%40example.com", "ann+ops@example.com", "ANN+OPS@EXAMPLE.COM", "Ann%2bOps@example.com"]
)
def test_a_member_is_found_by_any_spelling_of_the_address(world: World, spelling: str) -> None:
    answer = world.call("ada", "PUT", f"/users/{spelling}", {"role": "viewer"})
    assert (answer.status_code, answer.get_json()["email"]) == (200, "Ann+Ops@example.com")
    assert world.roles()["Ann+Ops@example.com"] == "viewer"


def test_a_plus_sign_in_a_path_is_not_a_space(world: World) -> None:
    assert world.call("ada", "PUT", "/users/Ann%20Ops@example.com", {"role": "viewer"}).status_code == 404


@pytest.mark.parametrize("spelling", ["a%2Fb@example.com", "a/b@example.com"])
def test_an_address_can_contain_a_slash(world: World, spelling: str) -> None:
    world.call("ada", "POST", "/users", {"email": "a/b@example.com"})
    assert world.call("ada", "DELETE", f"/users/{spelling}").status_code == 200


def test_an_address_can_contain_unicode_letters(world: World) -> None:
    world.call("ada", "POST", "/users", {"email": "Jörg@bücher.example"})
    assert world.call("ada", "DELETE", "/users/j%C3%B6rg@b%C3%BCcher.example").status_code == 200


def test_a_member_is_found_by_sub(world: World) -> None:
    sub = world.users()["max@example.com"]["sub"]
    assert world.call("ada", "PUT", f"/users/{sub}", {"role": "admin"}).get_json()["role"] == "admin"
    assert world.call("ada", "DELETE", f"/users/{sub}").status_code == 200
    assert "max@example.com" not in world.users()


def test_the_role_of_an_invitation_can_be_set(world: World) -> None:
    answer = world.call("ada", "PUT", "/users/NEW@example.com", {"role": "admin"}).get_json()
    assert (answer["accepted"], answer["role"]) == (False, "admin")
    sub = world.users()["ivy@example.com"]["sub"]
    assert world.call("ada", "PUT", f"/users/{sub}", {"role": "admin"}).status_code == 200
    assert world.users()["ivy@example.com"]["role"] == "admin"


def test_removing_revokes_an_invitation(world: World) -> None:
    assert world.call("ada", "DELETE", "/users/New%40example.com").status_code == 200
    assert "new@example.com" not in world.users()
    assert world.call("ivy", "POST", "/workspaces/acme/join").status_code == 200


def test_a_missing_member_is_404(world: World) -> None:
    missing = "404 Workspace or user not found"
    for who in ("sam@example.com", "nobody@example.com", "no-sub"):
        assert world.error(world.call("ada", "PUT", f"/users/{who}", {"role": "admin"})) == missing
        assert world.error(world.call("ada", "DELETE", f"/users/{who}")) == missing


def test_users_cannot_remove_themselves(world: World) -> None:
    assert world.call("ada", "DELETE", "/users/ADA@example.com").status_code == 400
    assert "ada@example.com" in world.users()


def test_the_last_admin_cannot_be_removed(world: World) -> None:
    assert world.call("ada", "DELETE", "/users/alan@example.com").status_code == 200
    for who in ("ada", "ci"):
        assert world.call(who, "PUT", "/users/ada@example.com", {"role": "member"}).status_code == 400
    assert world.call("ci", "DELETE", "/users/ada@example.com").status_code == 400
    assert world.call("ada", "DELETE", "/workspaces/acme/leave").status_code == 400
    assert world.call("ci", "PUT", "/users/ada@example.com", {"role": "admin"}).status_code == 200
    assert world.roles()["ada@example.com"] == "admin"


def test_an_invited_admin_does_not_count_as_an_admin(world: World) -> None:
    world.call("ada", "PUT", "/users/ivy@example.com", {"role": "admin"})
    world.call("ada", "DELETE", "/users/alan@example.com")
    assert world.call("ci", "PUT", "/users/ada@example.com", {"role": "member"}).status_code == 400
    world.call("ivy", "POST", "/workspaces/acme/join")
    assert world.call("ci", "PUT", "/users/ada@example.com", {"role": "member"}).status_code == 200


def test_a_removed_member_has_no_access_and_can_be_invited_again(world: World) -> None:
    world.call("ada", "DELETE", "/users/max@example.com")
    assert world.call("max", "GET", "/users").status_code == 403
    assert world.call("ada", "POST", "/users", {"email": "max@example.com"}).status_code == 200


def test_other_workspaces_are_not_changed(world: World) -> None:
    other = {"X-Blaxel-Workspace": "other"}
    before = world.call("alan", "GET", "/users", headers=other).get_json()
    world.call("ada", "DELETE", "/users/alan@example.com")
    assert world.call("alan", "GET", "/users", headers=other).get_json() == before
    assert world.call("foreign", "GET", "/users", headers=other).status_code == 200
