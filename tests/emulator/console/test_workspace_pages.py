"""The pages of a workspace: what each role is offered, what is refused, and what each form does."""

from typing import Any

import pytest

from tests.emulator.console.browsing import Browser, Page
from tests.emulator.world import World

PAGES = {
    "/workspaces/acme/team": {"Invite"},
    "/workspaces/acme/team/person?email=max@example.com": {"Save the role"},
    "/workspaces/acme/team/person/remove?email=max@example.com": {"Remove from the workspace"},
    "/workspaces/acme/team/person?email=ivy@example.com": {"Save the role"},
    "/workspaces/acme/team/person/remove?email=ivy@example.com": {"Revoke the invitation"},
    "/workspaces/acme/team/person?email=late@example.com": {"Send a new invitation"},
    "/workspaces/acme/service-accounts": {"Create the service account"},
    "/workspaces/acme/service-accounts/cid": {
        "Create the key",
        "Save",
    },
    "/workspaces/acme/service-accounts/cid/delete": {"Delete the service account"},
    "/workspaces/acme/settings": {"Save the display name", "Save the labels", "Save the groups"},
    "/workspaces/acme/delete": {"Delete the workspace"},
}
"""The actions that an admin is offered on each page. Members and viewers see the pages without them, except
those that ask before something is deleted."""

CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("/workspaces/acme/team", "Invite", {"email": "eve@example.com"}),
    ("/workspaces/acme/team/person?email=max@example.com", "Save the role", {"role": "viewer"}),
    ("/workspaces/acme/team/person/remove?email=max@example.com", "Remove from the workspace", {}),
    ("/workspaces/acme/team/person/remove?email=ivy@example.com", "Revoke the invitation", {}),
    ("/workspaces/acme/team/person?email=late@example.com", "Send a new invitation", {}),
    ("/workspaces/acme/service-accounts", "Create the service account", {"name": "eve"}),
    ("/workspaces/acme/service-accounts/cid", "Create the key", {"key_name": "eve"}),
    ("/workspaces/acme/service-accounts/cid", "Save", {"name": "eve"}),
    ("/workspaces/acme/service-accounts/cid/delete", "Delete the service account", {}),
    ("/workspaces/acme/settings", "Save the display name", {"display_name": "Eve"}),
    ("/workspaces/acme/settings", "Save the labels", {"label_key": ["a", "b", ""], "label_value": ["1", "2", ""]}),
    ("/workspaces/acme/settings", "Save the groups", {"group_name": ["ops", ""], "group_role": ["admin", "member"]}),
    ("/workspaces/acme/delete", "Delete the workspace", {"typed": "acme"}),
]


def search(page: Page) -> set[str]:
    return page.offers() - {"Find"}


def state(world: World) -> list[Any]:
    paths = ("/users", "/service_accounts", "/service_accounts/cid/api_keys", "/workspaces/acme")
    return [world.call("alan", "GET", path).get_json() for path in paths]


@pytest.mark.parametrize("who", ["ada", "max", "vic"])
def test_only_permitted_actions_are_offered(world: World, who: str) -> None:
    browser = Browser(world).signed_in(who)
    for url, offered in PAGES.items():
        page = browser.get(url)
        if who == "ada":
            assert (page.status, search(page)) == (200, offered), url
        elif "/delete" in url or "/remove" in url:
            assert (page.status, page.heading) == (403, "Not allowed")
        else:
            assert (page.status, search(page)) == (200, set()), url
            assert "Manage" not in page.text
            assert "Danger zone" not in page.text


@pytest.mark.parametrize(("url", "button", "typed"), CHANGES, ids=[button for _, button, _ in CHANGES])
def test_a_change_without_permission_is_refused(world: World, url: str, button: str, typed: dict[str, Any]) -> None:
    page = Browser(world).signed_in("ada").get(url)
    before = state(world)
    for who, status in (("max", 403), ("vic", 403), ("sam", 403), ("ivy", 403)):
        other = Browser(world).signed_in(who)
        key = dict(other.get("/profile").form("Sign out").fields)["form_key"]
        refused = other.submit(page, button, **typed, form_key=key)
        assert (refused.status, refused.heading) == (status, "Not allowed"), who
    assert state(world) == before


