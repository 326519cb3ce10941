from collections.abc import Callable

from beamctl.emulator import Quirk
from tests.emulator.world import World

Build = Callable[..., World]


def test_invite_ignores_role(with_quirks: Build) -> None:
    world = with_quirks(Quirk.INVITE_IGNORES_ROLE)
    body = {"email": "zoe@example.com", "role": "admin"}
    assert world.call("ada", "POST", "/users", body).get_json()["role"] == "member"
    assert world.call("ada", "POST", "/users", {"email": "y@example.com", "role": "owner"}).status_code == 200


def test_no_role_on_pending(with_quirks: Build) -> None:
    world = with_quirks(Quirk.NO_ROLE_ON_PENDING)
    assert world.call("ada", "PUT", "/users/new@example.com", {"role": "admin"}).status_code == 404
    assert world.users()["new@example.com"]["role"] == "member"
    assert world.call("ada", "PUT", "/users/max@example.com", {"role": "admin"}).status_code == 200
    assert world.call("ada", "DELETE", "/users/new@example.com").status_code == 200


def test_reinvite_conflicts(with_quirks: Build) -> None:
    world = with_quirks(Quirk.REINVITE_CONFLICTS)
    assert world.call("ada", "POST", "/users", {"email": "late@example.com"}).status_code == 409
    assert world.call("ada", "DELETE", "/users/late@example.com").status_code == 200
    assert world.call("ada", "POST", "/users", {"email": "late@example.com"}).status_code == 200


def test_put_replaces(with_quirks: Build) -> None:
    world = with_quirks(Quirk.PUT_REPLACES)
    after = world.call("ada", "PUT", "/workspaces/acme", {"displayName": "New"}).get_json()
    assert after["displayName"] == "New"
    assert not {"labels", "region"} & set(after)
    assert after["name"] == "acme"


def test_no_invited_role(with_quirks: Build) -> None:
    world = with_quirks(Quirk.NO_INVITED_ROLE)
    assert "role" not in world.call("ada", "POST", "/users", {"email": "zoe@example.com"}).get_json()
    users = world.users()
    assert "role" not in users["zoe@example.com"]
    assert users["max@example.com"]["role"] == "member"
    world.call("ada", "PUT", "/users/ivy@example.com", {"role": "admin"})
    world.call("ivy", "POST", "/workspaces/acme/join")
    assert world.roles()["ivy@example.com"] == "admin"


def test_pending_without_sub(with_quirks: Build) -> None:
    world = with_quirks(Quirk.PENDING_WITHOUT_SUB)
    assert "sub" not in world.users()["ivy@example.com"]
    world.call("ivy", "POST", "/workspaces/acme/join")
    sub = world.users()["ivy@example.com"]["sub"]
    world.call("ada", "DELETE", f"/users/{sub}")
    world.call("ada", "POST", "/users", {"email": "ivy@example.com"})
    assert world.call("ada", "DELETE", f"/users/{sub}").status_code == 404
    assert world.call("ada", "DELETE", "/users/ivy@example.com").status_code == 200


def test_allow_last_admin(with_quirks: Build) -> None:
    world = with_quirks(Quirk.ALLOW_LAST_ADMIN)
    world.call("ada", "DELETE", "/users/alan@example.com")
    assert world.call("ci", "PUT", "/users/ada@example.com", {"role": "member"}).status_code == 200
    world.call("ci", "PUT", "/users/ada@example.com", {"role": "admin"})
    assert world.call("ada", "DELETE", "/users/ada@example.com").status_code == 400
    assert world.call("ada", "DELETE", "/workspaces/acme/leave").status_code == 200


def test_every_quirk_says_what_it_means() -> None:
    assert all(quirk.meaning for quirk in Quirk)
    assert {quirk.value: quirk for quirk in Quirk}["put-replaces"] is Quirk.PUT_REPLACES
    assert len({*Quirk}) == 7
