"""Accepting and declining invitations."""

from werkzeug.test import Client

from beamctl.emulator.control_plane import as_person
from tests.emulator.world import World


def test_an_invitee_sees_the_invitation(world: World) -> None:
    world.call("ada", "DELETE", "/users/ivy@example.com")
    world.call("ada", "POST", "/users", {"email": "IVY@example.com", "role": "admin"})
    (invitation,) = world.call("ivy", "GET", "/profile/invitations").get_json()
    assert invitation["workspace"] == {"name": "acme", "displayName": "Acme"}
    assert invitation["role"] == "admin"
    assert invitation["invitedBy"]["email"] == "ada@example.com"
    assert invitation["workspaceDetails"]["user_number"] == 5
    assert "new@example.com" not in invitation["workspaceDetails"]["emails"]


def test_accepting_creates_a_member_with_the_invited_role(world: World) -> None:
    assert world.call("ivy", "GET", "/users").status_code == 403
    assert world.call("ivy", "POST", "/workspaces/acme/join").get_json()["workspace"]["name"] == "acme"
    ivy = world.users("ivy")["ivy@example.com"]
    assert (ivy["accepted"], ivy["role"], ivy["source"]) == (True, "viewer", "invitation")
    assert world.call("ivy", "POST", "/workspaces/acme/join").status_code == 404
    assert world.call("ivy", "GET", "/profile/invitations").status_code == 404


def test_declining_deletes_the_invitation(world: World) -> None:
    assert world.call("ivy", "POST", "/workspaces/acme/decline").get_json()["email"] == "ivy@example.com"
    assert "ivy@example.com" not in world.users()
    missing = "404 Workspace or invitation not found"
    assert world.error(world.call("ivy", "POST", "/workspaces/acme/decline")) == missing
    assert world.error(world.call("ivy", "POST", "/workspaces/nowhere/join")) == missing


def test_an_expired_invitation_cannot_be_accepted(world: World) -> None:
    world.clock.forward(days=7)
    assert world.call("ivy", "GET", "/profile/invitations").status_code == 404
    assert world.call("ivy", "POST", "/workspaces/acme/join").status_code == 404
    assert world.call("ivy", "POST", "/workspaces/acme/decline").status_code == 404
    assert world.users()["ivy@example.com"]["expired"]


def test_a_user_without_an_account_signs_up_and_accepts(world: World) -> None:
    client = Client(as_person(world.app, "NEW@example.com"))
    assert world.send(client, "GET", "/users", None, {"X-Blaxel-Workspace": "acme"}).status_code == 403
    assert world.send(client, "POST", "/workspaces/acme/join", None, {}).status_code == 200
    assert world.send(client, "GET", "/users", None, {}).status_code == 200
    assert world.roles()["NEW@example.com"] == "member"