@pytest.mark.parametrize(("url", "button", "typed"), CHANGES, ids=[button for _, button, _ in CHANGES])
def test_a_change_by_an_admin_is_made_and_confirmed(world: World, url: str, button: str, typed: dict[str, Any]) -> None:
    browser = Browser(world).signed_in("ada")
    before = state(world)
    page = browser.submit(browser.get(url), button, **typed)
    assert page.status == 200, page.text
    assert [values for tag, values in page.tags if values.get("role") == "status"], "the page confirms it"
    assert state(world) != before


@pytest.mark.parametrize("url", [*PAGES, "/profile/leave/acme"])
def test_a_user_who_is_not_a_member_sees_nothing(world: World, url: str) -> None:
    for who in ("sam", "ivy"):
        page = Browser(world).signed_in(who).get(url)
        assert (page.status, page.heading) == (403, "Not allowed")
        assert "Acme" not in page.text
    assert Browser(world).signed_in("ada").get(url.replace("acme", "nowhere")).status == 404


def test_an_invitation_has_the_chosen_role(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    page = browser.submit(browser.get("/workspaces/acme/team"), "Invite", email="zoe@example.com", role="viewer")
    assert page.texts("p").count(
        "zoe@example.com is invited as viewer. No e-mail was sent: the emulator runs without a mailbox. They have no "
        "access until they accept."
    )
    assert (page.texts("th")[-1], "1 found" in page.text) == ("zoe@example.com", True)
    assert world.users()["zoe@example.com"]["role"] == "viewer"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"email": "max@example.com"}, "max@example.com is already in the workspace."),
        ({"email": "ivy@example.com"}, "ivy@example.com already has a pending invitation."),
        ({"email": "ivy"}, "Enter an e-mail address, such as kim@example.com."),
        ({"email": "zoe@example.com", "role": "owner"}, "Choose one of the roles."),
    ],
)
def test_an_error_of_the_api_is_shown_next_to_the_form(world: World, typed: dict[str, str], said: str) -> None:
    browser = Browser(world).signed_in("ada")
    page = browser.submit(browser.get("/workspaces/acme/team"), "Invite", **typed)
    assert page.status in (400, 409)
    assert page.texts("p").count(f"Error: {said}") == 1
    assert ("email", typed["email"]) in page.form("Invite").fields


def test_the_last_admin_cannot_be_removed(world: World) -> None:
    browser = Browser(world).signed_in("alan")
    page = browser.get("/workspaces/other/team/person?email=alan@example.com")
    assert page.offers() == {"Save the role"}
    page = browser.submit(page, "Save the role", role="member")
    assert (page.status, "A workspace must keep an admin." in page.text) == (400, True)
    page = browser.submit(browser.get("/profile/leave/other"), "Leave the workspace")
    assert (page.status, "A workspace must keep an admin." in page.text) == (400, True)


