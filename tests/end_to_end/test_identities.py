"""Several identities at once, against the emulator on a socket: which one was used, and which were not."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.conftest import KEY, AtOnce

ID = "11111111-2222-4333-8444-555555555555"
SECRET = "CANARYSECRETOFTHEACCOUNT"
MEMBER = "bl_canary_of_a_member"
WRONG = "bl_canary_that_is_wrong"
SEED = f"""\
workspaces: [{{name: acme}}, {{name: labs}}]
users:
  - {{email: ada@example.com, apiKey: {KEY}, workspaces: {{acme: admin}}}}
  - {{email: bob@example.com, workspaces: {{acme: admin, labs: admin}}}}
  - {{email: eve@example.com, apiKey: {MEMBER}, workspaces: {{acme: member}}}}
serviceAccounts:
  - {{workspace: acme, name: ci, role: admin, clientId: {ID}, clientSecret: {SECRET}}}
"""
DOCUMENT = (
    "version: 1\nworkspace: acme\nmembers: {ada@example.com: admin, bob@example.com: admin, eve@example.com: admin}\n"
)
COMMANDS = [["plan"], ["apply", "--auto-approve"], ["show", "-w", "acme"], ["drift"]]
LOGIN = "~/.blaxel/config.yaml, workspace acme"


@pytest.fixture
def world(at_once: AtOnce) -> Iterator[AtOnce]:
    with at_once.serving(SEED):
        at_once.monkeypatch.delenv("BEAMCTL_API_KEY")
        at_once.write("beamctl.yaml", DOCUMENT)
        yield at_once


def log_in(world: AtOnce, credentials: str, name: str = "acme") -> Path:
    path = world.directory / ".blaxel" / "config.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"context:\n  workspace: {name}\nworkspaces:\n- name: {name}\n  credentials:\n    {credentials}\n")
    return path


def without_secrets(text: str) -> None:
    for secret in (KEY, SECRET, MEMBER, WRONG, base64.b64encode(f"{ID}:{SECRET}".encode()).decode()):
        assert secret not in text


@pytest.mark.parametrize("command", COMMANDS)
def test_401_names_the_credential_and_the_others(world: AtOnce, command: list[str]) -> None:
    log_in(world, f"apiKey: {KEY}")
    world.write("keys.env", f"BL_API_KEY={MEMBER}\n")
    world.monkeypatch.setenv("BEAMCTL_API_KEY", WRONG)
    ran = world.beamctl(*command, "--env-file", "keys.env", code=4)
    assert (
        "The API key comes from BEAMCTL_API_KEY. "
        f"Found but not used: BL_API_KEY in keys.env; {LOGIN}. Set a valid one, or unset it to use another one."
    ) in ran.err
    without_secrets(ran.out + ran.err)


@pytest.mark.parametrize("command", COMMANDS)
def test_403_of_a_service_account_of_another_workspace(world: AtOnce, command: list[str]) -> None:
    world.write("beamctl.yaml", DOCUMENT.replace("acme", "labs"))
    world.write(".env", f"BL_CLIENT_CREDENTIALS={ID}:{SECRET}\n")
    command = [word.replace("acme", "labs") for word in command]
    ran = world.beamctl(*command, "--env-file", ".env", code=4)
    assert "The client credentials come from BL_CLIENT_CREDENTIALS in .env. The credential is valid, but" in ran.err
    assert "omit --env-file to use another one." in ran.err
    without_secrets(ran.out + ran.err)
    assert "there is no credential" in world.beamctl(*command, code=4).err  # `.env` is not read by itself


def test_403_of_every_change(world: AtOnce) -> None:
    log_in(world, f"apiKey: {KEY}")
    world.monkeypatch.setenv("BL_API_KEY", MEMBER)
    ran = world.beamctl("apply", "--auto-approve", code=4)
    assert f"The credential comes from BL_API_KEY. Found but not used: {LOGIN}. Check" in ran.err
    without_secrets(ran.out + ran.err)


@pytest.mark.parametrize("command", COMMANDS)
def test_404_of_a_missing_workspace(world: AtOnce, command: list[str]) -> None:
    world.write("beamctl.yaml", DOCUMENT.replace("acme", "nowhere"))
    world.monkeypatch.setenv("BL_API_KEY", KEY)
    ran = world.beamctl(*(word.replace("acme", "nowhere") for word in command), code=1)
    assert "Check that the workspace nowhere exists" in ran.err
    assert "The API key comes from BL_API_KEY." in ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_an_expired_login_that_cannot_be_renewed(world: AtOnce, command: list[str]) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 1_700_000_000}).encode()).decode().rstrip("=")
    log_in(world, f"access_token: e30.{claims}.x")
    ran = world.beamctl(*command, code=4)
    assert (
        f"The login comes from {LOGIN}. It was valid until 2023-11-14 22:13 UTC. It has no refresh token, so it cannot "
        "be renewed. Set a valid one, or log in again with: bl login acme."
    ) in ran.err


def tokens() -> tuple[str, str]:
    """An access token that has expired, and a refresh token."""
    url, body = f"{os.environ['BEAMCTL_API_URL']}/oauth/token", {"grant_type": "client_credentials"}
    refresh = httpx.post(url, json=body, auth=(ID, SECRET)).json()["refresh_token"]
    claims = base64.urlsafe_b64encode(b'{"exp": 1700000000}').decode().rstrip("=")
    return f"e30.{claims}.x", refresh


@pytest.mark.parametrize("era", ["blaxel", "beamlit"])
@pytest.mark.parametrize("has_access", [True, False])
def test_an_expired_login_is_renewed_and_the_file_is_left_alone(world: AtOnce, era: str, *, has_access: bool) -> None:
    access, refresh = tokens()
    path = log_in(
        world, f"access_token: {access if has_access else ''}\n    refresh_token: {refresh}\n    expires_in: 7200"
    )
    path = path.rename(world.directory / "config.yaml")
    (world.directory / f".{era}").mkdir(exist_ok=True)
    path = path.rename(world.directory / f".{era}" / "config.yaml")
    before = path.read_bytes(), path.stat().st_mtime_ns
    ran = world.beamctl("apply", "--auto-approve")
    assert "1 done" in ran.out
    shown = world.beamctl("show")
    assert f"\n  Credential: login from ~/.{era}/config.yaml, workspace acme\n" in shown.out
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    for text in (ran.out, ran.err, shown.out, shown.err):
        assert access not in text
        assert refresh not in text


@pytest.mark.parametrize("command", COMMANDS)
def test_a_refresh_token_that_is_rejected(world: AtOnce, command: list[str]) -> None:
    log_in(world, "access_token: e30.e30.x\n    refresh_token: canary-refresh")
    ran = world.beamctl(*command, code=4)
    assert f"the API rejected the credential from {LOGIN}: " in ran.err
    assert "log in again with: bl login acme." in ran.err
    assert "canary" not in ran.err


def test_show_says_which_credential_was_used(world: AtOnce) -> None:
    log_in(world, f'client_credentials: "{base64.b64encode(f"{ID}:{SECRET}".encode()).decode()}"')
    ran = world.beamctl("show")
    assert f"\n  Credential: client credentials from {LOGIN}\n" in ran.out
    world.monkeypatch.setenv("BL_API_KEY", KEY)
    ran = world.beamctl("show")
    assert f"\n  Credential: API key from BL_API_KEY. Found but not used: {LOGIN}\n" in ran.out
    found = json.loads(world.beamctl("show", "-o", "json").out)
    assert found["credential"] == {"kind": "api-key", "from": "BL_API_KEY", "not_used": [LOGIN]}
    assert f"\nFound but not used: {LOGIN}\n" in world.beamctl("show", "--credentials").out


def test_the_same_credential_twice_is_one_identity(world: AtOnce) -> None:
    log_in(world, f"apiKey: {KEY}")
    world.monkeypatch.setenv("BL_API_KEY", KEY)
    assert "Found but not used" not in world.beamctl("show").out
