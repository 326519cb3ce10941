"""Rules for every page: no foreign host, no foreign form, no script, no caching, and no change by viewing."""

import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from beamctl.emulator.console import console
from tests.emulator.console.browsing import Browser
from tests.emulator.world import World

VALUES = {
    "name": "acme",
    "client_id": "cid",
    "key_id": "ak_1",
    "shown_token": "a.b.c",
    "invitation_id": "i",
    "key": "k",
    "section": "policies",
    "resource_name": "eu",
}


def addresses(method: str) -> Iterator[str]:
    for rule in console().url_map.iter_rules():
        if method in (rule.methods or ()):
            yield re.sub(r"<(?:any\([a-z,]+\):)?([a-z_]+)>", lambda found: VALUES[found[1]], rule.rule)


def everything_in(db: Path) -> list[str]:
    connection = sqlite3.connect(db)
    dump = list(connection.iterdump())
    connection.close()
    return dump


def test_a_form_without_a_valid_token_changes_nothing(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    foreign = Browser(world).signed_in("ada").get("/profile")
    key = dict(foreign.form("Sign out").fields)["form_key"]
    before = everything_in(world.db)
    posts = list(addresses("POST"))
    assert len(posts) >= 20
    fields = {
        "email": "eve@example.com",
        "role": "admin",
        "typed": "acme",
        "name": "eve",
        "key": "bl_alan",
        "given_name": "E",
    }
    for url in posts:
        for shown in ({}, {"form_key": ""}, {"form_key": key}, {"form_key": "é"}):
            answer = browser.client.post(url, data={**fields, **shown})
            assert (answer.status_code, "This form has expired" in answer.text) == (403, True), url
    assert everything_in(world.db) == before
    assert "ada@example.com" in browser.get("/profile").text


def test_a_form_sent_by_another_site_changes_nothing(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    fields = dict(browser.get("/workspaces/acme/delete").form("Delete the workspace").fields)
    for site in ("cross-site", "same-site"):
        answer = browser.client.post(
            "/workspaces/acme/delete", data={**fields, "typed": "acme"}, headers={"Sec-Fetch-Site": site}
        )
        assert answer.status_code == 403
    assert world.call("ada", "GET", "/workspaces/acme").status_code == 200


def test_a_form_of_an_earlier_session_is_refused(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    page = browser.get("/workspaces/acme/team")
    browser.submit(page, "Sign out")
    browser.signed_in("alan")
    page = browser.submit(page, "Invite", email="eve@example.com")
    assert (page.status, page.heading) == (403, "Not allowed")


def test_viewing_changes_nothing(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    before = everything_in(world.db)
    for url in addresses("GET"):
        for method in ("GET", "HEAD"):
            assert browser.client.open(url, method=method).status_code < 500
    assert everything_in(world.db) == before


def test_every_response_has_security_headers(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    for url in [*addresses("GET"), "/nope", "/style.css"]:
        headers = browser.client.get(url).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy, "only pages with a secret have one"
        assert "unsafe" not in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_pages_of_a_workspace_require_signing_in(world: World) -> None:
    for url in addresses("GET"):
        page = Browser(world).client.get(url, headers={"Accept": "text/html"})
        assert "Acme" not in page.text
        assert "@example.com" not in page.text
        if url.startswith(("/workspaces", "/new-workspace", "/profile", "/device")):
            assert (page.status_code, page.headers["Location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "emulator", ""]
)
def test_an_unknown_host_name_is_refused(world: World, host: str) -> None:
    for path in ("/sign-in", "/profile", "/style.css", "/nope"):
        answer = Browser(world).client.get(path, headers={"Host": host} if host else {"Host": "x y"})
        assert answer.status_code in (400, 421)
        assert "form" not in answer.text
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:80", "192.168.1.5", "beam.example.com"]
)
def test_its_own_host_names_are_served(tmp_path: Path, host: str) -> None:
    world = World(tmp_path / "plane.db", public_url="http://beam.example.com")
    assert Browser(world).client.get("/sign-in", headers={"Host": host}).status_code == 200


def test_templates_escape_everything() -> None:
    folder = files("beamctl.emulator.console") / "templates"
    for template in folder.iterdir():
        text = template.read_text()
        assert "safe" not in re.findall(r"\|\s*(\w+)", text)
        assert "autoescape" not in text
        bare = text.replace('<script src="/copy.js" defer></script>', "")
        assert not re.search(r"style=|<script|http[s]?:", bare), template.name


def test_unknown_paths_and_large_forms_are_errors(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    page = browser.get("/nope")
    assert (page.status, page.heading) == (404, "Not found")
    page = browser.get("/workspaces/acme/team/invite")
    assert (page.status, page.heading) == (405, "Not found")
    fields = dict(browser.get("/new-workspace").form("Create the workspace").fields)
    answer = browser.client.post("/new-workspace", data={**fields, "name": "x" * 300_000})
    assert answer.status_code == 413
    assert browser.client.get("/style.css").content_type == "text/css; charset=utf-8"
    assert browser.client.get("/icon.svg").content_type == "image/svg+xml"


def test_an_internal_error_does_not_show_the_request(world: World, caplog: pytest.LogCaptureFixture) -> None:
    browser = Browser(world).signed_in("ada")
    connection = sqlite3.connect(world.db)
    connection.execute("UPDATE workspace SET group_mappings = '[1]'")
    connection.commit()
    connection.close()
    page = browser.get("/workspaces/acme/settings?done=canary")
    assert (page.status, page.heading) == (500, "Something went wrong")
    assert "canary" not in caplog.text
    assert "/workspaces/<name>/settings" in caplog.text
