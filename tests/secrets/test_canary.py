"""A canary in every place where a secret can be; then every command in every format, with and without --debug, with
working and failing APIs. The canary must not appear in any stream, traceback or file. Add a line here for a new
command."""

import base64
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.cli.loopback import Api, serving
from tests.cli.probe import Probe, assert_unseen, spellings
from tests.cli.process import process
from tests.cli.world import Write

KEY = "bl_canary_that_nobody_may_ever_see"
SECRET = 'CANARY"0/SECRET+1234567890ABCDEF='
CLIENT_ID = "11111111-2222-4333-8444-555555555555"
PAIR = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
TOKEN = "eyJhbGciOiJub25lIn0.eyJlbWFpbCI6ImFkYUBleGFtcGxlLmNvbSJ9.canary-signature-of-a-token"
REFRESH = "canary-refresh-token-of-a-login"
DEVICE = "canary-device-code-of-a-login"
PASSWORD = "canary%2Fpassword-of-a-proxy"
ALL = [KEY, SECRET, PAIR, TOKEN, REFRESH, DEVICE, PASSWORD]

DOCUMENT = """\
version: 1
workspace: acme
settings: {displayName: Acme, labels: {a: b}}
members: {ada@example.com: admin, kim@example.com: viewer, lin@example.com: member}
guards: {preventDestroy: false, maxRemovals: 9}
"""
COMMANDS = {
    "validate": ["validate"],
    "plan": ["plan"],
    "plan --out": ["plan", "--out", "plan.json"],
    "apply": ["apply", "--auto-approve"],
    "apply PLAN": ["apply", "plan.json", "--auto-approve"],
    "runs": ["runs"],
    "runs RUN": ["runs", "last"],
    "undo": ["undo", "last", "--out", "undo.json"],
    "drift": ["drift"],
    "show": ["show", "-w", "acme"],
    "destroy": ["destroy", "acme", "--confirm", "acme"],
}
"""Every command that reads a document or calls the API. `emulator` is not here: it shows new keys once, on purpose."""
WITHOUT_API = {"validate", "runs", "runs RUN"}


class EveryCommand(Probe):
    """Attributes:
    options: For every command that makes requests.
    """

    options: list[str]

    def every_command(self, *more: str) -> set[int]:
        """Every command in every format, with and without --debug; returns their exit codes."""
        codes = set()
        for (name, command), output, debug in product(COMMANDS.items(), ("text", "json"), (["--debug"], [])):
            asks = [] if name in WITHOUT_API else [*self.options, *debug]
            if name not in WITHOUT_API or not debug:
                codes.add(self(*command, "-o", output, *asks, *more))
        return codes


@pytest.fixture
def probe(capfd: pytest.CaptureFixture[str], directory: Path, write: Write) -> EveryCommand:
    write("beamctl.yaml", DOCUMENT)
    made = EveryCommand(capfd, directory)
    made.secrets, made.options = ALL, []
    return made


def echoing(method: str, path: str) -> tuple[str, Any]:
    """An API that knows every canary and puts it into every response."""
    canaries = " ".join(ALL)
    named = {
        "metadata": {"name": canaries, "resourceType": canaries.replace("/", "")},
        "spec": {"type": canaries, "integration": canaries},
        "name": canaries,
        "role": canaries,
    }
    named |= {"client_id": canaries, "description": canaries, "id": "k1", "createdAt": canaries, "expires_in": canaries}
    people = [
        {"email": "ada@example.com", "role": "admin", "accepted": True, "sub": canaries, "source": ""},
        {"email": "kim@example.com", "role": KEY, "accepted": True},
        {"email": "lin@example.com", "role": "admin", "accepted": True, "source": SECRET},
        {"email": "max@example.com", "role": TOKEN, "accepted": False},
        *({"email": secret, "role": "member", "accepted": True} for secret in ALL),
    ]
    workspace = {
        "name": "acme",
        "displayName": canaries,
        "labels": dict.fromkeys(ALL, canaries),
        "groupMappings": [{"groupName": canaries, "role": "admin"}],
        "resourceCounts": {canaries: 1},
        "createdAt": canaries,
        "id": canaries,
    }
    match method, path.strip("/").split("/")[-1]:
        case "POST", "token":
            return "200 OK", {"access_token": TOKEN, "refresh_token": REFRESH, "expires_in": 7200}
        case "GET", "users":
            return "200 OK", people
        case "GET" | "DELETE", "acme":
            return "200 OK", workspace
        case "GET", "share":
            return "200 OK", [{"workspace": canaries.replace("/", ""), "status": canaries, "accountId": canaries}]
        case "GET", _:
            return "200 OK", [named]
        case _:
            return "400 Bad Request", {"error": f"you sent {canaries}", "apiKey": canaries}


