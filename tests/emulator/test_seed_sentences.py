"""What the documentation says about access to a workspace, one test for each sentence.

`test_permission.TABLE` has every route for every kind of caller, each cell proven by a request. Here its columns are
compared, and requested is only what it does not have: unknown roles, an invited admin, and what is left of a deleted
workspace.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from beamctl.emulator import create_app, synchronize_directory
from beamctl.emulator.control_plane import as_operator
from beamctl.emulator.mail.maildir import received_emails
from beamctl.emulator.mail.mailer import open_mailer
from beamctl.emulator.permission import BY_ROLE, Role
from beamctl.emulator.routes import ROUTES
from beamctl.emulator.routing import Reach
from tests.emulator.console.browsing import Browser
from tests.emulator.console.emails import link_in_last_email
from tests.emulator.test_permission import CALLERS, TABLE, device_login
from tests.emulator.world import RESOURCES, SEED, World, body_of

ERA = {"X-Beamlit-Workspace": "acme"}
CHAT = "/run/acme/models/gpt/v1/chat/completions"
HELLO = {"messages": [{"role": "user", "content": "Hello"}]}

Routes = set[tuple[str, str]]

TEAM: dict[str, Any] = {
    **SEED,
    "workspaces": SEED["workspaces"][::-1],
    "users": [*SEED["users"], {"email": "odd@example.com", "apiKey": "bl_odd", "workspaces": {"acme": "owner"}}],
    "serviceAccounts": [
        *SEED["serviceAccounts"],
        {"workspace": "acme", "name": "eye", "role": "viewer", "apiKey": "bl_eye"},
        {"workspace": "acme", "name": "strange", "role": "owner", "apiKey": "bl_strange"},
    ],
}
"""A person and a service account of every role, and of one that the API does not know. Acme has the highest row ID,
which SQLite gives again to the next workspace after its deletion."""

ADMINS, MEMBERS, VIEWERS, UNKNOWN = ("ada", "ci"), ("max", "bot"), ("vic", "eye"), ("odd", "strange")
SEVERAL = ADMINS + MEMBERS + VIEWERS + UNKNOWN


@pytest.fixture
def team(tmp_path: Path) -> World:
    return World(tmp_path / "team.db", seed=TEAM)


def allowed(caller: str) -> Routes:
    """What the caller may request in acme, by the table of permissions."""
    column = CALLERS.index(caller)
    return {route for route in of_a_workspace() if TABLE[route][2].split()[column] == "200"}


def of_a_workspace() -> Routes:
    return {(route.method, route.rule) for route in ROUTES if route.reach is Reach.WORKSPACE}


def statuses(world: World, who: str | None, routes: Routes, headers: Mapping[str, str] = ERA) -> set[int]:
    """The statuses of requests of these routes, which must change nothing."""
    paths = [(method, *TABLE[method, rule][:2]) for method, rule in sorted(routes)]
    sent = {**headers, "Authorization": f"Bearer bl_{who}"} if who else headers
    return {
        world.send(Client(world.app), method, path.replace("{key}", "none"), body, sent).status_code
        for method, path, body in paths
    }


def reading(routes: Routes) -> Routes:
    """Those that only read, and need nothing in the workspace."""
    return {(method, rule) for method, rule in routes if method == "GET" and rule.count("<") == rule.count("<name>")}


def test_admins_can_do_everything_that_members_can() -> None:
    assert all(Role.ADMIN in roles for roles in BY_ROLE.values())
    for admin, member in zip(ADMINS, MEMBERS, strict=True):
        assert allowed(member) < allowed(admin) == of_a_workspace()
    assert allowed("max") == allowed("bot"), "roles apply to service accounts, too"


ONE = {"/policies": "policies", "/environments": "environments", "/integrations/connections": "integrations"}
DOCUMENTED: dict[str, Routes] = {
    **{
        what: {("POST", path), ("PUT", f"{path}/<resource_name>"), ("DELETE", f"{path}/<resource_name>")}
        for path, what in ONE.items()
    },
    "users": {("POST", "/users"), ("DELETE", "/users/<path:who>")},
    "roles": {("PUT", "/users/<path:who>"), ("PUT", "/service_accounts/<client_id>")},
    "the display name": {("PUT", "/workspaces/<name>")},
    "deletion": {("DELETE", "/workspaces/<name>")},
    "keys of service accounts": {(method, rule) for method, rule in of_a_workspace() if rule.count("/api_keys")},
}
"""What only admins manage, as the documentation lists it."""

GUESSED = ("/service_accounts", "/secrets", "/customdomains", "/images")
"""Where a request that changes something needs an admin although the documentation does not say so."""


@pytest.mark.parametrize("what", DOCUMENTED)
def test_only_admins_also_manage(what: str) -> None:
    for admin, member in zip(ADMINS, MEMBERS, strict=True):
        assert DOCUMENTED[what] <= allowed(admin) - allowed(member)


def test_what_else_needs_an_admin_is_a_known_guess() -> None:
    rest = allowed("ada") - allowed("max") - set().union(*DOCUMENTED.values())
    assert all(rule.startswith(GUESSED) and method != "GET" for method, rule in rest)
    assert all("/share" in rule for _, rule in rest if rule.startswith("/images"))


def test_what_an_admin_manages_changes_for_everyone(team: World) -> None:
    def does(who: str, method: str, path: str, body: object = None) -> None:
        assert team.call(who, method, path, body, ERA).status_code == 200

    def shown(path: str) -> Any:
        return team.call("max", "GET", path, headers=ERA).get_json()

    for path in ONE:
        does("ci", "POST", path, body_of(path, "made"))
        does("ada", "PUT", f"{path}/made", {"metadata": {"displayName": "Mine"}})
        assert "Mine" in [each["metadata"].get("displayName") for each in shown(path)]
        does("ci", "DELETE", f"{path}/made")
        assert "made" not in [each["metadata"]["name"] for each in shown(path)]
    does("ci", "PUT", "/users/vic@example.com", {"role": "member"})
    assert team.users("max")["vic@example.com"]["role"] == "member"
    does("ada", "DELETE", "/users/vic@example.com")
    assert "vic@example.com" not in team.users("max")
    does("ci", "POST", "/users", {"email": "zoe@example.com"})
    assert not team.users("max")["zoe@example.com"]["accepted"]
    does("ada", "PUT", "/workspaces/acme", {"displayName": "Acme Two"})
    assert shown("/workspaces/acme")["displayName"] == "Acme Two"
    does("ci", "DELETE", "/workspaces/acme")
    assert team.call("max", "GET", "/workspaces/acme").status_code == 404


def test_members_can_query_models(team: World) -> None:
    team.call("max", "POST", "/models", body_of("/models", "gpt"))
    asked = {who: team.call(who, "POST", CHAT, HELLO).status_code for who in SEVERAL}
    assert asked == {**dict.fromkeys(ADMINS + MEMBERS, 200), **dict.fromkeys(VIEWERS + UNKNOWN, 403)}


def test_a_viewer_is_not_a_member() -> None:
    for viewer, member in zip(VIEWERS, MEMBERS, strict=True):
        assert allowed(viewer) < allowed(member)
        assert {method for method, _ in allowed(viewer)} == {"GET"}


@pytest.mark.parametrize("who", UNKNOWN)
def test_an_unknown_role_is_not_a_member(team: World, who: str) -> None:
    assert statuses(team, who, of_a_workspace() - allowed("vic")) == {403}
    assert statuses(team, who, reading(allowed("vic"))) == {200}


def test_an_invitation_is_an_email(mailing: World, mail: Path) -> None:
    mailing.call("ada", "POST", "/users", {"email": "zoe@example.com", "role": "admin"})
    (email,) = received_emails(mail)
    assert email.to == "zoe@example.com"
    assert "invites you to the workspace Acme (acme), with the role admin" in email.text()
    assert Browser(mailing).get(link_in_last_email(mail)).heading == "You are invited to Acme"


def test_an_invitee_has_no_access_before_accepting(team: World) -> None:
    """Not even as an admin, and not when the role of the invitation changes."""
    for method, path in (("POST", "/users"), ("PUT", "/users/sam@example.com")):
        team.call("ada", method, path, {"email": "sam@example.com", "role": "admin"})
        assert statuses(team, "sam", of_a_workspace()) == {403}
    assert team.call("sam", "GET", "/workspaces").get_json() == []
    assert statuses(team, None, of_a_workspace()) == {401}
    assert team.call("sam", "POST", "/workspaces/acme/join").status_code == 200
    assert statuses(team, "sam", reading(of_a_workspace())) == {200}


def test_an_invitee_without_an_account_has_to_sign_up_first(mailing: World, mail: Path) -> None:
    mailing.call("ada", "POST", "/users", {"email": "zoe@example.com"})
    browser = Browser(mailing)
    page = browser.get(link_in_last_email(mail))
    assert page.offers() == {"Sign up and accept", "Decline"}
    assert mailing.call(None, "POST", "/workspaces/acme/join").status_code == 401
    browser.submit(page, "Sign up and accept", given_name="")
    pending = mailing.users()["zoe@example.com"]
    assert (pending["accepted"], pending.get("sub")) == (False, None)
    browser.submit(page, "Sign up and accept", given_name="Zoe")
    assert mailing.roles()["zoe@example.com"] == "member"


def test_signing_up_does_not_accept(world: World) -> None:
    tokens = world.call(None, "POST", "/oauth/token", device_login(world, "new@example.com")).get_json()
    new = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert world.call(None, "GET", "/users", headers=new).status_code == 403
    assert world.call(None, "POST", "/workspaces/acme/join", headers=new).status_code == 200
    assert world.call(None, "GET", "/users", headers=new).status_code == 200


def test_invitations_are_shown_in_the_profile(world: World) -> None:
    def shown() -> dict[str, str]:
        answer = world.call("sam", "GET", "/profile/invitations")
        listed = answer.get_json() if answer.status_code == 200 else []
        return {each["workspace"]["name"]: each["role"] for each in listed}

    assert shown() == {}
    world.call("alan", "POST", "/users", {"email": "SAM@example.com", "role": "admin"})
    world.call("alan", "POST", "/users", {"email": "sam@example.com"}, {"X-Blaxel-Workspace": "other"})
    assert shown() == {"acme": "admin", "other": "member"}
    profile = Browser(world).signed_in("sam").get("/profile")
    assert {"Accept", "Decline"} <= {button.split()[0] for button in profile.offers()}
    assert "Acme" in profile.text
    assert world.call("sam", "POST", "/workspaces/acme/join").status_code == 200
    assert shown() == {"other": "member"}
    assert world.call("sam", "POST", "/workspaces/other/decline").status_code == 200
    assert shown() == {}


RELIC = "relic"
"""The name of everything in the workspace that is deleted."""
DEAD = "dead@example.com"
"""An invitee of it without an account."""


@dataclass
class Remains:
    """What users and programs still have of a deleted workspace."""

    world: World
    shown: dict[str, Any]
    link: str
    keys: tuple[str, ...]
    client: dict[str, str]
    refresh_token: str

    def reopen(self) -> None:
        """Continue with the same file, as after a restart."""
        self.world.app = create_app(self.world.db, now=self.world.clock)

    def keys_are_dead(self) -> None:
        """No key or token of a service account is known any more; of one, requests of every route are tried."""
        everywhere = {(route.method, route.rule) for route in ROUTES if route.permission}
        for key in self.keys:
            sent = {**ERA, "Authorization": f"Bearer {key}"}
            assert statuses(self.world, None, {("GET", "/users"), ("GET", "/workspaces")}, sent) == {401}
        assert statuses(self.world, "ci", everywhere) == {401}
        for grant in (
            {"grant_type": "client_credentials", **self.client},
            {"grant_type": "refresh_token", "refresh_token": self.refresh_token},
        ):
            assert self.world.error(self.world.call(None, "POST", "/oauth/token", grant)).startswith("400 invalid ")

    def nothing_is_open(self) -> None:
        """No invitation can be seen or accepted, and the other workspace sees nothing that was shared with it."""
        assert Browser(self.world).get(self.link).status in {404, 410}
        for method, path in (("GET", "/profile/invitations"), ("POST", "/workspaces/acme/join")):
            assert self.world.call("ivy", method, path).status_code == 404
        for path in ("/images", "/customdomains"):
            assert self.world.call("alan", "GET", path, headers={"X-Blaxel-Workspace": "other"}).get_json() == []


@pytest.fixture
def deleted(tmp_path: Path, mail: Path) -> Remains:
    """Acme, deleted by an admin, after it had at least one of everything that a workspace can have."""
    world = World(tmp_path / "team.db", seed=TEAM, mailer=open_mailer(mail))

    def does(method: str, path: str, body: object = None, headers: Mapping[str, str] = ERA) -> Any:
        answer = world.call("ada", method, path, body, headers)
        assert answer.status_code == 200, (path, answer.text)
        return answer.get_json()

    for path in RESOURCES:
        does("POST", path, body_of(path, RELIC))
    does("PUT", f"/models/{RELIC}", body_of("/models", RELIC, policies=[RELIC]))
    does("POST", f"/run/acme/models/{RELIC}", HELLO)
    does("PUT", f"/models/{RELIC}/deployments/production", {})
    does("POST", "/privateclusters", {"name": RELIC})
    does("POST", "/secrets", {"name": RELIC, "value": "v"})
    does("POST", "/images", {"name": RELIC, "resourceType": "agent"})
    does("POST", "/customdomains", {"metadata": {"name": f"{RELIC}.example"}})
    does("POST", f"/customdomains/{RELIC}.example/verify")
    for path in (f"/images/agent/{RELIC}", f"/customdomains/{RELIC}.example"):
        does("POST", f"{path}/share", {"targetWorkspace": "other"})
    does("POST", "/users", {"email": DEAD, "role": "admin"})
    made = does("POST", "/service_accounts", {"name": RELIC, "role": "admin"})
    key = does("POST", f"/service_accounts/{made['client_id']}/api_keys", {"name": RELIC})["apiKey"]
    client = {field: made[field] for field in ("client_id", "client_secret")}
    tokens = does("POST", "/oauth/token", {"grant_type": "client_credentials", **client})
    shown = does("GET", "/workspaces/acme?countResources=true")
    keys = ("bl_ci", "bl_bot", "bl_strange", key, tokens["access_token"])
    for one in keys:
        assert statuses(world, None, {("GET", "/users")}, {"Authorization": f"Bearer {one}"}) == {200}
    assert min(shown["resourceCounts"][kind] for kind in USED) > 0
    assert world.call("alan", "GET", "/images", headers={"X-Blaxel-Workspace": "other"}).get_json()
    link = link_in_last_email(mail)
    assert Browser(world).get(link).status == 200
    does("DELETE", "/workspaces/acme")
    return Remains(world, shown, link, keys, client, tokens["refresh_token"])


USED = {
    *("agents", "customdomains", "drives", "functions", "images", "integrationconnections", "jobs", "models"),
    *("policies", "sandboxes", "serviceaccounts", "volumes"),
}
"""The keys of `resourceCounts` for what the emulator has."""

RESTART = pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a restart"])


@RESTART
def test_deletion_cannot_be_undone(deleted: Remains, *, restarted: bool) -> None:
    if restarted:
        deleted.reopen()
    world = deleted.world
    assert statuses(world, "ada", of_a_workspace()) == {404}, "nothing is shown, changed or restored"
    by_id = {"X-Blaxel-Workspace": deleted.shown["id"]}
    assert world.call("ada", "GET", "/users", headers=by_id).status_code == 404
    assert world.call("ada", "GET", "/workspaces").get_json() == []
    operator = Client(as_operator(world.app))
    assert [each["name"] for each in operator.get("/v0/workspaces").get_json()] == ["other"]
    deleted.keys_are_dead()
    deleted.nothing_is_open()


def test_a_deleted_workspace_leaves_nothing_in_the_database(deleted: Remains) -> None:
    with closing(sqlite3.connect(deleted.world.db)) as db:
        stored = "\n".join(db.iterdump())
        for table in ("invitation", "share", "token_usage"):
            assert not db.execute(f"SELECT 1 FROM {table}").fetchall(), table  # noqa: S608 - only our own words
    for trace in (RELIC, DEAD, "new@example.com", deleted.shown["id"], deleted.client["client_id"], "'cid'", "'Acme'"):
        assert trace not in stored


@RESTART
def test_the_name_of_a_deleted_workspace_is_free_again(deleted: Remains, *, restarted: bool) -> None:
    world = deleted.world
    assert world.call("sam", "POST", "/workspaces", {"name": "acme"}).status_code == 200
    if restarted:
        deleted.reopen()
    fresh = world.call("sam", "GET", "/workspaces/acme?countResources=true").get_json()
    assert fresh["id"] != deleted.shown["id"]
    assert not {"displayName", "labels", "region"} & set(fresh)
    assert not any(fresh["resourceCounts"].values())
    assert [user["email"] for user in world.call("sam", "GET", "/users").get_json()] == ["sam@example.com"]
    for method, rule in reading(of_a_workspace()):
        listed = world.call("sam", method, TABLE[method, rule][0], headers=ERA).get_json()
        assert RELIC not in json.dumps(listed)
    assert world.call("sam", "GET", "/features").get_json() == {"features": {}}
    synchronize_directory(world.app)
    for who in ("ada", "max", "vic", "odd"):
        assert world.call(who, "GET", "/users").status_code == 403, "the former members are not members"
    deleted.keys_are_dead()
    deleted.nothing_is_open()


def test_what_is_made_again_under_an_old_name_is_new(deleted: Remains) -> None:
    """Even where SQLite numbers its row as the deleted one."""
    world = deleted.world
    world.call("sam", "POST", "/workspaces", {"name": "acme"})
    assert world.call("sam", "POST", "/models", body_of("/models", RELIC)).status_code == 200
    assert world.call("sam", "GET", f"/models/{RELIC}/deployments", headers=ERA).get_json() == []
    for path, body in (
        ("/images", {"name": RELIC, "resourceType": "agent"}),
        ("/customdomains", {"metadata": {"name": f"{RELIC}.example"}}),
        ("/users", {"email": DEAD}),
        ("/service_accounts", {"name": "ci", "role": "admin"}),
        ("/secrets", {"name": RELIC, "value": "v"}),
    ):
        assert world.call("sam", "POST", path, body).status_code == 200
    assert world.call("sam", "GET", f"/images/agent/{RELIC}/share").get_json() == []
    (account,) = world.call("sam", "GET", "/service_accounts").get_json()
    assert world.call("sam", "GET", f"/service_accounts/{account['client_id']}/api_keys").get_json() == []
    deleted.keys_are_dead()
    deleted.nothing_is_open()