def test_users_cannot_remove_themselves(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    page = browser.get("/workspaces/acme/team/person/remove?email=ada@example.com")
    page = browser.submit(page, "Remove from the workspace")
    assert (page.status, "You cannot remove yourself" in page.text) == (400, True)


def test_a_service_account_is_changed(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    page = browser.submit(
        browser.get("/workspaces/acme/service-accounts/cid"),
        "Save",
        name="deployer",
        description="It deploys",
        role="viewer",
    )
    assert page.heading == "deployer"
    (account,) = [one for one in world.call("ada", "GET", "/service_accounts").get_json() if one["client_id"] == "cid"]
    assert (account["description"], account["role"]) == ("It deploys", "viewer")
    page = browser.submit(page, "Save", name="")
    assert (page.status, "Name must not be empty." in page.text) == (400, True)
    page = browser.submit(page, "Save", name="again")
    assert page.heading == "again"


def test_each_section_of_settings_is_saved_separately(world: World) -> None:
    browser = Browser(world).signed_in("ada")
    url = "/workspaces/acme/settings"
    typed = {"label_key": ["env", "team", ""], "label_value": ["test", " a=b ", "lost"]}
    page = browser.submit(browser.get(url), "Save the labels", **typed)
    page = browser.submit(page, "Save the groups", group_name=["ops", "all"], group_role=["admin", "viewer"])
    page = browser.submit(page, "Save the display name", display_name="Acme & Söhne")
    shown = world.call("ada", "GET", "/workspaces/acme").get_json()
    assert (shown["labels"], shown["displayName"]) == ({"env": "test", "team": "a=b"}, "Acme & Söhne")
    assert shown["groupMappings"] == [{"groupName": "ops", "role": "admin"}, {"groupName": "all", "role": "viewer"}]
    page = browser.submit(page, "Save the labels", label_key=["", "team", "x", ""], label_value=["", "b", "y", ""])
    assert world.call("ada", "GET", "/workspaces/acme").get_json()["labels"] == {"team": "b", "x": "y"}
    page = browser.submit(page, "Save the labels", label_key=["a", "a", "", ""])
    assert (page.status, "Two labels have the same key." in page.text) == (400, True)
    page = browser.submit(page, "Save the display name", display_name="x" * 64)
    assert (page.status, "at most 63 characters" in page.text) == (400, True)


def test_the_creator_of_a_workspace_is_its_admin(world: World) -> None:
    browser = Browser(world).signed_in("sam")
    page = browser.get("/new-workspace")
    page = browser.submit(page, "Create the workspace", name="No Name", display_name="Mine")
    assert (page.status, ("display_name", "Mine") in page.form("Create the workspace").fields) == (400, True)
    page = browser.submit(page, "Create the workspace", name="acme")
    assert (page.status, "The name acme is taken." in page.text) == (409, True)
    page = browser.submit(page, "Create the workspace", name="sams", region="eu-lon-1")
    assert (page.url, "you are an admin here" in page.text) == ("/workspaces/sams/team?done=workspace-created", True)
    assert "eu-lon-1" in browser.get("/workspaces/sams/settings").text


def test_a_workspace_may_be_called_new(world: World) -> None:
    world.call("sam", "POST", "/workspaces", {"name": "new"})
    browser = Browser(world).signed_in("sam")
    page = browser.get("/workspaces/new")
    assert (page.url, page.heading) == ("/workspaces/new/team", "Team")


def test_deleting_a_workspace_lists_its_contents_and_asks_for_its_name(world: World) -> None:
    world.call("ada", "POST", "/agents", {"metadata": {"name": "a"}, "spec": {}})
    browser = Browser(world).signed_in("ada")
    page = browser.get(browser.get("/workspaces/acme/settings").links["Delete this workspace…"])
    assert page.texts("li")[-4:] == ["5 members", "3 invitations", "1 agent", "2 service accounts"]
    for wrong in ("", "Acme", "other", "acme x"):
        page = browser.submit(page, "Delete the workspace", typed=wrong)
        assert (page.status, "Type the name of the workspace, acme, to delete it." in page.text) == (400, True)
    assert world.call("ada", "GET", "/workspaces/acme").status_code == 200
    page = browser.submit(page, "Delete the workspace", typed="acme")
    assert "The workspace and everything in it were deleted." in page.text
    assert world.call("ada", "GET", "/workspaces/acme").status_code == 404


def test_my_invitations_and_my_workspaces(world: World) -> None:
    browser = Browser(world).signed_in("ivy")
    page = browser.get("/profile")
    assert page.offers() == {"Accept the invitation to Acme", "Decline the invitation to Acme"}
    page = browser.submit(page, "Accept the invitation to Acme")
    assert (page.heading, world.roles()["ivy@example.com"]) == ("Team", "viewer")
    page = browser.get("/profile")
    page = browser.get(page.links["Leave Acme"])
    page = browser.submit(page, "Leave the workspace")
    assert "You are not a member of any workspace yet" in page.text
    assert "ivy@example.com" not in world.users()


def test_an_invitation_is_declined_and_a_missing_one_is_an_error(world: World) -> None:
    browser = Browser(world).signed_in("ivy")
    page = browser.get("/profile")
    again = browser.submit(page, "Decline the invitation to Acme")
    assert "You declined the invitation." in again.text
    for button in ("Accept the invitation to Acme", "Decline the invitation to Acme"):
        late = browser.submit(page, button)
        assert (late.status, "The invitation is no longer open" in late.text) == (404, True)
