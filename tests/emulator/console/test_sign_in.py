"""Signing in with a key or an e-mailed link, staying signed in, and signing out."""

from pathlib import Path

import pytest

from beamctl.emulator import open_mailer, received_emails
from tests.emulator.console.browsing import Browser
from tests.emulator.console.emails import link_in_last_email
from tests.emulator.world import World


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def mailing(tmp_path: Path, mail: Path) -> World:
    return World(tmp_path / "plane.db", mailer=open_mailer(mail))


def test_a_person_signs_in_with_their_key_and_out_again(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    page = browser.get("/")
    assert (page.heading, "ada@example.com" in page.text) == ("Your workspaces", True)
    page = browser.submit(page, "Sign out")
    assert (page.url, "You are signed out." in page.text) == ("/sign-in?done=signed-out", True)
    assert browser.get("/profile").url.startswith("/sign-in")


@pytest.mark.parametrize("key", ["bl_nobody", "bl_ci", "", "bl_ad"])
def test_other_keys_let_nobody_in(world: World, key: str) -> None:
    browser = Browser(world)
    page = browser.submit(browser.get("/sign-in"), "Sign in", key=key)
    assert (page.status, "No person has this API key." in page.text) == (403, True)
    assert key not in page.answer.text or not key
    assert browser.get("/profile").url.startswith("/sign-in")


def test_whoever_had_to_sign_in_comes_back_to_the_page_they_wanted(world: World) -> None:
    browser = Browser(world)
    page = browser.get("/workspaces/acme/team?q=max")
    assert page.heading == "Sign in"
    page = browser.submit(page, "Sign in", key="bl_ada")
    assert page.url == "/workspaces/acme/team?q=max"


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/a\nb", "javascript:x"]
)
def test_nobody_is_led_away_by_signing_in(world: World, away: str) -> None:
    browser = Browser(world)
    page = browser.submit(browser.get("/sign-in"), "Sign in", key="bl_ada", next=away)
    assert page.url == "/profile"


def test_a_session_ends_after_a_working_day(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    world.clock.forward(hours=11.9)
    assert browser.get("/profile").status == 200
    world.clock.forward(hours=0.2)
    assert browser.get("/profile").heading == "Sign in"


def test_the_session_is_out_of_reach_of_scripts_and_of_other_sites(world: World) -> None:
    browser = Browser(world)
    page = browser.get("/sign-in")
    fields = {**dict(page.form("Sign in").fields), "key": "bl_ada"}
    answer = browser.client.post("/sign-in", data=fields)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "bl_ada" not in cookie


def test_behind_https_the_cookies_are_for_https_only(tmp_path: Path) -> None:
    world = World(tmp_path / "plane.db", public_url="https://beam.example.com")
    answer = Browser(world).client.get("/sign-in", base_url="http://beam.example.com")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_a_session_is_no_credential_of_the_api_and_a_token_is_no_session(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    session = browser.client.get_cookie("beamctl_emulator_session")
    assert session
    answer = browser.client.get("/v0/workspaces", headers={"Authorization": f"Bearer {session.value}"})
    assert answer.status_code == 401
    assert browser.client.get("/v0/workspaces").status_code == 401
    grant = {"grant_type": "client_credentials", "client_id": "cid", "client_secret": "S"}
    access = browser.client.post("/v0/oauth/token", json=grant).get_json()["access_token"]
    for wrong in (access, session.value[:-1], "", "a.b.c", "é"):
        other = Browser(world)
        other.client.set_cookie("beamctl_emulator_session", wrong)
        assert other.get("/profile").heading == "Sign in"


def test_an_email_lets_a_person_in(mailing: World, mail: Path) -> None:
    browser = Browser(mailing)
    page = browser.submit(browser.get("/sign-in"), "Send me a link", email="ADA@example.com")
    assert "A sign-in link was sent" in page.text
    link = link_in_last_email(mail)
    page = browser.get(link)
    assert (page.heading, page.offers()) == ("Sign in", {"Sign in"})
    assert browser.get("/profile").heading == "Sign in"  # looking at the link signs nobody in
    page = browser.submit(page, "Sign in")
    assert (page.url, "ada@example.com" in page.text) == ("/profile", True)


def test_somebody_new_signs_up_with_their_name(mailing: World, mail: Path) -> None:
    browser = Browser(mailing)
    browser.submit(browser.get("/sign-in"), "Send me a link", email="zoe@example.com")
    page = browser.get(link_in_last_email(mail))
    assert page.heading == "Sign up"
    page = browser.submit(page, "Sign up", given_name=" ")
    assert (page.status, "Enter your given name." in page.text) == (400, True)
    page = browser.submit(page, "Sign up", given_name="Zoë", family_name="x" * 64)
    assert (page.status, ("given_name", "Zoë") in page.form("Sign up").fields) == (400, True)
    page = browser.submit(page, "Sign up", given_name="Zoë", family_name="Quinn")
    assert "You are not a member of any workspace yet" in page.text
    mailing.call("ada", "POST", "/users", {"email": "zoe@example.com"})
    browser.submit(browser.get("/profile"), "Accept the invitation to Acme")
    assert (mailing.users()["zoe@example.com"]["given_name"], len(received_emails(mail))) == ("Zoë", 2)


def test_a_link_to_sign_in_ends_after_a_quarter_of_an_hour(mailing: World, mail: Path) -> None:
    browser = Browser(mailing)
    browser.submit(browser.get("/sign-in"), "Send me a link", email="ada@example.com")
    page = browser.get(link_in_last_email(mail))
    mailing.clock.forward(minutes=15)
    page = browser.submit(page, "Sign in")
    assert (page.status, page.heading) == (410, "This link no longer works")
    assert browser.get("/profile").heading == "Sign in"


@pytest.mark.parametrize("address", ["", "no address", "a@b\nBcc: c@d.example"])
def test_what_is_no_address_gets_no_email(mailing: World, mail: Path, address: str) -> None:
    browser = Browser(mailing)
    page = browser.submit(browser.get("/sign-in"), "Send me a link", email=address)
    assert (page.status, "Enter an e-mail address" in page.text) == (400, True)
    assert not received_emails(mail)


def test_where_no_emails_are_written_none_is_promised(world: World) -> None:
    assert Browser(world).get("/sign-in").offers() == {"Sign in"}


def test_whoever_a_seed_invites_gets_no_email_and_gets_in_all_the_same(mailing: World, mail: Path) -> None:
    assert mailing.users()["new@example.com"]["accepted"] is False
    assert not received_emails(mail)
    browser = Browser(mailing)
    browser.submit(browser.get("/sign-in"), "Send me a link", email="new@example.com")
    browser.submit(browser.get(link_in_last_email(mail)), "Sign up", given_name="New")
    browser.submit(browser.get("/profile"), "Accept the invitation to Acme")
    assert mailing.roles()["new@example.com"] == "member"
