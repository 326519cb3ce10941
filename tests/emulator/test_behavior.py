"""Every behavior flag changes the emulator as documented."""

from collections.abc import Callable
from pathlib import Path

from beamctl.emulator.behavior import BehaviorFlag
from tests.emulator.world import World, body_of, every_file

Build = Callable[..., World]
OTHER = {"X-Blaxel-Workspace": "other"}


def test_invite_ignores_role(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.INVITE_IGNORES_ROLE)
    body = {"email": "zoe@example.com", "role": "admin"}
    assert world.call("ada", "POST", "/users", body).get_json()["role"] == "member"
    assert world.call("ada", "POST", "/users", {"email": "y@example.com", "role": "owner"}).status_code == 200


def test_no_role_on_pending(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.NO_ROLE_ON_PENDING)
    assert world.call("ada", "PUT", "/users/new@example.com", {"role": "admin"}).status_code == 404
    assert world.users()["new@example.com"]["role"] == "member"
    assert world.call("ada", "PUT", "/users/max@example.com", {"role": "admin"}).status_code == 200
    assert world.call("ada", "DELETE", "/users/new@example.com").status_code == 200


def test_reinvite_conflicts(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.REINVITE_CONFLICTS)
    assert world.call("ada", "POST", "/users", {"email": "late@example.com"}).status_code == 409
    assert world.call("ada", "DELETE", "/users/late@example.com").status_code == 200
    assert world.call("ada", "POST", "/users", {"email": "late@example.com"}).status_code == 200


def test_put_replaces(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.PUT_REPLACES)
    after = world.call("ada", "PUT", "/workspaces/acme", {"displayName": "New"}).get_json()
    assert after["displayName"] == "New"
    assert not {"labels", "region"} & set(after)
    assert after["name"] == "acme"


def test_no_invited_role(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.NO_INVITED_ROLE)
    assert "role" not in world.call("ada", "POST", "/users", {"email": "zoe@example.com"}).get_json()
    users = world.users()
    assert "role" not in users["zoe@example.com"]
    assert users["max@example.com"]["role"] == "member"
    world.call("ada", "PUT", "/users/ivy@example.com", {"role": "admin"})
    world.call("ivy", "POST", "/workspaces/acme/join")
    assert world.roles()["ivy@example.com"] == "admin"


def test_pending_without_sub(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.PENDING_WITHOUT_SUB)
    assert "sub" not in world.users()["ivy@example.com"]
    world.call("ivy", "POST", "/workspaces/acme/join")
    sub = world.users()["ivy@example.com"]["sub"]
    world.call("ada", "DELETE", f"/users/{sub}")
    world.call("ada", "POST", "/users", {"email": "ivy@example.com"})
    assert world.call("ada", "DELETE", f"/users/{sub}").status_code == 404
    assert world.call("ada", "DELETE", "/users/ivy@example.com").status_code == 200


def test_allow_last_admin(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.ALLOW_LAST_ADMIN)
    world.call("ada", "DELETE", "/users/alan@example.com")
    assert world.call("ci", "PUT", "/users/ada@example.com", {"role": "member"}).status_code == 200
    world.call("ci", "PUT", "/users/ada@example.com", {"role": "admin"})
    assert world.call("ada", "DELETE", "/users/ada@example.com").status_code == 400
    assert world.call("ada", "DELETE", "/workspaces/acme/leave").status_code == 200


def test_put_replaces_of_a_service_account(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.PUT_REPLACES)
    bot = next(one for one in world.call("ada", "GET", "/service_accounts").get_json() if one["name"] == "bot")
    after = world.call("ada", "PUT", f"/service_accounts/{bot['client_id']}", {}).get_json()
    assert (after["name"], after["role"], "description" in after) == ("bot", "member", False)


def test_no_service_account_roles(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.NO_SERVICE_ACCOUNT_ROLES)
    made = world.call("ada", "POST", "/service_accounts", {"name": "new", "role": "viewer"}).get_json()
    path = f"/service_accounts/{made['client_id']}"
    changed = world.call("ada", "PUT", path, {"role": "nonsense"}).get_json()
    listed = world.call("ada", "GET", "/service_accounts").get_json()
    assert not any("role" in account for account in [made, changed, *listed])
    key = world.call("ada", "POST", f"{path}/api_keys", {}).get_json()["apiKey"].removeprefix("bl_")
    assert world.call(key, "POST", "/users", {"email": "zoe@example.com"}).status_code == 200


