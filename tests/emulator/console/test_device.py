"""The page that approves a device login."""

import pytest

from tests.emulator.console.browsing import Browser
from tests.emulator.world import World

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def begin(browser: Browser) -> dict[str, str]:
    begun: dict[str, str] = browser.client.post("/v0/login/device", json={"client_id": "blaxel"}).get_json()
    return begun


def poll(browser: Browser, begun: dict[str, str]) -> tuple[int, dict[str, str]]:
    grant = {"grant_type": GRANT, "client_id": "blaxel", "device_code": begun["device_code"]}
    answer = browser.client.post("/v0/oauth/token", json=grant)
    return answer.status_code, answer.get_json()


def test_an_approved_login_acts_as_the_user(world: World) -> None:
    browser = Browser(world)
    begun = begin(browser)
    page = browser.get(f"/device?user_code={begun['user_code']}")
    page = browser.submit(page, "Sign in", key="bl_max")
    assert page.heading == "Approve this login?"
    assert dict(zip(page.texts("dt"), page.texts("dd"), strict=True)) == {
        "Client": "blaxel",
        "Code": begun["user_code"],
        "It will act as": "max@example.com",
    }
    assert poll(browser, begun)[0] == 400  # opening the page approves nothing
    page = browser.submit(page, "Approve")
    assert page.heading == "Approved"
    world.clock.forward(seconds=5)
    status, tokens = poll(browser, begun)
    assert status == 200
    answer = browser.client.get("/v0/workspaces", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert [one["name"] for one in answer.get_json()] == ["acme"]


def test_a_denied_login_gets_no_token(world: World) -> None:
    browser = Browser(world).signed_in("max")
    begun = begin(browser)
    page = browser.submit(browser.get("/device"), "Continue", user_code=begun["user_code"].lower())
    page = browser.submit(page, "Deny")
    assert page.heading == "Denied"
    assert "denied" in str(poll(browser, begun))


@pytest.mark.parametrize("code", ["WDJB-MJHT", "<b>", "\u202e", "x" * 2000])
def test_an_unknown_code_is_an_error(world: World, code: str) -> None:
    browser = Browser(world).signed_in("max")
    page = browser.submit(browser.get("/device"), "Continue", user_code=code)
    assert (page.status, "No pending login has this code." in page.text) == (404, True)


def test_a_login_is_decided_once_and_before_it_expires(world: World) -> None:
    browser = Browser(world).signed_in("max")
    begun = begin(browser)
    page = browser.get(f"/device?user_code={begun['user_code']}")
    browser.submit(page, "Approve")
    again = browser.submit(page, "Deny")
    assert (again.status, "No pending login has this code." in again.text) == (404, True)
    late = browser.get(f"/device?user_code={begin(browser)['user_code']}")
    world.clock.forward(minutes=10)
    assert browser.submit(late, "Approve").status == 404
