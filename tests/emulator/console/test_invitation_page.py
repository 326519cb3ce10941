"""The page of an invitation link: view, sign up, accept, decline, and every reason why a link can be invalid."""

from pathlib import Path

import pytest

from beamctl.emulator.control_plane import as_person
from tests.emulator.console.browsing import Browser, Page
from tests.emulator.console.emails import link_in_last_email
from tests.emulator.world import World


def invited(world: World, mail: Path, email: str, role: str = "member") -> str:
    assert world.call("ada", "POST", "/users", {"email": email, "role": role}).status_code == 200
    return link_in_last_email(mail)


def test_the_page_shows_workspace_inviter_role_and_expiry(mailing: World, mail: Path) -> None:
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


def test_viewing_does_not_accept(mailing: World, mail: Path) -> None:
    link = invited(mailing, mail, "zoe@example.com")
    for url in (link, f"{link}/accept", f"{link}/decline"):
        Browser(mailing).get(url)
    assert not mailing.users()["zoe@example.com"]["accepted"]


def test_a_new_user_signs_up_and_becomes_a_member(mailing: World, mail: Path) -> None:
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


def test_a_user_with_an_account_accepts_and_then_signs_in(mailing: World, mail: Path) -> None:
    browser = Browser(mailing)
    page = browser.get(invited(mailing, mail, "SAM@example.com", "admin"))
    assert page.offers() == {"Accept the invitation", "Decline"}
    assert "Accepting does not sign you in" in page.text
    page = browser.submit(page, "Accept the invitation")
    assert (page.heading, "The invitation is accepted." in page.text) == ("Sign in", True)
    assert mailing.roles()["sam@example.com"] == "admin"
    page = browser.submit(page, "Sign in", key="bl_sam")
    assert (page.url, page.heading) == ("/workspaces/acme/team", "Team")


def test_the_link_does_not_sign_in_to_an_account(mailing: World, mail: Path) -> None:
    """Alan is an admin of another workspace, and a link in an e-mail is valid for days."""
    mailing.call("ada", "DELETE", "/users/alan@example.com")
    thief = Browser(mailing)
    thief.submit(thief.get(invited(mailing, mail, "alan@example.com")), "Accept the invitation")
    assert mailing.roles()["alan@example.com"] == "member"
    assert thief.client.get_cookie("beamctl_emulator_session") is None
    for url in ("/profile", "/workspaces/other/team", "/workspaces/acme/team"):
        assert thief.get(url).heading == "Sign in"


def test_a_signed_in_user_continues_to_the_workspace(mailing: World, mail: Path) -> None:
    browser = Browser(mailing).signed_in("sam")
    page = browser.get(invited(mailing, mail, "sam@example.com"))
    assert "sign" not in page.text.replace("Sign out", "")
    page = browser.submit(page, "Accept the invitation")
    assert (page.url, "are now a member" in page.text) == ("/workspaces/acme/team?done=accepted", True)


def test_a_user_signed_in_with_another_address_is_told_and_stays_signed_in(mailing: World, mail: Path) -> None:
    browser = Browser(mailing).signed_in("max")
    page = browser.get(invited(mailing, mail, "sam@example.com"))
    assert "You are signed in as max@example.com. Accepting makes sam@example.com a member" in page.text
    page = browser.submit(page, "Accept the invitation")
    assert page.heading == "Sign in"
    assert mailing.roles()["sam@example.com"] == mailing.roles()["max@example.com"] == "member"
    assert "max@example.com" in browser.get("/profile").text


def test_signing_up_replaces_another_session_and_says_so(mailing: World, mail: Path) -> None:
    browser = Browser(mailing).signed_in("max")
    page = browser.get(invited(mailing, mail, "zoe@example.com"))
    assert "Accepting signs you in as zoe@example.com instead." in page.text
    browser.submit(page, "Sign up and accept", given_name="Zoe")
    assert "zoe@example.com" in browser.get("/profile").text