def test_masked_keys(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.MASKED_KEYS)
    key = world.call("ada", "POST", "/service_accounts/cid/api_keys", {"name": "k"}).get_json()["apiKey"]
    listed = world.call("ada", "GET", "/service_accounts/cid/api_keys").get_json()
    assert {one["apiKey"] for one in listed} == {"bl_********"}
    assert key not in str(listed)


def test_beamlit_era(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.BEAMLIT_ERA)
    body = {"name": "k", "expires_in": "3600"}
    assert world.call("ada", "POST", "/service_accounts/cid/api_keys", body).get_json()["expires_in"] == "3600"
    assert len(world.call("max", "GET", "/environments").get_json()) == 2


def test_put_replaces_of_metadata_and_secrets(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.PUT_REPLACES, BehaviorFlag.MASKED_SECRETS)
    path = "/integrations/connections"
    made = body_of(path, "c", secret={"k": "v"})
    made["metadata"] |= {"displayName": "C", "labels": {"a": "b"}}
    assert world.call("ada", "POST", path, made).get_json()["spec"]["secret"] == {"k": "********"}
    kept = world.call("ada", "PUT", f"{path}/c", {"metadata": {"displayName": "C"}}).get_json()
    assert (kept["metadata"]["displayName"], "labels" in kept["metadata"]) == ("C", False)
    assert "secret" in kept["spec"]
    after = world.call("ada", "PUT", f"{path}/c", body_of(path, "c")).get_json()
    assert after["spec"] == {"integration": "openai"}


def test_spec_merges(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.SPEC_MERGES)
    world.call("ada", "POST", "/policies", body_of("/policies", "p", resourceTypes=["model"], sandbox=True))
    after = world.call("ada", "PUT", "/policies/p", {"spec": {"sandbox": False, "resourceTypes": []}}).get_json()
    assert after["spec"] == {"type": "location", "sandbox": False}


def test_masked_secrets(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.MASKED_SECRETS)
    path = "/integrations/connections"
    made = world.call("ada", "POST", path, body_of(path, "c", secret={"k": "canary"})).get_json()
    assert made["spec"]["secret"] == {"k": "********"}
    assert world.call("ada", "PUT", f"{path}/c", made).get_json()["spec"] == made["spec"]
    assert all(b"canary" not in content for content in every_file(world.db.parent))


def test_echoed_secrets(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.ECHOED_SECRETS)
    path = "/integrations/connections"
    made = world.call("ada", "POST", path, body_of(path, "c", secret={"k": "v", "l": "w"})).get_json()
    assert made["spec"]["secret"] == {"k": "v", "l": "w"}
    body = body_of(path, "c", secret={"k": "********", "l": "x"})
    assert world.call("ada", "PUT", f"{path}/c", body).get_json()["spec"]["secret"] == {"k": "v", "l": "x"}
    kept = world.call("ada", "PUT", f"{path}/c", body_of(path, "c")).get_json()
    assert kept["spec"]["secret"] == {"k": "v", "l": "x"}
    gone = world.call("ada", "PUT", f"{path}/c", body_of(path, "c", secret={})).get_json()
    assert "secret" not in gone["spec"]


def test_service_accounts_in_users(with_flags: Build) -> None:
    listed = with_flags(BehaviorFlag.SERVICE_ACCOUNTS_IN_USERS).call("max", "GET", "/users").get_json()
    assert {"sub": "cid", "role": "admin", "accepted": True} in listed
    assert sorted(user["role"] for user in listed if "email" not in user) == [
        "admin",
        "member",
    ]  # not the one of `other`


def test_users_take_client_ids(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.USERS_TAKE_CLIENT_IDS)
    answer = world.call("ada", "PUT", "/users/cid", {"role": "viewer"})
    assert (answer.status_code, answer.get_json()) == (200, {"sub": "cid", "role": "viewer", "accepted": True})
    assert world.call("ci", "POST", "/users", {"email": "zoe@example.com"}).status_code == 403
    (ci,) = [each for each in world.call("ada", "GET", "/service_accounts").get_json() if each["name"] == "ci"]
    assert ci["role"] == "viewer"
    assert world.call("alan", "PUT", "/users/cid", {"role": "admin"}, OTHER).status_code == 404
    assert world.call("ada", "DELETE", "/users/cid").status_code == 404


def test_users_take_no_client_ids_without_it(world: World) -> None:
    assert world.call("ada", "PUT", "/users/cid", {"role": "viewer"}).status_code == 404


def test_self_removal_is_403(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.SELF_REMOVAL_IS_403)
    assert world.error(world.call("ada", "DELETE", "/users/ada@example.com")).startswith(
        "403 You cannot remove yourself"
    )
    assert "ada@example.com" in world.users()


