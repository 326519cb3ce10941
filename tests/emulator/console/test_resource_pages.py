"""The pages of policies, integration connections and environments."""

from pathlib import Path
from typing import Any

import pytest

from beamctl.emulator.behavior import BehaviorFlag
from tests.emulator.console.browsing import Browser
from tests.emulator.console.test_page_contents import HOSTILE
from tests.emulator.world import SEED, World

RESOURCES: dict[str, Any] = {
    "policies": [
        {
            "workspace": "acme",
            "name": "eu",
            "displayName": "Europe",
            "externalId": "x-1",
            "spec": {
                "type": "location",
                "locations": [{"type": "continent", "name": "EU"}],
                "resourceTypes": ["model"],
            },
        },
        {"workspace": "acme", "name": "gpus", "spec": {"type": "flavor", "flavors": [{"type": "gpu", "name": "t4"}]}},
        {"workspace": "acme", "name": "cap", "spec": {"type": "maxToken", "maxTokens": {"total": 1000}}},
    ],
    "integrationConnections": [
        {
            "workspace": "acme",
            "name": "llm",
            "spec": {"integration": "openai", "config": {"org": "a"}, "secret": {"apiKey": "canary-secret"}},
        }
    ],
    "environments": [{"workspace": "acme", "name": "staging", "spec": {"policies": ["eu"]}}],
}
ONES = ["policies/eu", "policies/gpus", "policies/cap", "integrations/llm", "environments/staging"]
NOUNS = {"policies": "policy", "integrations": "integration connection", "environments": "environment"}
ERA = {"X-Beamlit-Workspace": "acme"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "plane.db", seed={**SEED, **RESOURCES})


def shown(world: World, path: str) -> Any:
    return world.call("alan", "GET", path, headers=ERA).get_json()


@pytest.mark.parametrize("who", ["ada", "max", "vic"])
def test_everyone_sees_them_and_only_admins_are_offered_changes(world: World, who: str) -> None:
    browser, admin = Browser(world).signed_in(who), who == "ada"
    for section, noun in NOUNS.items():
        page = browser.get(f"/workspaces/acme/{section}")
        assert page.status == 200
        assert any(link.startswith("Create a") for link in page.links) == admin
        assert browser.get(f"/workspaces/acme/new/{section}").status == (200 if admin else 403), noun
    for one in ONES:
        page = browser.get(f"/workspaces/acme/{one}")
        assert (page.status, page.offers()) == (200, {"Save"} if admin else set())
        assert any(link.startswith("Delete") for link in page.links) == admin
        assert browser.get(f"/workspaces/acme/{one}/delete").status == (200 if admin else 403)
        assert "canary" not in page.answer.text
    page = browser.get("/workspaces/acme/policies")
    for text in ("continent EU", "gpu t4", "Total tokens: 1,000", "Europe"):
        assert text in page.texts("bdi")


@pytest.mark.parametrize("one", ONES)
def test_saving_without_a_change_changes_nothing(world: World, one: str) -> None:
    browser = Browser(world).signed_in("ada")
    path = f"/{one}".replace("/integrations/", "/integrations/connections/")
    before = shown(world, path)
    page = browser.submit(browser.get(f"/workspaces/acme/{one}"), "Save")
    assert (page.status, "The changes were saved." in page.text) == (200, True)
    after = shown(world, path)
    for audit in ("updatedAt", "updatedBy"):
        before["metadata"].pop(audit), after["metadata"].pop(audit)
    if "maxTokens" in before["spec"]:
        before["spec"]["maxTokens"].setdefault("granularity", "day")  # the form makes the default explicit
    assert after == before


SECRET = {"secret_key": ["k", ""], "secret_value": ["canary", ""]}
CREATED: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    (
        "policies?type=location",
        {"row_key": ["country", ""], "row_value": ["us", ""], "chosen": ["agent"]},
        "/policies/new-one",
        {"type": "location", "locations": [{"type": "country", "name": "us"}], "resourceTypes": ["agent"]},
    ),
    (
        "policies?type=maxToken",
        {"granularity": "hour", "total": "5"},
        "/policies/new-one",
        {"type": "maxToken", "maxTokens": {"granularity": "hour", "total": 5}},
    ),
    (
        "integrations",
        {"integration": "openai", "row_key": ["org", ""], "row_value": ["b", ""], **SECRET},
        "/integrations/connections/new-one",
        {"integration": "openai", "config": {"org": "b"}},
    ),
    ("environments", {"chosen": ["eu", "cap"]}, "/environments/new-one", {"policies": ["eu", "cap"]}),
]