def test_an_account_created_meanwhile_is_not_signed_in_to(mailing: World, mail: Path) -> None:
    browser = Browser(mailing)
    page = browser.get(invited(mailing, mail, "zoe@example.com"))
    as_person(mailing.app, "zoe@example.com")
    assert browser.submit(page, "Sign up and accept", given_name="Eve").heading == "Sign in"


@pytest.mark.parametrize("email", ["zoe@example.com", "sam@example.com"])
def test_declining_neither_needs_nor_creates_an_account(mailing: World, mail: Path, email: str) -> None:
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
    """The page of an invalid link, which must be the same for every action."""
    before = browser.world.users().keys()
    page = browser.get(link)
    key = dict(Browser.get(browser, "/sign-in").form("Sign in").fields)["form_key"]
    for what in ("accept", "decline"):
        answer = browser.client.post(f"{link}/{what}", data={"form_key": key, "given_name": "Eve"})
        assert answer.status_code == page.status
        assert page.heading in answer.text
    assert browser.world.users().keys() == before
    return page


def test_an_expired_link_is_invalid(mailing: World, mail: Path) -> None:
    link = invited(mailing, mail, "zoe@example.com")
    mailing.clock.forward(days=7)
    page = ended(Browser(mailing), link)
    assert (page.status, page.heading) == (410, "This invitation has expired")
    assert "Ask an admin of the workspace to invite you again" in page.text
    assert "ada@example.com" in page.text


def test_a_revoked_link_is_invalid(mailing: World, mail: Path) -> None:
    link = invited(mailing, mail, "zoe@example.com")
    mailing.call("ada", "DELETE", "/users/zoe@example.com")
    page = ended(Browser(mailing), link)
    assert (page.status, page.heading) == (410, "This invitation is no longer open")
    newer = invited(mailing, mail, "zoe@example.com")
    assert Browser(mailing).get(newer).heading == "You are invited to Acme"
    assert Browser(mailing).get(link).status == 410


def test_a_used_link_is_invalid(mailing: World, mail: Path) -> None:
    link = invited(mailing, mail, "zoe@example.com")
    first = Browser(mailing)
    first.submit(first.get(link), "Sign up and accept", given_name="Zoe")
    page = ended(Browser(mailing), link)
    assert (page.status, page.heading) == (410, "You have already accepted this invitation")
    assert page.links["Open acme"] == "/workspaces/acme/team"
    mailing.call("ada", "DELETE", "/users/zoe@example.com")
    assert Browser(mailing).get(link).heading == "This invitation is no longer open"


def test_a_link_to_a_deleted_workspace_is_invalid(mailing: World, mail: Path) -> None:
    link = invited(mailing, mail, "zoe@example.com")
    mailing.call("ada", "DELETE", "/workspaces/acme")
    assert Browser(mailing).get(link).heading == "This invitation is no longer open"


def test_a_truncated_link_shows_nothing_of_the_invitation(mailing: World, mail: Path) -> None:
    link = invited(mailing, mail, "zoe@example.com")
    other = invited(mailing, mail, "kim@example.com")
    mixed = f"{link.rpartition('/')[0]}/{other.rpartition('/')[2]}"
    for wrong in (link[:-1], f"{link}x", f"{link[:-3]}%C3%A9", mixed, "/invitation/x/y"):
        page = ended(Browser(mailing), wrong)
        assert (page.status, page.heading) == (403, "This link is incomplete")
        assert "zoe" not in page.text
        assert "Acme" not in page.text


def test_a_changed_role_of_an_invitation_is_used(mailing: World, mail: Path) -> None:
    browser = Browser(mailing)
    page = browser.get(invited(mailing, mail, "sam@example.com", "admin"))
    mailing.call("ada", "PUT", "/users/sam@example.com", {"role": "viewer"})
    browser.submit(page, "Accept the invitation")
    assert mailing.roles()["sam@example.com"] == "viewer"