@contextmanager
def api_that(answer: Callable[[str, str], tuple[str, Any]]) -> Iterator[Api]:
    gone = False

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        nonlocal gone
        asked = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        status, body = answer(*asked)
        if gone and asked == ("GET", "/v0/workspaces/acme"):  # only the check after a deletion
            status = "404 Not Found"
        gone = asked == ("DELETE", "/v0/workspaces/acme") and status.startswith("200")
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        headers = {"X-Request-Id": KEY, "CF-Ray": TOKEN, "X-Blaxel-Error-Code": PASSWORD, "X-Should-Retry": "false"}
        start_response(status, [*headers.items(), ("Content-Length", str(len(content)))])
        return [content]

    with serving(app) as api:
        yield api


Plant = Callable[[pytest.MonkeyPatch, Path, EveryCommand], list[str]]
"""Puts a canary somewhere and returns the secrets that beamctl then knows."""


def in_variable(name: str, value: str, *secrets: str) -> Plant:
    def plant(patch: pytest.MonkeyPatch, _: Path, __: EveryCommand) -> list[str]:
        patch.setenv(name, value)
        return list(secrets)

    return plant


def in_key_file(_: pytest.MonkeyPatch, home: Path, probe: EveryCommand) -> list[str]:
    (home / "key").write_text(f"{KEY}\n")
    probe.options += ["--api-key-file", str(home / "key")]
    return [KEY]


def in_login(folder: str, credentials: str, *secrets: str) -> Plant:
    def plant(_: pytest.MonkeyPatch, home: Path, __: EveryCommand) -> list[str]:
        (home / folder).mkdir()
        (home / folder / "config.yaml").write_text(f"workspaces: [{{name: acme, credentials: {credentials}}}]\n")
        return list(secrets)

    return plant


def in_proxy(patch: pytest.MonkeyPatch, _: Path, __: EveryCommand) -> list[str]:
    patch.setenv("HTTPS_PROXY", f"http://user:{PASSWORD}@proxy.invalid:3128")
    patch.setenv("BEAMCTL_API_KEY", KEY)
    return [KEY, PASSWORD]


def in_a_variable_that_another_wins_over(patch: pytest.MonkeyPatch, _: Path, __: EveryCommand) -> list[str]:
    patch.setenv("BEAMCTL_API_KEY", KEY)
    patch.setenv("BL_CLIENT_CREDENTIALS", PAIR)
    return [KEY, SECRET, PAIR]


TOKENS = f'{{access_token: "{TOKEN}", refresh_token: {REFRESH}, device_code: {DEVICE}}}'
PLACES: dict[str, Plant] = {
    "key file": in_key_file,
    "BEAMCTL_API_KEY": in_variable("BEAMCTL_API_KEY", KEY, KEY),
    "BL_API_KEY": in_variable("BL_API_KEY", KEY, KEY),
    "a token as API key": in_variable("BL_API_KEY", TOKEN, TOKEN),
    "raw client credentials": in_variable("BEAMCTL_CLIENT_CREDENTIALS", f"{CLIENT_ID}:{SECRET}", SECRET, PAIR, TOKEN),
    "client credentials in base64": in_variable("BL_CLIENT_CREDENTIALS", PAIR, SECRET, PAIR, TOKEN),
    "key of a login": in_login(".blaxel", f"{{apiKey: {KEY}}}", KEY),
    "tokens of a login": in_login(".beamlit", TOKENS, TOKEN, REFRESH, DEVICE),
    "client credentials of a login": in_login(".blaxel", f'{{client_credentials: "{PAIR}"}}', SECRET, PAIR, TOKEN),
    "password of a proxy": in_proxy,
    "a variable that is not used": in_a_variable_that_another_wins_over,
}


@pytest.mark.usefixtures("made_up_requests")
@pytest.mark.parametrize("place", PLACES)
def test_an_api_that_returns_our_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, probe: EveryCommand, place: str
) -> None:
    probe.secrets = PLACES[place](monkeypatch, tmp_path / "home", probe)
    with api_that(echoing) as api:
        probe.options += ["--api-url", api.url]
        # all changes are shown, but no plan that contains a secret is saved or applied
        assert probe.every_command() == {0, 2, 3}
        assert probe("export", "-w", "acme", *probe.options) == 0
        assert probe("export", "-w", "acme", "--split", "access", *probe.options) == 0