@pytest.mark.parametrize(("url", "typed", "path", "spec"), CREATED, ids=[url for url, *_ in CREATED])
def test_they_are_created_and_deleted(
    world: World, url: str, typed: dict[str, Any], path: str, spec: dict[str, Any]
) -> None:
    browser, section = Browser(world).signed_in("ada"), url.partition("?")[0]
    form = browser.get(f"/workspaces/acme/new/{url}")
    page = browser.submit(form, "Create", name="new-one", display_name="New", **typed)
    assert (page.status, page.heading) == (200, "new-one"), page.text
    assert shown(world, path)["spec"] == spec
    page = browser.submit(browser.get(f"/workspaces/acme/new/{url}"), "Create", name="new-one", **typed)
    assert (page.status, "already exists" in page.text) == (409, True)
    page = browser.submit(form, "Create", name="No Name", **typed)
    assert (page.status, "Name must be lowercase letters" in page.text) == (400, True)
    page = browser.get(f"/workspaces/acme/{section}/new-one/delete")
    page = browser.submit(page, f"Delete the {NOUNS[section]}")
    assert "It was deleted." in page.text
    assert world.call("alan", "GET", path, headers=ERA).status_code == 404


def test_a_change_without_permission_is_refused(world: World) -> None:
    admin = Browser(world).signed_in("ada")
    before = [shown(world, path) for path in ("/policies", "/integrations/connections", "/environments")]
    for url, button in (
        ("/workspaces/acme/policies/eu", "Save"),
        ("/workspaces/acme/new/policies", "Create"),
        ("/workspaces/acme/policies/eu/delete", "Delete the policy"),
        ("/workspaces/acme/integrations/llm", "Save"),
        ("/workspaces/acme/environments/staging/delete", "Delete the environment"),
    ):
        page = admin.get(url)
        for who in ("max", "vic", "sam"):
            other = Browser(world).signed_in(who)
            key = dict(other.get("/profile").form("Sign out").fields)["form_key"]
            typed = {"display_name": "x"} if button == "Save" else {"name": "x"} if button == "Create" else {}
            assert other.submit(page, button, **typed, form_key=key).status == 403
    assert [shown(world, path) for path in ("/policies", "/integrations/connections", "/environments")] == before


