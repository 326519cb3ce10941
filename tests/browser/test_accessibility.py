"""axe checks every page in light mode on a laptop and in dark mode on a phone. No page scrolls sideways, down to the
width that the guidelines require."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import pytest

from beamctl.emulator.console import console
from tests.browser.conftest import call, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Served

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = (("light", 1280), ("dark", 400))
"""The color schemes and widths that axe checks."""
NARROWEST = 320
"""The width at which the guidelines still allow no scrolling sideways."""
RUN = "rules => axe.run({runOnly: rules, resultTypes: ['violations'], preload: false}).then(done => done.violations)"

SIGNED_IN = [
    "/profile",
    "/profile?done=declined",
    "/profile/leave/acme",
    "/new-workspace",
    "/workspaces/acme",
    "/workspaces/acme/team",
    "/workspaces/acme/team?q=max",
    "/workspaces/acme/team?q=nobody",
    "/workspaces/acme/team/person?email=max@example.com",
    "/workspaces/acme/team/person?email=ada@example.com",
    "/workspaces/acme/team/person?email=late@example.com",
    "/workspaces/acme/service-accounts",
    "/workspaces/empty/service-accounts",
    "/workspaces/acme/service-accounts/cid",
    "/workspaces/acme/team/person/remove?email=max@example.com",
    "/workspaces/acme/service-accounts/cid/delete",
    "/workspaces/acme/policies",
    "/workspaces/empty/policies",
    "/workspaces/empty/policies/eu",
    "/workspaces/empty/policies/cap",
    "/workspaces/empty/policies/eu/delete",
    "/workspaces/empty/integrations",
    "/workspaces/empty/integrations/llm",
    "/workspaces/empty/environments/production",
    "/workspaces/empty/new/policies?type=location",
    "/workspaces/empty/new/policies?type=maxToken",
    "/workspaces/empty/new/integrations",
    "/workspaces/empty/new/environments",
    "/workspaces/acme/settings",
    "/workspaces/acme/delete",
    "/device",
    "/device?user_code=XXXX-XXXX",
    "/nope",
]


def violations(page: Page) -> str:
    """The violations on the current page, in both color schemes, and the widths for which it is too wide."""
    page.evaluate(_axe())
    wrong = ""
    for scheme, width in VIEWS:
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        wrong += _too_wide(page, width)
        found = page.evaluate(RUN, RULES)
        places = [f"{one['id']} at {node['target']}" for one in found for node in one["nodes"]]
        wrong += "".join(f"{page.url} ({scheme}, {width}): {place}\n" for place in places)
    return wrong + _too_wide(page, NARROWEST)


def _too_wide(page: Page, width: int) -> str:
    page.set_viewport_size({"width": width, "height": 800})
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return f"{page.url}: wider than {width} pixels\n" if wide else ""


@cache
def _axe() -> str:
    from axe_playwright_python.sync_playwright import Axe

    return str(Axe().axe_script)


def every_state(page: Page, served: Served) -> Iterator[str]:
    """Every page by its address, including those that only a form leads to."""

    def at(url: str) -> str:
        page.goto(url)
        return url

    yield at("/sign-in")
    page.get_by_label("API key", exact=True).fill("bl_nobody")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    yield "/sign-in"
    yield at("/sign-in/broken")
    page.goto("/sign-in")
    page.get_by_label("E-mail address", exact=True).fill("new@example.com")
    page.get_by_role("button", name="Send me a link").click()
    page.get_by_role("status").wait_for()
    yield at(served.link_in_last_email())
    yield at("/invitation/broken/key")
    call(served, "POST", "/users", {"email": "zoe@example.com"})
    yield at(served.link_in_last_email())
    page.get_by_role("button", name="Decline").click()
    page.get_by_role("heading", name="You declined the invitation").wait_for()
    yield "/invitation/declined"
    yield at(served.link_in_last_email())

    call(served, "DELETE", "/users/sam@example.com")
    call(served, "POST", "/users", {"email": "sam@example.com"})
    yield at(served.link_in_last_email())  # of a user who has an account
    sign_in(page, "sam")
    yield "/profile"
    sign_in(page, "max")
    yield at("/workspaces/acme/settings")
    sign_in(page, "ada")
    for url in SIGNED_IN:
        yield at(url)
    page.goto("/workspaces/acme/service-accounts")
    page.get_by_label("Name", exact=True).fill("deployer")
    page.get_by_role("button", name="Create the service account").click()
    page.get_by_text("Client secret", exact=True).wait_for()
    yield "/workspaces/acme/service-accounts"
    page.goto("/workspaces/acme/service-accounts/cid")
    page.get_by_role("link", name="Delete the key").click()
    page.get_by_role("heading", name="Delete the API key").wait_for()
    yield page.url
    page.goto("/workspaces/acme/service-accounts/cid")
    page.get_by_label("Name of a new key", exact=True).fill("laptop")
    page.get_by_role("button", name="Create the key").click()
    page.get_by_text("shown only once").wait_for()
    yield "/workspaces/acme/service-accounts/cid"
    begun = call(served, "POST", "/login/device", {"client_id": "blaxel"})
    yield at(begun["verification_uri_complete"])
    page.get_by_role("button", name="Deny").click()
    page.get_by_role("heading", name="Denied").wait_for()
    yield "/device"


def test_every_page_is_accessible(page: Page, served: Served) -> None:
    seen, wrong = set[str](), ""
    for url in every_state(page, served):
        seen.add(re.sub(r"^http://[^/]+|\?.*", "", url))
        wrong += violations(page)
    assert not wrong, wrong
    rules = [rule.rule for rule in console().url_map.iter_rules() if "GET" in (rule.methods or ())]
    patterns = {rule: re.compile(re.sub(r"<[^>]+>", "[^/]+", rule)) for rule in rules}
    missed = {rule for rule, pattern in patterns.items() if not any(pattern.fullmatch(url) for url in seen)}
    assert missed == {"/", "/style.css", "/icon.svg", "/copy.js"}  # the first one redirects