def refusing(method: str, path: str) -> tuple[str, Any]:
    """An API that returns a workspace without canaries, and puts them into every refusal of a change."""
    match method, path.strip("/").split("/")[-1]:
        case "GET", "users":
            return "200 OK", [{"email": "ada@example.com", "role": "admin", "accepted": True}]
        case "GET", "acme":
            return "200 OK", {"name": "acme", "id": "1"}
        case _:
            return echoing(method, path)


@pytest.mark.usefixtures("made_up_requests")
@pytest.mark.parametrize("place", ["raw client credentials", "password of a proxy", "tokens of a login"])
def test_an_api_that_returns_our_secrets_in_refusals(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, probe: EveryCommand, place: str
) -> None:
    probe.secrets = PLACES[place](monkeypatch, tmp_path / "home", probe)
    with api_that(refusing) as api:
        probe.options += ["--api-url", api.url]
        assert 7 in probe.every_command()  # attempted and recorded


PAGE = f"<!doctype html><title>{KEY}</title><p>{TOKEN}"
FAILURES: dict[str, tuple[str, Any]] = {
    "wrong credential": ("401 Unauthorized", {"error": {"message": f"{KEY} {PAIR} is unknown", "code": SECRET}}),
    "not allowed": ("403 Forbidden", {"message": f"{KEY} {quote(SECRET, safe='')} may not"}),
    "not there": ("404 Not Found", {"error": f"nothing for {KEY} {SECRET}"}),
    "garbled": ("200 OK", f'["{KEY}", NaN]'),
    "a page": ("200 OK", PAGE),
    "a page for an error": ("403 Forbidden", PAGE),
    "in trouble": ("500 Internal Server Error", {"error": f"{KEY} {SECRET}", "stack": [KEY]}),
    "elsewhere": ("302 Found", {"error": KEY}),
}


@pytest.mark.usefixtures("made_up_requests")
@pytest.mark.parametrize("failure", FAILURES)
def test_an_api_that_fails(monkeypatch: pytest.MonkeyPatch, probe: EveryCommand, failure: str) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY", KEY)
    monkeypatch.setenv("BL_CLIENT_CREDENTIALS", PAIR)
    probe.secrets = [KEY, SECRET, PAIR]
    with api_that(lambda *_: FAILURES[failure]) as api:
        probe.options = ["--api-url", api.url]
        assert probe.every_command() in ({0, 1, 3}, {0, 3, 4})  # 3: there is no plan and no run


def test_a_traceback_has_no_secret(monkeypatch: pytest.MonkeyPatch, probe: EveryCommand) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ValueError(f"{KEY} {PAIR}")

    monkeypatch.setattr(httpx.Client, "stream", broken)
    monkeypatch.setenv("BEAMCTL_API_KEY", KEY)
    assert probe.every_command() == {0, 1, 3}


def test_an_api_that_is_down(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    write("beamctl.yaml", DOCUMENT)
    monkeypatch.setenv("BEAMCTL_API_KEY", KEY)
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PASSWORD}@127.0.0.1:9")
    at_once = "import random; random.random = lambda: 0.0"
    ran = process("plan", "--debug", "-o", "json", "--api-url", "https://api.invalid/v0", prelude=at_once)
    assert ran.code == 1
    assert_unseen(ran.out + ran.err, [KEY, PASSWORD], "a run without an API")


WRONG_URLS = [f"https://user:{KEY}@api.blaxel.ai/v0", f"https://api.blaxel.ai/v0?key={KEY}", f"http://{KEY}/v0", KEY]


@pytest.mark.parametrize("url", WRONG_URLS)
@pytest.mark.parametrize("name", ["--api-url", "BEAMCTL_API_URL", "BL_ENV"])
def test_a_url_with_a_secret(monkeypatch: pytest.MonkeyPatch, probe: EveryCommand, name: str, url: str) -> None:
    monkeypatch.setenv("BL_API_KEY", "bl_another_key")
    if name.startswith("--"):
        probe.options = [name, url]
    else:
        monkeypatch.setenv(name, url)
    assert probe.every_command() == {0, 3}