def test_wrong_values_are_refused_and_shown_again(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    page = browser.submit(browser.get("/workspaces/acme/policies/cap"), "Save", total="-1")
    assert (page.status, "Enter a whole number, 0 or more." in page.text) == (400, True)
    assert ("total", "-1") in page.form("Save").fields
    page = browser.submit(browser.get("/workspaces/acme/policies/eu"), "Save", row_value=["", "", ""])
    assert (page.status, "Locations must be a list of" in page.text) == (400, True)
    page = browser.submit(browser.get("/workspaces/acme/integrations/llm"), "Save", row_key=["a", "a", ""])
    assert (page.status, "Two rows have the same key." in page.text) == (400, True)
    page = browser.submit(browser.get("/workspaces/acme/integrations/llm"), "Save", integration="")
    assert (page.status, "Integration must not be empty." in page.text) == (400, True)
    page = browser.submit(browser.get("/workspaces/acme/policies/eu"), "Save", display_name="x" * 64)
    assert (page.status, "Display name must be a string of at most 63" in page.text) == (400, True)


def test_a_connection_in_use_is_kept(world: World) -> None:
    agent = {"metadata": {"name": "a"}, "spec": {"integrationConnections": ["llm"]}}
    assert world.call("ada", "POST", "/agents", agent).status_code == 200
    browser = Browser(world).signed_in("ada")
    page = browser.submit(browser.get("/workspaces/acme/integrations/llm/delete"), "Delete the integration connection")
    assert (page.status, "is in use by agents/a" in page.text) == (409, True)


def test_a_stored_secret_is_kept_and_never_shown(tmp_path: Path) -> None:
    world = World(tmp_path / "echo.db", frozenset({BehaviorFlag.ECHOED_SECRETS}), seed={**SEED, **RESOURCES})
    browser = Browser(world).signed_in("ada")
    page = browser.get("/workspaces/acme/integrations/llm")
    page = browser.submit(page, "Save", secret_key=["token", ""], secret_value=["canary-two", ""])
    assert shown(world, "/integrations/connections/llm")["spec"]["secret"] == {"token": "canary-two"}
    page = browser.submit(page, "Save")
    assert "canary" not in page.answer.text
    assert shown(world, "/integrations/connections/llm")["spec"]["secret"] == {"token": "canary-two"}


PEM = "-----BEGIN KEY-----\nabc\n-----END KEY-----\n"


def test_a_secret_can_have_several_lines(tmp_path: Path) -> None:
    world = World(tmp_path / "echo.db", frozenset({BehaviorFlag.ECHOED_SECRETS}), seed={**SEED, **RESOURCES})
    browser = Browser(world).signed_in("ada")
    typed = {"secret_key": ["pem", "one"], "secret_value": [PEM.replace("\n", "\r\n"), " one \r\n"]}
    browser.submit(browser.get("/workspaces/acme/integrations/llm"), "Save", **typed)
    assert shown(world, "/integrations/connections/llm")["spec"]["secret"] == {"pem": PEM, "one": "one"}


def test_no_part_of_a_typed_secret_is_lost_silently(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    form = browser.get("/workspaces/acme/new/integrations")
    page = browser.submit(form, "Create", name="No Name", integration="openai", **SECRET)
    assert (page.status, "canary" in page.answer.text) == (400, False)
    assert ("secret_key", "k") in page.form("Create").fields
    for typed in ({"secret_key": ["k", ""]}, {"secret_value": ["canary", ""]}):
        page = browser.submit(form, "Create", name="new-one", integration="openai", **typed)
        assert (page.status, "Enter both the key and the value of a secret." in page.text) == (400, True)
    typed = {"secret_key": ["k", "k"], "secret_value": ["canary", "canary"]}
    page = browser.submit(form, "Create", name="new-one", integration="openai", **typed)
    assert (page.status, "Two rows have the same key." in page.text) == (400, True)


def test_a_change_that_would_delete_the_secret_asks_for_it(tmp_path: Path) -> None:
    world = World(tmp_path / "replaces.db", frozenset({BehaviorFlag.PUT_REPLACES}), seed={**SEED, **RESOURCES})
    browser = Browser(world).signed_in("ada")
    page = browser.get("/workspaces/acme/integrations/llm")
    assert "a change without them deletes them" in page.text
    refused = browser.submit(page, "Save", display_name="Changed")
    assert (refused.status, "Enter the secret again, or choose to save without one." in refused.text) == (400, True)
    assert "displayName" not in shown(world, "/integrations/connections/llm")["metadata"]
    for typed in (SECRET, {"without_secret": "yes"}):
        page = browser.submit(page, "Save", display_name="Changed", **typed)
        assert (page.status, "The changes were saved." in page.text) == (200, True)
    page = browser.get("/workspaces/acme/policies/eu")
    assert "The changes were saved." in browser.submit(page, "Save").text


def test_hostile_texts_are_escaped_and_survive(tmp_path: Path) -> None:
    config = {text: text for text in HOSTILE}
    connection = {
        "name": "odd",
        "workspace": "acme",
        "labels": config,
        "spec": {"integration": "<b>", "config": config},
    }
    world = World(tmp_path / "odd.db", seed={**SEED, "integrationConnections": [connection]})
    browser = Browser(world).signed_in("ada")
    before = shown(world, "/integrations/connections/odd")
    page = browser.submit(browser.get("/workspaces/acme/integrations/odd"), "Save")
    assert page.status == 200
    assert not [tag for tag, values in page.tags if tag in ("b", "script") or values.get("src") == "x"]
    after = shown(world, "/integrations/connections/odd")
    assert (after["spec"], after["metadata"]["labels"]) == (before["spec"], before["metadata"]["labels"])


def test_an_unknown_page_or_object_is_missing(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    for url in ("policies/nope", "policies/nope/delete", "nothing", "new/nothing", "policies/eu/x"):
        assert browser.get(f"/workspaces/acme/{url}").status == 404
    assert browser.get("/workspaces/acme/new/policies?type=%3Cb%3E").status == 200
    page = browser.get("/workspaces/acme/environments/production")
    assert "cannot be deleted" in page.text


def test_a_policy_says_what_uses_it(world: World) -> None:
    assert "Used by" not in Browser(world).signed_in("vic").get("/workspaces/acme/policies/cap").text
    for path in ("/models", "/agents"):
        body = {"metadata": {"name": "gpt"}, "spec": {"policies": ["cap"]}}
        assert world.call("ada", "POST", path, body).status_code == 200
    page = Browser(world).signed_in("vic").get("/workspaces/acme/policies/cap")
    assert {"agents/gpt", "models/gpt"} <= set(page.texts("bdi"))
