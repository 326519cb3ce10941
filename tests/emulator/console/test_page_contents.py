"""How pages show hostile texts, secrets, large teams, and every behavior flag."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.console.wording import counted
from tests.emulator.console.browsing import Browser
from tests.emulator.world import SEED, World

HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "&amp;&lt;",
    "\u202eevil\u2066",
    "two\nlines\r\nand\tmore",
    "</title></textarea>--><!--",
    "\u00e9\U0001f980",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_escaped(tmp_path: Path, text: str) -> None:
    person = {"email": "ada@example.com", "apiKey": "bl_ada", "givenName": text, "familyName": text}
    seed: dict[str, Any] = {
        "workspaces": [{"name": "acme", "displayName": text, "region": text, "labels": {text: text}}],
        "users": [{**person, "workspaces": {"acme": "admin"}}, {"email": "ivy@example.com", "apiKey": "bl_ivy"}],
        "invitations": [{"workspace": "acme", "email": "ivy@example.com"}],
        "serviceAccounts": [
            {"workspace": "acme", "name": text, "description": text, "role": "admin", "clientId": "cid"}
        ],
    }
    seed["workspaces"][0]["groupMappings"] = [{"groupName": text, "role": "admin"}]
    world = World(tmp_path / "plane.db", seed=seed)
    world.call("ada", "POST", "/service_accounts/cid/api_keys", {"name": text})
    browser, shown = Browser(world).signed_in("ada"), set[str]()
    for url in (
        "/profile",
        "/workspaces/acme/team",
        "/workspaces/acme/team/person?email=ada@example.com",
        "/workspaces/acme/service-accounts",
        "/workspaces/acme/service-accounts/cid",
        "/workspaces/acme/settings",
        "/workspaces/acme/delete",
    ):
        page = browser.get(url)
        assert page.status == 200
        assert not [
            tag for tag, values in page.tags if tag == "script" or "onerror" in values or values.get("src") == "x"
        ]
        shown |= {seen.replace("\r\n", "\n") for seen in page.texts("bdi")}
    assert text.strip().replace("\r\n", "\n") in shown
    page = browser.get("/workspaces/acme/settings")
    browser.submit(page, "Save the display name", display_name="Acme")
    kept = world.call("ada", "GET", "/workspaces/acme").get_json()
    assert (kept["labels"], kept["groupMappings"][0]["groupName"]) == ({text: text}, text)


def test_a_refused_form_shows_its_values_again(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    for text in HOSTILE:
        page = browser.submit(browser.get("/workspaces/acme/team"), "Invite", email=text)
        assert ("email", text.strip()) in page.form("Invite").fields
        page = browser.submit(page, "Find", q=text)
        assert page.status == 200
        page = browser.get("/workspaces/acme/team?" + "done=<b>x</b>&page=" + "9" * 30)
        assert page.status == 200


def test_labels_with_line_breaks_survive_the_settings_form(world: World) -> None:
    world.call("ada", "PUT", "/workspaces/acme", {"labels": {"a\nb": "one\r\ntwo", "c": "d"}})
    browser = Browser(world).signed_in("ada")
    page = browser.get("/workspaces/acme/settings")
    browser.submit(page, "Save the labels", label_key=["ab", "c", ""], label_value=["onetwo", "e", ""])
    assert world.call("ada", "GET", "/workspaces/acme").get_json()["labels"] == {"a\nb": "one\r\ntwo", "c": "e"}


def test_a_secret_is_shown_once_and_is_valid(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    page = browser.submit(browser.get("/workspaces/acme/service-accounts"), "Create the service account", name="new")
    facts = dict(zip(page.texts("dt"), page.texts("dd"), strict=True))
    secret, client = facts["Client secret"], facts["Client ID"]
    grant = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    assert browser.client.post("/v0/oauth/token", json=grant).status_code == 200
    (new,) = [one for one in world.call("ada", "GET", "/service_accounts").get_json() if one["client_id"] == client]
    assert new["role"] == "member"  # not the API's default for a request without a role
    page = browser.submit(browser.get(page.links["I have copied it"]), "Create the key", key_name="k", expires_in="24h")
    key = page.texts("dd")[-1]
    assert key.startswith("bl_")
    assert browser.client.get("/v0/users", headers={"Api-Key": key}).status_code == 200
    for url in ("", "/service-accounts", f"/service-accounts/{client}", "/settings", "/team"):
        text = browser.get(f"/workspaces/acme{url}").answer.text
        assert key not in text
        assert secret not in text
    world.clock.forward(hours=24)
    assert browser.client.get("/v0/users", headers={"Api-Key": key}).status_code == 401


def test_only_the_pages_with_a_secret_have_a_script(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    page = browser.submit(browser.get("/workspaces/acme/service-accounts/cid"), "Create the key", key_name="k")
    policy = page.answer.headers["Content-Security-Policy"]
    assert (policy.startswith("default-src 'none';"), policy.endswith("; script-src 'self'")) == (True, True)
    assert "unsafe" not in policy
    assert page.texts("button")[-1] == "Copy the key"
    assert browser.client.get("/copy.js").content_type == "text/javascript; charset=utf-8"


def test_keys_say_when_they_end(world: World) -> None:
    for name, lifetime in (("short", "24h"), ("long", "304d"), ("endless", "")):
        world.call("ada", "POST", "/service_accounts/cid/api_keys", {"name": name, "expires_in": lifetime})
    world.clock.forward(days=2)
    browser = Browser(world).signed_in("ada")
    page = browser.get("/workspaces/acme/service-accounts/cid")
    shown = page.texts("td")[::3]
    assert sorted(shown) == ["Ended 2 March 2026", "No expiry", "No expiry", "Until 30 December 2026"]
    made = browser.submit(page, "Create the key", key_name="new", expires_in="302d")
    assert made.texts("dt") == ["new · Until 30 December 2026"]


def test_the_profile_shows_name_roles_and_that_there_are_no_invitations(world: World) -> None:
    page = Browser(world).signed_in("ada").get("/profile")
    assert "You are Ada, ada@example.com." in page.text
    assert "acme · admin · eu" in page.text
    assert "None. An invitation that has expired is not shown" in page.text
    world.clock.forward(days=8)
    page = Browser(world).signed_in("ivy").get("/profile")
    assert page.offers() == set()
    assert "None. An invitation that has expired is not shown" in page.text


def test_a_large_team_is_shown_in_pages(tmp_path: Path) -> None:
    users = [{"email": f"p{number:04}@example.com", "workspaces": {"acme": "member"}} for number in range(1_500)]
    world = World(tmp_path / "plane.db", seed={**SEED, "users": [*SEED["users"], *users]})
    browser = Browser(world).signed_in("ada")
    page = browser.get("/workspaces/acme/team")
    assert "1,508 people" in page.texts("h2")
    assert "1\u2013100 of 1,508, page 1 of 16" in page.text
    assert len(page.texts("th")) == 105
    page = browser.get(page.links["Next →"])
    assert "101\u2013200 of 1,508, page 2 of 16" in page.text
    page = browser.get("/workspaces/acme/team?page=9999")
    assert ("page 16 of 16" in page.text, "Next →" in page.links) == (True, False)
    page = browser.submit(page, "Find", q="P099")
    assert ("10 found" in page.text, "Next →" in page.links) == (True, False)
    page = browser.submit(page, "Find", q="p0")
    assert "1,000 found" in page.text
    page = browser.get(page.links["Next →"])
    assert "101\u2013200 of 1,000, page 2 of 10" in page.text
    page = browser.get(browser.submit(page, "Find", q="p0999").links["Manage p0999@example.com"])
    browser.submit(page, "Save the role", role="viewer")
    assert world.roles()["p0999@example.com"] == "viewer"


@pytest.mark.parametrize("flag", list(BehaviorFlag))
def test_every_page_works_with_every_behavior_flag(with_flags: Callable[..., World], flag: BehaviorFlag) -> None:
    browser = Browser(with_flags(flag)).signed_in("ada")
    for url in (
        "/profile",
        "/workspaces/acme/team",
        "/workspaces/acme/team/person?email=ivy@example.com",
        "/workspaces/acme/team/person?email=late@example.com",
        "/workspaces/acme/service-accounts",
        "/workspaces/acme/service-accounts/cid",
        "/workspaces/acme/settings",
    ):
        assert browser.get(url).status == 200
    page = browser.get("/workspaces/acme/service-accounts/cid")
    assert browser.submit(page, "Save", name="deployer").heading == "deployer"


def test_saving_settings_keeps_other_settings_if_a_put_replaces(with_flags: Callable[..., World]) -> None:
    world = with_flags(BehaviorFlag.PUT_REPLACES)
    browser = Browser(world).signed_in("ada")
    browser.submit(browser.get("/workspaces/acme/settings"), "Save the display name", display_name="New")
    shown = world.call("ada", "GET", "/workspaces/acme").get_json()
    assert (shown["displayName"], shown["labels"], shown["region"]) == ("New", {"env": "prod"}, "eu")


def test_an_unknown_role_is_shown(tmp_path: Path) -> None:
    users = [*SEED["users"], {"email": "odd@example.com", "apiKey": "bl_odd", "workspaces": {"acme": "owner"}}]
    world = World(tmp_path / "plane.db", seed={**SEED, "users": users})
    browser = Browser(world).signed_in("ada")
    page = browser.get("/workspaces/acme/team/person?email=odd@example.com")
    assert ("role", "owner") in page.form("Save the role").fields
    page = browser.submit(page, "Save the role")
    assert (page.status, "Choose one of the roles." in page.text) == (400, True)
    browser.submit(page, "Save the role", role="member")
    assert world.roles()["odd@example.com"] == "member"


def test_a_count_has_its_noun() -> None:
    counts = {"policies": 1, "sandboxes": 1, "customdomains": 1, "models": 0, "images": 2, "agents": 1}
    assert counted(counts) == [(1, "policy"), (1, "sandbox"), (1, "custom domain"), (2, "images"), (1, "agent")]
