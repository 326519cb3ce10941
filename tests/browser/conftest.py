"""A real browser and a real emulator on a socket, started by its own command. Playwright comes with the extra
`browser`, the browser with Debian's package `chromium`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from beamctl.emulator import received_emails

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

NOW = "2026-11-30T12:00:00Z"
SEED = """
workspaces:
  - {name: acme, displayName: Acme, labels: {env: prod}, region: eu}
  - {name: empty}
users:
  - {email: ada@example.com, apiKey: bl_ada, givenName: Ada, workspaces: {acme: admin, empty: admin}}
  - {email: alan@example.com, apiKey: bl_alan, workspaces: {acme: admin}}
  - {email: max@example.com, apiKey: bl_max, workspaces: {acme: member}, source: directory_sync}
  - {email: sam@example.com, apiKey: bl_sam}
invitations:
  - {workspace: acme, email: sam@example.com, role: viewer}
  - {workspace: acme, email: late@example.com, role: admin, expiresAt: 2026-01-01T00:00:00Z}
serviceAccounts:
  - {workspace: acme, name: ci, role: admin, apiKey: bl_ci, clientId: cid, description: It deploys}
  - workspace: acme
    name: nightly
    role: member
    clientId: nid
    apiKeys:
      - {name: ended, createdAt: 2026-01-01T00:00:00Z, expiresIn: 30d}
      - {name: current, createdAt: 2026-11-30T12:00:00Z, expiresIn: 30d}
policies:
  - {workspace: acme, name: shown, spec: {type: flavor, flavors: [{type: gpu, name: t4}]}}
  - {workspace: empty, name: eu, spec: {type: location, locations: [{type: country, name: de}]}}
  - {workspace: empty, name: cap, spec: {type: maxToken, maxTokens: {granularity: day, total: 1000}}}
integrationConnections:
  - {workspace: acme, name: shown, spec: {integration: openai, secret: {key: x}}}
  - {workspace: empty, name: llm, spec: {integration: openai, config: {org: acme}, secret: {key: x}}}
environments:
  - {workspace: acme, name: shown, spec: {policies: [shown]}}
"""


@dataclass(frozen=True)
class Served:
    """A running emulator.

    Attributes:
        url: The URL of its pages.
        mail: Its maildir.
    """

    url: str
    mail: Path

    def link_in_last_email(self) -> str:
        lines = received_emails(self.mail)[-1].text().splitlines()
        return next(line for line in lines if line.startswith("http"))


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Served]:
    """Serve the seed. Its clock starts on 30 November 2026, so that dates on pages are known."""
    seed, mail = folder / "seed.yaml", folder / "mail"
    seed.write_text(SEED)
    command = [sys.executable, "-m", "beamctl", "emulator", "serve", "--port", "0", "--seed", str(seed)]
    command += ["--mail", str(mail), "--db", str(folder / "plane.db"), "--clock", NOW, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
        try:
            assert emulator.stdout
            said = iter(emulator.stdout.readline, "")
            found = next(filter(None, (re.search(r"http://\S+/v0", line) for line in said)), None)
            assert found, "the emulator did not start"
            yield Served(found[0].removesuffix("/v0"), mail)
        finally:
            emulator.terminate()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An emulator of this test only."""
    with serving(tmp_path) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The emulator of all tests that change nothing."""
    with serving(tmp_path_factory.mktemp("shared")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    binary = shutil.which("chromium")
    assert binary, "chromium is not installed: apt install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def window(chromium: Browser, served: Served) -> Iterator[Page]:
    """An empty browser window. The test fails if a page writes to the console or makes a request to another host."""
    context = chromium.new_context(base_url=served.url, accept_downloads=False)
    context.set_default_timeout(15_000)
    shown = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("console", lambda message: said.append(message.text))
    yield shown
    context.close()
    assert {urlsplit(url).netloc for url in asked} <= {urlsplit(served.url).netloc}
    assert not [text for text in said if "the server responded with a status of 4" not in text]


@pytest.fixture
def page(chromium: Browser, served: Served) -> Iterator[Page]:
    """A window on the emulator of this test."""
    with window(chromium, served) as shown:
        yield shown


@pytest.fixture(scope="session")
def reading(chromium: Browser, shared: Served) -> Iterator[Page]:
    """A window on the shared emulator, in which an admin is signed in."""
    with window(chromium, shared) as shown:
        sign_in(shown, "ada")
        yield shown


def sign_in(page: Page, who: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("API key", exact=True).fill(f"bl_{who}")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Your workspaces", exact=True).wait_for()


def call(served: Served, method: str, path: str, body: object = None, key: str = "bl_ada", base: str = "/v0") -> Any:
    headers = {"Api-Key": key, "X-Blaxel-Workspace": "acme", "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{served.url}{base}{path}", content, headers, method=method)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        return json.load(answer)


def tab_to(page: Page, name: str, most: int = 60) -> None:
    """Press Tab until the link, button or field with this text or label is focused."""
    script = (
        "() => { const it = document.activeElement; const label = it.labels && it.labels[0];"
        " return (label || it).textContent.trim().replace(/\\s+/g, ' ') }"
    )
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(script) == name:
            return
    pytest.fail(f"Tab does not reach {name}")


def press(page: Page, name: str) -> None:
    """Tab to a link or button, press Enter, and wait for the next page."""
    tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")
