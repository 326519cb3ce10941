"""Complete tasks in a real browser: accept, decline, sign up, change a role, delete a workspace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import call, press, sign_in, tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Served

pytestmark = pytest.mark.browser


def team(served: Served) -> dict[str, Any]:
    return {user["email"]: user for user in call(served, "GET", "/users")}


def test_a_new_user_is_invited_in_the_console_and_signs_up(page: Page, served: Served) -> None:
    sign_in(page, "ada")
    page.get_by_role("link", name="Acme", exact=True).click()
    page.get_by_label("E-mail address", exact=True).fill("zoe@example.com")
    page.get_by_label("Role", exact=True).select_option("viewer")
    page.get_by_role("button", name="Invite").click()
    page.get_by_text("is invited as viewer. An e-mail with a link was sent to").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out.").wait_for()

    page.goto(served.link_in_last_email())
    page.get_by_label("Given name", exact=True).fill("Zoë")
    page.get_by_label("Family name (optional)", exact=True).fill("Quinn")
    page.get_by_role("button", name="Sign up and accept").click()
    page.get_by_text("are now a member").wait_for()
    assert page.get_by_role("navigation", name="You").get_by_text("zoe@example.com").is_visible()
    zoe = team(served)["zoe@example.com"]
    assert (zoe["accepted"], zoe["role"], zoe["given_name"]) == (True, "viewer", "Zoë")


def test_an_invitation_link_accepts(page: Page, served: Served) -> None:
    call(served, "DELETE", "/users/sam@example.com")
    call(served, "POST", "/users", {"email": "sam@example.com", "role": "member"})
    page.goto(served.link_in_last_email())
    assert not team(served)["sam@example.com"]["accepted"]
    page.get_by_role("button", name="Accept the invitation").click()
    page.get_by_text("The invitation is accepted.").wait_for()
    assert team(served)["sam@example.com"]["accepted"]
    assert page.get_by_role("button", name="Sign out").count() == 0  # the link does not sign in to the account
    page.get_by_label("API key", exact=True).fill("bl_sam")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Team", exact=True).wait_for()
    page.goto(served.link_in_last_email())
    page.get_by_role("heading", name="You have already accepted this invitation").wait_for()


def test_an_invitation_link_declines(page: Page, served: Served) -> None:
    call(served, "POST", "/users", {"email": "zoe@example.com", "role": "admin"})
    page.goto(served.link_in_last_email())
    page.get_by_role("button", name="Decline").click()
    page.get_by_role("heading", name="You declined the invitation").wait_for()
    assert "zoe@example.com" not in team(served)


def test_a_user_signs_in_with_an_email(page: Page, served: Served) -> None:
    page.goto("/workspaces/acme/settings")
    page.get_by_label("E-mail address", exact=True).fill("max@example.com")
    page.get_by_role("button", name="Send me a link").click()
    page.get_by_text("A sign-in link was sent").wait_for()
    page.goto(served.link_in_last_email())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Your workspaces").wait_for()


def test_a_workspace_is_deleted_only_by_its_name(page: Page, served: Served) -> None:
    sign_in(page, "ada")
    page.goto("/workspaces/acme/settings")
    page.get_by_role("link", name="Delete this workspace").click()
    page.get_by_label("Type the name of the workspace", exact=True).fill("ACME")
    page.get_by_role("button", name="Delete the workspace").click()
    problem = page.get_by_role("alert")
    problem.wait_for()
    assert problem.evaluate("element => element === document.activeElement")
    problem.get_by_role("link").click()
    assert page.get_by_label("Type the name of the workspace", exact=True).evaluate(
        "element => element === document.activeElement"
    )
    page.get_by_label("Type the name of the workspace", exact=True).fill("acme")
    page.get_by_role("button", name="Delete the workspace").click()
    page.get_by_text("The workspace and everything in it were deleted").wait_for()
    assert [one["name"] for one in call(served, "GET", "/workspaces")] == ["empty"]


def test_a_device_login_is_approved(page: Page, served: Served) -> None:
    begun = call(served, "POST", "/login/device", {"client_id": "blaxel", "scope": "offline_access"})
    page.goto(begun["verification_uri_complete"])
    page.get_by_label("API key", exact=True).fill("bl_max")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("heading", name="Approved").wait_for()
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "blaxel"}
    assert call(served, "POST", "/oauth/token", {**grant, "device_code": begun["device_code"]})["access_token"]


def test_a_role_changed_in_the_console_is_drift(page: Page, served: Served, tmp_path: Path) -> None:
    """A change made in the console is found by `beamctl drift`."""
    document = tmp_path / "access.yaml"
    document.write_text(
        "version: 1\nworkspace: acme\nmembers:\n  ada@example.com: admin\n  alan@example.com: admin\n"
        "  max@example.com: member\n  sam@example.com: viewer\n  late@example.com: admin\n"
    )
    call(served, "DELETE", "/users/late@example.com")
    call(served, "POST", "/users", {"email": "late@example.com", "role": "admin"})

    def drift() -> tuple[int, str]:
        command = [sys.executable, "-m", "beamctl", "drift", "-f", str(document), "--api-url", f"{served.url}/v0"]
        env = {**os.environ, "BL_API_KEY": "bl_alan", "HOME": str(tmp_path)}
        ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        return ran.returncode, ran.stdout + ran.stderr

    assert drift()[0] == 0
    sign_in(page, "ada")
    page.goto("/workspaces/acme/team")
    page.get_by_role("link", name="Manage alan@example.com").click()
    page.get_by_label("Role", exact=True).select_option("member")
    page.get_by_role("button", name="Save the role").click()
    page.get_by_text("The role was changed.").wait_for()
    code, said = drift()
    assert code == 2, said
    assert "alan@example.com" in said


def test_a_secret_is_copied_with_the_keyboard(page: Page, served: Served) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, "ada")
    page.goto("/workspaces/acme/service-accounts/cid")
    page.get_by_label("Name of a new key", exact=True).fill("laptop")
    page.get_by_role("button", name="Create the key").click()
    button = page.get_by_role("button", name="Copy the key")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Copied.").wait_for()
    key = page.evaluate("navigator.clipboard.readText()")
    assert call(served, "GET", "/users", key=key)


DELETIONS = {
    "a member": ("/acme/team/person?email=max@example.com", "Remove from the workspace", "The member was removed."),
    "an invitation": (
        "/acme/team/person?email=sam@example.com",
        "Revoke the invitation",
        "The invitation was revoked.",
    ),
    "a key": ("/acme/service-accounts/nid", "Delete the API key", "The API key was deleted."),
    "an account": ("/acme/service-accounts/cid", "Delete the service account", "The service account was deleted."),
}


@pytest.mark.parametrize(("url", "button", "done"), DELETIONS.values(), ids=DELETIONS)
def test_deleting_asks_first(page: Page, served: Served, url: str, button: str, done: str) -> None:
    def state() -> list[Any]:
        return [call(served, "GET", path) for path in ("/users", "/service_accounts", "/service_accounts/nid/api_keys")]

    page.set_viewport_size({"width": 400, "height": 800})
    sign_in(page, "ada")
    page.goto(f"/workspaces{url}")
    before = state()
    ask = page.get_by_role("link", name="Delete the key current" if "API key" in button else f"{button}…")
    ask.press("Enter")
    page.get_by_role("link", name="Cancel").press("Enter")
    page.wait_for_url(f"**{url}")
    assert state() == before
    ask.press("Enter")
    page.get_by_role("button", name=button).press("Enter")
    page.get_by_text(done).wait_for()
    after = state()
    assert [len(old) - len(new) for old, new in zip(before, after, strict=True)].count(1) >= 1


OBJECTS: dict[str, tuple[str, dict[str, str], str, str]] = {
    "policy": ("Create a token policy", {"Total tokens (optional)": "5"}, "policies", "Total tokens: 5, in each day"),
    "integration connection": ("Create an integration connection", {"Integration": "openai"}, "integrations", "openai"),
    "environment": ("Create an environment", {}, "environments", "none"),
}


@pytest.mark.parametrize(("noun", "content"), OBJECTS.items(), ids=OBJECTS)
def test_objects_are_managed_with_the_keyboard_on_a_phone(
    page: Page, noun: str, content: tuple[str, dict[str, str], str, str]
) -> None:
    create, typed, section, shown = content
    page.set_viewport_size({"width": 400, "height": 800})
    sign_in(page, "ada")
    page.goto(f"/workspaces/acme/{section}")
    press(page, create)
    page.get_by_role("heading", level=1, name="New").wait_for()
    for label, text in {"Name": "new-one", **typed}.items():
        tab_to(page, label)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.get_by_text("It was created.").wait_for()
    assert shown in page.locator("dl.facts dd").all_inner_texts()
    tab_to(page, "Display name (optional)")
    page.keyboard.type("Changed")
    press(page, "Save")
    page.get_by_text("The changes were saved.").wait_for()
    press(page, section.capitalize())
    page.get_by_role("rowheader", name="new-one Changed").wait_for()
    press(page, "new-one")
    press(page, f"Delete the {noun}…")
    press(page, f"Delete the {noun}")
    page.get_by_text("It was deleted.").wait_for()
    assert page.get_by_role("rowheader", name="new-one").count() == 0


def test_the_console_can_be_used_with_a_keyboard(page: Page, served: Served) -> None:
    """Sign in, invite a user and sign out with only Tab, Enter and typing."""
    page.goto("/sign-in")
    tab_to(page, "Skip to the content", most=1)
    page.keyboard.press("Enter")
    tab_to(page, "API key")
    page.keyboard.type("bl_ada")
    page.keyboard.press("Enter")
    page.wait_for_url("**/profile")
    tab_to(page, "Acme")
    page.keyboard.press("Enter")
    page.wait_for_url("**/acme/team")
    tab_to(page, "E-mail address")
    page.keyboard.type("kim@example.com")
    tab_to(page, "Role", most=1)
    page.keyboard.type("adm")
    tab_to(page, "Invite", most=1)
    page.keyboard.press("Enter")
    page.get_by_text("is invited as admin. An e-mail with a link was sent to").wait_for()
    assert team(served)["kim@example.com"]["role"] == "admin"
    tab_to(page, "Sign out")
    page.keyboard.press("Enter")
    page.get_by_text("You are signed out.").wait_for()
