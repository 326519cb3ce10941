"""The page behind an invitation's link: look, sign up, accept, decline, and every way in which a link can end."""

from pathlib import Path

import pytest

from beamctl.emulator import as_person, open_mailer
from tests.emulator.console.browsing import Browser, Page
from tests.emulator.console.emails import link_in_last_email
from tests.emulator.world import World


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def mailing(tmp_path: Path, mail: Path) -> World:
    return World(tmp_path / "plane.db", mailer=open_mailer(mail))


def invited(world: World, mail: Path, email: str, role: str = "member") -> str:
    assert world.call("ada", "POST", "/users", {"email": email, "role": role}).status_code == 200
    return link_in_last_email(mail)


def test_it_says_to_what_by_whom_as_what_and_until_when(mailing: World, mail: Path) -> None:
    page = Browser(mailing).get(invited(mailing, mail, "zoe@example.com", "viewer"))
    assert page.heading == "You are invited to Acme"
    facts = dict(zip(page.texts("dt"), page.texts("dd"), strict=True))
    assert facts == {
        "Workspace": "acme",
        "Your role": "viewer",
        "Invited by": "Ada, ada@example.com",
        "For": "zoe@example.com",
        "Expires": "8 March 2026, 12:00 UTC",
    }


def test_looking_accepts_nothing(mailing: World, mail: Path) -> None:
    link = invited(mailing, mail, "zoe@example.com")
    for url in (link, f"{link}/accept", f"{link}/decline"):
        Browser(mailing).get(url)
    assert not mailing.users()["zoe@example.com"]["accepted"]


def test_somebody_new_signs_up_and_is_in(mailing: World, mail: Path) -> None:
    browser = Browser(mailing)
    page = browser.get(invited(mailing, mail, "zoe@example.com", "viewer"))
    page = browser.submit(page, "Sign up and accept")
    assert (page.status, "Enter your given name." in page.text) == (400, True)
    page = browser.submit(page, "Sign up and accept", given_name="Zoe", family_name="Quinn")
    assert (page.url, "are now a member" in page.text) == ("/workspaces/acme/team?done=accepted", True)
    zoe = mailing.users()["zoe@example.com"]
    assert (zoe["given_name"], zoe["family_name"], zoe["role"], zoe["source"]) == (
        "Zoe",
        "Quinn",
        "viewer",
        "invitation",
    )


def test_somebody_with_an_account_just_accepts_and_then_signs_in(mailing: World, mail: Path) -> None:
    browser = Browser(mailing)
    page = browser.get(invited(mailing, mail, "SAM@example.com", "admin"))
    assert page.offers() == {"Accept the invitation", "Decline"}
    assert "Accepting does not sign you in" in page.text
    page = browser.submit(page, "Accept the invitation")
    assert (page.heading, "The invitation is accepted." in page.text) == ("Sign in", True)
    assert mailing.roles()["sam@example.com"] == "admin"
    page = browser.submit(page, "Sign in", key="bl_sam")
    assert (page.url, page.heading) == ("/workspaces/acme/team", "Team")


def test_whoever_holds_the_email_does_not_get_into_an_account(mailing: World, mail: Path) -> None:
    """Alan is an admin of another workspace, and a link in an e-mail works for days."""
    mailing.call("ada", "DELETE", "/users/alan@example.com")
    thief = Browser(mailing)
    thief.submit(thief.get(invited(mailing, mail, "alan@example.com")), "Accept the invitation")
    assert mailing.roles()["alan@example.com"] == "member"
    assert thief.client.get_cookie("beamctl_emulator_session") is None
    for url in ("/profile", "/workspaces/other/team", "/workspaces/acme/team"):
        assert thief.get(url).heading == "Sign in"


def test_whoever_is_signed_in_already_goes_on(mailing: World, mail: Path) -> None:
    browser = Browser(mailing).signed_in("sam")
    page = browser.get(invited(mailing, mail, "sam@example.com"))
    assert "sign" not in page.text.replace("Sign out", "")
    page = browser.submit(page, "Accept the invitation")
    assert (page.url, "are now a member" in page.text) == ("/workspaces/acme/team?done=accepted", True)


def test_who_is_signed_in_as_somebody_else_is_told_and_stays_who_they_are(mailing: World, mail: Path) -> None:
    browser = Browser(mailing).signed_in("max")
    page = browser.get(invited(mailing, mail, "sam@example.com"))
    assert "You are signed in as max@example.com. Accepting makes sam@example.com a member" in page.text
    page = browser.submit(page, "Accept the invitation")
    assert page.heading == "Sign in"
    assert mailing.roles()["sam@example.com"] == mailing.roles()["max@example.com"] == "member"
    assert "max@example.com" in browser.get("/profile").text