@pytest.mark.parametrize("secret", [KEY, TOKEN])
@pytest.mark.usefixtures("api", "made_up_requests")
def test_a_secret_in_the_wrong_option(probe: EveryCommand, secret: str) -> None:
    for arguments in (
        ["plan", "-w", secret],
        ["show", "-w", secret],
        ["show", "-w", secret, "--debug"],
        ["destroy", secret],
        ["destroy", "acme", "--confirm", secret],
        ["plan", "-o", secret],
        ["plan", "--timeout", secret],
        ["plan", "--allow", secret],
        ["plan", "--allow", f"{secret}=1"],
        ["plan", "--allow", f"mass-removal={secret}"],
        ["apply", "--parallelism", secret],
        ["plan", "--api-key-file", secret],
        ["plan", "-f", secret],
        ["plan", secret],
        ["plan", f"--{secret}"],
        [secret],
        ["emulator", secret],
        ["emulator", "seed", secret],
        ["emulator", "call", "--as", secret, "GET", "/users"],
        ["emulator", "call", "--as", "ada@example.com", secret, "/users"],
        ["emulator", "approve", secret, "--as", "ada@example.com"],
        ["emulator", "serve", "--fault", secret],
        ["emulator", "serve", "--clock", secret],
        ["emulator", "serve", "--quirk", secret],
    ):
        if arguments[0] == "emulator" or arguments[:3] == ["plan", "--allow", f"mass-removal={secret}"]:
            probe(*arguments)
        else:
            assert probe(*arguments) in (1, 3, 5)
            assert "-o" in arguments or probe(*arguments, "-o", "json") in (1, 3, 5)


@pytest.mark.parametrize("secret", [KEY, TOKEN, f"{PAIR}{PAIR}"])
@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nworkspace: acme\nmembers: {SECRET: admin}\n",
        "version: 1\nworkspace: acme\nmembers: {ada@example.com: SECRET}\n",
        "version: 1\nworkspace: SECRET\n",
        "version: 1\nworkspace: acme\nSECRET: 1\n",
        "version: 1\nworkspace: acme\nguards: {protected: [SECRET], self: {email: SECRET}}\n",
        "version: 1\nworkspace: acme\nguards: {allowedDomains: ['@SECRET']}\n",
        "version: 1\nworkspace: acme\na: *SECRET\nb: !SECRET x\n",
        "SECRET\n",
        "a: SECRET: b\n",
    ],
)
def test_a_secret_pasted_into_a_document(
    monkeypatch: pytest.MonkeyPatch, probe: EveryCommand, write: Write, text: str, secret: str
) -> None:
    if secret not in (KEY, TOKEN):
        monkeypatch.setenv("BL_CLIENT_CREDENTIALS", secret)
    write("beamctl.yaml", text.replace("SECRET", secret))
    probe.planted = {"beamctl.yaml"}
    assert {probe(command, "-o", output) for command in ("validate", "plan") for output in ("text", "json")} == {3}


@pytest.mark.parametrize("secret", [KEY, TOKEN])
@pytest.mark.parametrize(
    "seed",
    [
        "SECRET",
        "users: [{email: ada@example.com, apiKey: [SECRET]}]",
        "users: [{email: SECRET, apiKey: SECRET}]",
        "users: [{email: ada@example.com, apiKey: SECRET, workspaces: {SECRET: admin}}]",
        "users: [{email: ada@example.com, apiKey: SECRET}, {email: eve@example.com, apiKey: SECRET}]",
        "workspaces: [{name: SECRET, SECRET: SECRET}]",
    ],
)
def test_a_secret_in_a_seed(probe: EveryCommand, write: Write, seed: str, secret: str) -> None:
    write("seed.yaml", seed.replace("SECRET", secret))
    probe.planted = {"seed.yaml"}
    assert probe("emulator", "seed", "seed.yaml") == 3


def test_a_visible_canary_is_found(probe: EveryCommand, capfd: pytest.CaptureFixture[str], directory: Path) -> None:
    for secret in ALL:
        for spelling in spellings(secret):
            with pytest.raises(AssertionError):
                assert_unseen(f"x{spelling}y", ALL, "this test")
    (directory / "left-behind").write_text(f"{KEY}\n")
    with pytest.raises(AssertionError, match="left-behind shows"):
        probe("validate")
    assert sys.exc_info() == (None, None, None)
    assert capfd.readouterr().err == ""
