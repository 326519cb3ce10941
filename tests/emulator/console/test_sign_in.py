"""Signing in with a key or an e-mailed link, sessions, and signing out."""

from pathlib import Path

import pytest

from beamctl.emulator.mail.maildir import received_emails
from tests.emulator.console.browsing import Browser
from tests.emulator.console.emails import link_in_last_email
from tests.emulator.world import World


def test_a_user_signs_in_with_a_key_and_out(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    page = browser.get("/")
    assert (page.heading, "ada@example.com" in page.text) == ("Your workspaces", True)
    page = browser.submit(page, "Sign out")
    assert (page.url, "You are signed out." in page.text) == ("/sign-in?done=signed-out", True)
    assert browser.get("/profile").url.startswith("/sign-in")


@pytest.mark.parametrize("key", ["bl_nobody", "bl_ci", "", "bl_ad"])
def test_other_keys_are_refused(world: World, key: str) -> None:
    browser = Browser(world)
    page = browser.submit(browser.get("/sign-in"), "Sign in", key=key)
    assert (page.status, "No person has this API key." in page.text) == (403, True)
    assert key not in page.answer.text or not key
    assert browser.get("/profile").url.startswith("/sign-in")


def test_signing_in_returns_to_the_requested_page(world: World) -> None:
    browser = Browser(world)
    page = browser.get("/workspaces/acme/team?q=max")
    assert page.heading == "Sign in"
    page = browser.submit(page, "Sign in", key="bl_ada")
    assert page.url == "/workspaces/acme/team?q=max"


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/a\nb", "javascript:x"]
)
def test_signing_in_does_not_redirect_to_another_site(world: World, away: str) -> None:
    browser = Browser(world)
    page = browser.submit(browser.get("/sign-in"), "Sign in", key="bl_ada", next=away)
    assert page.url == "/profile"


def test_a_session_expires_after_a_working_day(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    world.clock.forward(hours=11.9)
    assert browser.get("/profile").status == 200
    world.clock.forward(hours=0.2)
    assert browser.get("/profile").heading == "Sign in"


def test_the_session_cookie_is_http_only_and_same_site(world: World) -> None:
    browser = Browser(world)
    page = browser.get("/sign-in")
    fields = {**dict(page.form("Sign in").fields), "key": "bl_ada"}
    answer = browser.client.post("/sign-in", data=fields)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "bl_ada" not in cookie


def test_behind_https_the_cookies_are_secure(tmp_path: Path) -> None:
    world = World(tmp_path / "plane.db", public_url="https://beam.example.com")
    answer = Browser(world).client.get("/sign-in", base_url="http://beam.example.com")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_sessions_and_api_tokens_are_not_interchangeable(world: World) -> None:
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


def test_an_emailed_link_signs_in(mailing: World, mail: Path) -> None:
    browser = Browser(mailing)
    page = browser.submit(browser.get("/sign-in"), "Send me a link", email="ADA@example.com")
    assert "A sign-in link was sent" in page.text
    link = link_in_last_email(mail)
    page = browser.get(link)
    assert (page.heading, page.offers()) == ("Sign in", {"Sign in"})
    assert browser.get("/profile").heading == "Sign in"  # opening the link does not sign in
    page = browser.submit(page, "Sign in")
    assert (page.url, "ada@example.com" in page.text) == ("/profile", True)


def test_a_new_user_signs_up_with_a_name(mailing: World, mail: Path) -> None:
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


def test_a_sign_in_link_expires_after_15_minutes(mailing: World, mail: Path) -> None:
    browser = Browser(mailing)
    browser.submit(browser.get("/sign-in"), "Send me a link", email="ada@example.com")
    page = browser.get(link_in_last_email(mail))
    mailing.clock.forward(minutes=15)
    page = browser.submit(page, "Sign in")
    assert (page.status, page.heading) == (410, "This link no longer works")
    assert browser.get("/profile").heading == "Sign in"


@pytest.mark.parametrize("address", ["", "no address", "a@b\nBcc: c@d.example"])
def test_an_invalid_address_gets_no_email(mailing: World, mail: Path, address: str) -> None:
    browser = Browser(mailing)
    page = browser.submit(browser.get("/sign-in"), "Send me a link", email=address)
    assert (page.status, "Enter an e-mail address" in page.text) == (400, True)
    assert not received_emails(mail)


def test_the_page_offers_no_email_without_a_mailer(world: World) -> None:
    assert Browser(world).get("/sign-in").offers() == {"Sign in"}


def test_invitations_of_a_seed_can_be_accepted_without_an_email(mailing: World, mail: Path) -> None:
    assert mailing.users()["new@example.com"]["accepted"] is False
    assert not received_emails(mail)
    browser = Browser(mailing)
    browser.submit(browser.get("/sign-in"), "Send me a link", email="new@example.com")
    browser.submit(browser.get(link_in_last_email(mail)), "Sign up", given_name="New")
    browser.submit(browser.get("/profile"), "Accept the invitation to Acme")
    assert mailing.roles()["new@example.com"] == "member"