def test_last_admin_is_409(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.LAST_ADMIN_IS_409)
    world.call("ada", "DELETE", "/users/alan@example.com")
    for who, method, path in (
        ("ci", "PUT", "/users/ada@example.com"),
        ("ci", "DELETE", "/users/ada@example.com"),
        ("ada", "DELETE", "/workspaces/acme/leave"),
    ):
        answer = world.call(who, method, path, {"role": "member"} if method == "PUT" else None)
        assert (answer.status_code, answer.headers["x-should-retry"]) == (409, "false")
    assert world.roles()["ada@example.com"] == "admin"


def test_missing_workspace_is_403(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.MISSING_WORKSPACE_IS_403)
    missing = world.call("sam", "GET", "/workspaces/missing")
    assert world.error(missing) == world.error(world.call("sam", "GET", "/workspaces/acme"))
    assert missing.status_code == 403
    assert world.call("ada", "GET", "/users", headers={"X-Blaxel-Workspace": "missing"}).status_code == 403


def test_viewer_like_member(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.VIEWER_LIKE_MEMBER)
    assert world.call("vic", "POST", "/agents", body_of("/agents", "a")).status_code == 200
    assert world.call("vic", "POST", "/policies", body_of("/policies", "a")).status_code == 403


def test_short_invitations(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.SHORT_INVITATIONS)
    world.call("ada", "POST", "/users", {"email": "zoe@example.com"})
    world.clock.forward(days=1, milliseconds=-1)
    assert not world.users()["zoe@example.com"]["expired"]
    world.clock.forward(milliseconds=1)
    assert world.users()["zoe@example.com"]["expired"]


def test_invites_as_admin(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.INVITES_AS_ADMIN)
    assert world.call("ada", "POST", "/users", {"email": "zoe@example.com"}).get_json()["role"] == "admin"
    body = {"email": "y@example.com", "role": "viewer"}
    assert world.call("ada", "POST", "/users", body).get_json()["role"] == "viewer"
    world = World(
        world.db.with_name("both.db"), frozenset({BehaviorFlag.INVITES_AS_ADMIN, BehaviorFlag.INVITE_IGNORES_ROLE})
    )
    assert world.call("ada", "POST", "/users", body).get_json()["role"] == "admin"


def test_label_limits(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.LABEL_LIMITS)
    most = {f"{n:063}": "v" * 63 for n in range(16)}
    for wrong in ({**most, "more": "x"}, {"k" * 64: "v"}, {"k": "v" * 64}, {"k": 1}):
        assert world.call("ada", "PUT", "/workspaces/acme", {"labels": wrong}).status_code == 400
        body = {**body_of("/agents", "a"), "metadata": {"name": "a", "labels": wrong}}
        assert world.call("ada", "POST", "/agents", body).status_code == 400
    assert world.call("ada", "PUT", "/workspaces/acme", {"labels": most}).get_json()["labels"] == most


def test_labels_have_no_limits_without_it(world: World) -> None:
    many = {f"k{n}": "v" * 64 for n in range(17)}
    assert world.call("ada", "PUT", "/workspaces/acme", {"labels": many}).get_json()["labels"] == many


def test_any_workspace_name(with_flags: Build) -> None:
    world = with_flags(BehaviorFlag.ANY_WORKSPACE_NAME)
    for name in ("Acme_Prod.v2", "admin", "v1", "beamlit", "a--b-", "N" * 49):
        assert world.call("sam", "POST", "/workspaces/availability", {"name": name}).get_json() is True
        assert world.call("sam", "POST", "/workspaces", {"name": name}).get_json()["name"] == name
        assert world.call("sam", "GET", f"/workspaces/{name}").status_code == 200
    assert world.call("sam", "POST", "/workspaces", {"name": "admin"}).status_code == 409
    for wrong in ("", ".a", "a/b", "a b", "\N{LATIN SMALL LETTER A WITH DIAERESIS}", "n" * 50, 7, None):
        assert world.call("sam", "POST", "/workspaces", {"name": wrong}).status_code == 400


def test_every_behavior_flag_has_a_description() -> None:
    assert all(flag.meaning for flag in BehaviorFlag)
    assert {flag.value: flag for flag in BehaviorFlag}["put-replaces"] is BehaviorFlag.PUT_REPLACES


def test_every_behavior_flag_has_a_test() -> None:
    text = "".join(path.read_text() for path in Path(__file__).parent.rglob("test_*.py"))
    assert [flag.name for flag in BehaviorFlag if f"BehaviorFlag.{flag.name}" not in text] == []
