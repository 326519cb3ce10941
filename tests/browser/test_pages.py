"""What the pages say and how they look, in a laptop's window and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from beamctl.emulator import received_emails
from tests.browser.conftest import call, press, serving, sign_in, tab_to, window
from tests.browser.test_accessibility import violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import Served

pytestmark = pytest.mark.browser

PHONE = {"width": 400, "height": 800}
LAPTOP = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def reading_as_member(chromium: Browser, shared: Served) -> Iterator[Page]:
    with window(chromium, shared) as shown:
        sign_in(shown, "max")
        yield shown


def resize(page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size({"width": size["width"], "height": size["height"]})


def row(page: Page, name: str) -> list[str]:
    """The texts of the cells of the row with this name."""
    header = page.get_by_role("rowheader").filter(has=page.get_by_text(name, exact=True))
    cells: list[str] = page.get_by_role("row").filter(has=header).get_by_role("cell").all_inner_texts()
    return cells


def test_addresses_are_quoted_as_typed(reading: Page) -> None:
    reading.goto("/workspaces/acme/team")
    reading.get_by_label("E-mail address", exact=True).fill("sam@example.com")
    reading.get_by_label("E-mail address", exact=True).press("Enter")
    problem = reading.get_by_role("alert")
    assert problem.get_by_role("link").inner_text() == "sam@example.com already has a pending invitation."
    reading.goto("/workspaces/acme/team?q=MAX@Example.com")
    assert reading.get_by_role("status").inner_text() == "1 found for “MAX@Example.com”."


def test_the_standing_of_members_and_invitees(reading: Page) -> None:
    resize(reading, PHONE)
    reading.goto("/workspaces/acme/team")
    standings = {name: row(reading, f"{name}@example.com")[:2] for name in ("alan", "max", "sam", "late")}
    assert standings == {
        "alan": ["admin", "Accepted"],
        "max": ["member", "Accepted"],
        "sam": ["viewer", "Invitation pending"],
        "late": ["admin", "Invitation expired"],
    }
    reading.goto("/workspaces/acme/team/person?email=max@example.com")
    assert reading.locator("dl.facts").inner_text().split("\n")[2:4] == ["Standing", "Accepted"]


def test_the_page_says_who_was_invited_and_where_the_letter_went(page: Page, served: Served) -> None:
    resize(page, PHONE)
    sign_in(page, "ada")
    page.goto("/workspaces/acme/team")
    page.get_by_label("E-mail address", exact=True).press_sequentially("zoe@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type("vie")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.get_by_role("status").first.inner_text() == (
        "zoe@example.com is invited as viewer. An e-mail with a link was sent to zoe@example.com. They have no access "
        "until they accept."
    )
    assert received_emails(served.mail)[-1].to == "zoe@example.com"
    assert row(page, "zoe@example.com")[:2] == ["viewer", "Invitation pending"]


def test_keys_say_when_they_end(reading: Page) -> None:
    for size in (LAPTOP, PHONE):
        resize(reading, size)
        reading.goto("/workspaces/acme/service-accounts/nid")
        assert row(reading, "current")[0] == "Until 30 December 2026"
        assert row(reading, "ended")[0] == "Ended 31 January 2026"
        assert reading.locator(".badge.late").all_inner_texts() == ["Ended 31 January 2026"]


def test_the_profile_shows_names_roles_and_that_there_are_no_invitations(reading: Page) -> None:
    resize(reading, PHONE)
    reading.goto("/profile")
    assert reading.get_by_text("You are Ada, ada@example.com.").is_visible()
    assert reading.locator(".cards .soft").all_inner_texts() == ["acme · admin · eu", "empty · admin"]
    invitations = reading.get_by_role("region", name="Invitations", exact=True)
    assert invitations.locator("p").all_inner_texts() == [
        "None. An invitation that has expired is not shown; an admin can send a new one."
    ]


def test_an_expired_invitation_says_so(chromium: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, "--control") as served, window(chromium, served) as page:
        resize(page, PHONE)
        call(served, "POST", "/users", {"email": "zoe@example.com"})
        page.goto(served.link_in_last_email())
        page.get_by_role("heading", name="You are invited to Acme").wait_for()
        call(served, "PUT", "/control/clock", {"forward": "8d"}, base="")
        page.get_by_role("button", name="Sign up and accept").wait_for()
        page.reload()
        page.get_by_role("heading", name="This invitation has expired").wait_for()
        assert page.locator("dl.facts").inner_text().split("\n")[-4:-2] == ["Expired", "7 December 2026, 12:00 UTC"]
        assert page.get_by_role("button").count() == 0
        sign_in(page, "ada")
        page.goto("/workspaces/acme/team/person?email=zoe@example.com")
        assert page.get_by_text("Invitation expired", exact=True).is_visible()
        page.get_by_role("button", name="Send a new invitation").press("Enter")
        page.get_by_text("is invited as member. An e-mail").wait_for()
        page.goto(served.link_in_last_email())
        page.get_by_role("heading", name="You are invited to Acme").wait_for()


def test_settings_are_short_on_a_phone(reading: Page) -> None:
    resize(reading, PHONE)
    reading.goto("/workspaces/acme/settings")
    assert reading.evaluate("document.documentElement.scrollHeight") < 1.4 * PHONE["height"]
    assert not reading.get_by_label("Key", exact=True).first.is_visible()
    for summary in ("Labels 1", "Directory groups none"):
        tab_to(reading, summary)
        reading.keyboard.press("Enter")
    assert violations(reading) == ""
    resize(reading, PHONE)
    for first, second in (("label_key_1", "label_value_1"), ("group_name_2", "group_role_2")):
        boxes: list[Any] = [reading.locator(f"#{name}").bounding_box() for name in (first, second)]
        assert boxes[0]["y"] == boxes[1]["y"]
        assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]


def test_a_group_of_settings_with_an_error_is_open(page: Page) -> None:
    resize(page, PHONE)
    sign_in(page, "ada")
    page.goto("/workspaces/acme/settings")
    tab_to(page, "Labels 1")
    page.keyboard.press("Enter")
    tab_to(page, "Key", most=3)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("env")
    press(page, "Save the labels")
    problem = page.get_by_role("alert").get_by_role("link")
    assert problem.inner_text() == "Two labels have the same key. Keep one of them."
    problem.press("Enter")
    assert page.locator("#label_key_1").is_visible()
    assert not page.locator("#group_name_1").is_visible()


def test_signing_in_uses_the_width_and_commands_are_code(page: Page) -> None:
    page.goto("/sign-in")
    cards: dict[str, list[Any]] = {}
    for name, size in (("laptop", LAPTOP), ("phone", PHONE)):
        resize(page, size)
        cards[name] = [card.bounding_box() for card in page.locator("section.card").all()]
    left, right = cards["laptop"]
    assert (left["y"], left["height"]) == (right["y"], right["height"])
    assert right["x"] + right["width"] - left["x"] > 900
    upper, lower = cards["phone"]
    assert upper["y"] + upper["height"] < lower["y"]
    page.get_by_label("E-mail address", exact=True).fill("max@example.com")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert page.locator(".notice code").all_inner_texts() == ["beamctl emulator mail"]


def test_the_secret_of_a_connection_can_have_lines_and_is_asked_for_again(chromium: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, "--quirk", "put-replaces") as served, window(chromium, served) as page:
        resize(page, PHONE)
        sign_in(page, "ada")
        page.goto("/workspaces/acme/integrations/shown")
        page.get_by_role("button", name="Save").press("Enter")
        problem = page.get_by_role("alert").get_by_role("link")
        assert problem.inner_text() == "Enter the secret again, or choose to save without one."
        assert violations(page) == ""
        problem.press("Enter")
        page.keyboard.type("pem")
        page.keyboard.press("Tab")
        height: Any = page.locator(":focus").bounding_box()
        page.keyboard.type("BEGIN\nEND\n")
        grown: Any = page.locator(":focus").bounding_box()
        assert grown["height"] > height["height"]
        page.get_by_role("button", name="Save").press("Enter")
        page.get_by_text("The changes were saved.").wait_for()
        page.get_by_label("Save without a secret; a stored one is deleted", exact=True).press("Space")
        page.get_by_role("button", name="Save").press("Enter")
        page.get_by_text("The changes were saved.").wait_for()


@pytest.mark.parametrize("section", ["policies", "integrations", "environments"])
def test_members_can_only_read(reading_as_member: Page, section: str) -> None:
    page = reading_as_member
    page.goto(f"/workspaces/acme/{section}")
    assert page.get_by_text("Only admins can create, change or delete them.").is_visible()
    main = page.get_by_role("main")
    assert main.locator("a.button, form").count() == 0
    links = [str(link.get_attribute("href")) for link in main.get_by_role("rowheader").get_by_role("link").all()]
    assert f"/workspaces/acme/{section}/shown" in links
    for link in links:
        page.goto(link)
        assert page.locator("dl.facts").is_visible()
        assert main.locator("a.button, form, input, button").count() == 0
    for forbidden in (f"/workspaces/acme/new/{section}", f"/workspaces/acme/{section}/shown/delete"):
        page.goto(forbidden)
        page.get_by_role("heading", name="Not allowed").wait_for()