def test_signing_up_takes_the_place_of_another_session_and_says_so(mailing: World, mail: Path) -> None:
    browser = Browser(mailing).signed_in("max")
    page = browser.get(invited(mailing, mail, "zoe@example.com"))
    assert "Accepting signs you in as zoe@example.com instead." in page.text
    browser.submit(page, "Sign up and accept", given_name="Zoe")
    assert "zoe@example.com" in browser.get("/profile").text


def test_an_account_that_was_opened_meanwhile_is_not_signed_in_to(mailing: World, mail: Path) -> None:
    browser = Browser(mailing)
    page = browser.get(invited(mailing, mail, "zoe@example.com"))
    as_person(mailing.app, "zoe@example.com")
    assert browser.submit(page, "Sign up and accept", given_name="Eve").heading == "Sign in"


@pytest.mark.parametrize("email", ["zoe@example.com", "sam@example.com"])
def test_declining_needs_no_account_and_makes_none(mailing: World, mail: Path, email: str) -> None:
    browser = Browser(mailing)
    link = invited(mailing, mail, email)
    page = browser.submit(browser.get(link), "Decline")
    assert page.heading == "You declined the invitation"
    assert email not in mailing.users()
    assert browser.get("/profile").heading == "Sign in"
    assert browser.get(link).heading == "This invitation is no longer open"
    again = Browser(mailing).get(invited(mailing, mail, email))
    assert ("Sign up and accept" in again.offers()) == (email == "zoe@example.com")


def ended(browser: Browser, link: str) -> Page:
    """The page of a link that has ended, which must be the same for all that one can do with it."""
    before = browser.world.users().keys()
    page = browser.get(link)
    key = dict(Browser.get(browser, "/sign-in").form("Sign in").fields)["form_key"]
    for what in ("accept", "decline"):
        answer = browser.client.post(f"{link}/{what}", data={"form_key": key, "given_name": "Eve"})
        assert answer.status_code == page.status
        assert page.heading in answer.text
    assert browser.world.users().keys() == before
    return page


def test_a_link_that_has_expired(mailing: World, mail: Path) -> None:
    link = invited(mailing, mail, "zoe@example.com")
    mailing.clock.forward(days=7)
    page = ended(Browser(mailing), link)
    assert (page.status, page.heading) == (410, "This invitation has expired")
    assert "Ask an admin of the workspace to invite you again" in page.text
    assert "ada@example.com" in page.text


def test_a_link_that_was_taken_back(mailing: World, mail: Path) -> None:
    link = invited(mailing, mail, "zoe@example.com")
    mailing.call("ada", "DELETE", "/users/zoe@example.com")
    page = ended(Browser(mailing), link)
    assert (page.status, page.heading) == (410, "This invitation is no longer open")
    newer = invited(mailing, mail, "zoe@example.com")
    assert Browser(mailing).get(newer).heading == "You are invited to Acme"
    assert Browser(mailing).get(link).status == 410


def test_a_link_that_was_used(mailing: World, mail: Path) -> None:
    link = invited(mailing, mail, "zoe@example.com")
    first = Browser(mailing)
    first.submit(first.get(link), "Sign up and accept", given_name="Zoe")
    page = ended(Browser(mailing), link)
    assert (page.status, page.heading) == (410, "You have already accepted this invitation")
    assert page.links["Open acme"] == "/workspaces/acme/team"
    mailing.call("ada", "DELETE", "/users/zoe@example.com")
    assert Browser(mailing).get(link).heading == "This invitation is no longer open"


def test_a_link_whose_workspace_is_gone(mailing: World, mail: Path) -> None:
    link = invited(mailing, mail, "zoe@example.com")
    mailing.call("ada", "DELETE", "/workspaces/acme")
    assert Browser(mailing).get(link).heading == "This invitation is no longer open"


def test_a_link_that_is_not_whole_shows_nothing_of_the_invitation(mailing: World, mail: Path) -> None:
    link = invited(mailing, mail, "zoe@example.com")
    other = invited(mailing, mail, "kim@example.com")
    mixed = f"{link.rpartition('/')[0]}/{other.rpartition('/')[2]}"
    for wrong in (link[:-1], f"{link}x", f"{link[:-3]}%C3%A9", mixed, "/invitation/x/y"):
        page = ended(Browser(mailing), wrong)
        assert (page.status, page.heading) == (403, "This link is incomplete")
        assert "zoe" not in page.text
        assert "Acme" not in page.text


def test_a_changed_role_is_the_one_that_counts(mailing: World, mail: Path) -> None:
    browser = Browser(mailing)
    page = browser.get(invited(mailing, mail, "sam@example.com", "admin"))
    mailing.call("ada", "PUT", "/users/sam@example.com", {"role": "viewer"})
    browser.submit(page, "Accept the invitation")
    assert mailing.roles()["sam@example.com"] == "viewer"
