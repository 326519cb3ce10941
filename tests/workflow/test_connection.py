"""Connection errors have helpful messages and never contain a secret."""

import base64
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.fakes import drips
from tests.api.fakes import serving as dripping
from tests.cli.loopback import Api
from tests.cli.process import Ran, process
from tests.cli.world import AS_IS, CANARY, CHANGED, Cli, Write

NO_WAITS = "import random; random.random = lambda: 0.0"
"""Makes retries immediate."""
NOT_FOUND = """
import socket
def getaddrinfo(*args, **kwargs): raise socket.gaierror(-2, "Name or service not known")
socket.getaddrinfo = getaddrinfo
"""
SECRET_ID = "11111111-2222-4333-8444-555555555555"


def without_waits(*arguments: str, prelude: str = "") -> Ran:
    ran = process(*arguments, prelude=f"{NO_WAITS}\n{prelude}")
    assert "Traceback" not in ran.err
    assert CANARY not in ran.out + ran.err
    return ran


@pytest.fixture(autouse=True)
def write_document(write: Write) -> None:
    write("beamctl.yaml", AS_IS)


def test_missing_credential_has_a_hint(cli: Cli) -> None:
    ran = cli("plan")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err == (
        "Error: there is no credential for the workspace acme\n"
        "  Log in with the official CLI:  bl login acme\n"
        "  Or set BEAMCTL_API_KEY or BL_API_KEY to an API key.\n"
        "  Or set BEAMCTL_CLIENT_CREDENTIALS or BL_CLIENT_CREDENTIALS to the ID:SECRET of a service account.\n"
        "  Or set BEAMCTL_API_KEY__ACME or BEAMCTL_CLIENT_CREDENTIALS__ACME for this workspace only.\n"
        "  Or name a file that contains an API key with --api-key-file, or one with such variables with --env-file.\n"
    )


def test_refused_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v0"
        monkeypatch.setenv("BL_API_KEY", CANARY)
        ran = without_waits("plan", "--api-url", url)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "Error: no connection to 127.0.0.1: Connection refused (GET /users)\n"
        "  Check --api-url and the network. Behind a proxy, check HTTPS_PROXY and NO_PROXY.\n"
    )


def test_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BL_API_KEY", CANARY)
    ran = without_waits("plan", "--api-url", "https://api.blaxel.invalid/v0", prelude=NOT_FOUND)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: the host api.blaxel.invalid cannot be found: Name or service not known")


def test_response_timeout(api: Api) -> None:
    api.hold = "GET"
    ran = without_waits("plan", "--timeout", "0.1")
    assert ran.code == 1
    assert ran.err.startswith("Error: no complete response from 127.0.0.1 within 0.1 s (GET /users)\n")
    assert set(api.calls) == {"GET /users"}


def test_slow_response_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BL_API_KEY", CANARY)
    with dripping([drips(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n[", b" ")]) as url:
        ran = without_waits("plan", "--timeout", "0.1", "--api-url", url)
    assert ran.code == 1
    assert ran.err == (
        "Error: no complete response from 127.0.0.1 within 0.1 s (GET /users)\n"
        "  Try again later, or allow more time with --timeout.\n"
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<!doctype html><title>Log in</title>", "127.0.0.1 responded with an HTML page instead of JSON (GET /users)"),
        ("welcome", "127.0.0.1 responded with text instead of JSON (GET /users)"),
        ('{"users": [1, 2}', "the response of 127.0.0.1 is not valid JSON (GET /users)"),
        ("[NaN]", "the response of 127.0.0.1 is not valid JSON (GET /users)"),
        ("", "127.0.0.1 found nothing for GET /users: HTTP 200 without a JSON body"),
        ('{"users": []}', "the API's list of users is not a list"),
        ("[1]", "the API's list of users has an entry that is not a user"),
        ('[{"email": "a@b.c", "accepted": true}]', "the API shows the member 'a@b.c' without a role"),
    ],
)
def test_response_of_another_server(cli: Cli, api: Api, body: str, said: str) -> None:
    api.always("200 OK", body)
    ran = cli("plan")
    assert (ran.code, ran.out) == (1, "")
    if body:
        assert ran.err.startswith(f"Error: {said}")
    else:
        assert said.partition(": ")[2] in ran.err


def test_truncated_response(api: Api) -> None:
    api.always("200 OK", '[{"email": "ada@exam')
    ran = without_waits("plan")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: the response of 127.0.0.1 is truncated (GET /users)\n")


def test_server_error(api: Api) -> None:
    api.always("503 Service Unavailable", "<html>")
    ran = without_waits("plan")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "Error: 127.0.0.1 could not serve GET /users: HTTP 503 Service Unavailable, with a page not from the API\n"
        "  The service has a problem. Try again later.\n"
    )
    assert len(api.calls) > 1


def test_missing_workspace(cli: Cli, write: Write, api: Api) -> None:
    write("beamctl.yaml", AS_IS.replace("acme", "nowhere"))
    ran = cli("plan")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: 127.0.0.1 found nothing for GET /users: ")
    assert (
        "  Check that the workspace nowhere exists, and check --api-url. The API key comes from BEAMCTL_API_KEY.\n"
        in ran.err
    )
    assert api.writes == []


def test_redirect_is_not_followed(cli: Cli, api: Api) -> None:
    api.always("302 Found", "", f"Location: {api.url}/elsewhere")
    ran = cli("plan")
    assert ran.code == 1
    assert "  Set --api-url to the new address of the API.\n" in ran.err
    assert api.calls == ["GET /users"]


@pytest.mark.parametrize("url", ["http://api.example.com/v0", "http://10.0.0.1/v0", "http://localhost.example.com/v0"])
def test_credential_is_not_sent_over_http(cli: Cli, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("BL_API_KEY", CANARY)
    for name, arguments in (("--api-url", ["--api-url", url]), ("BEAMCTL_API_URL", []), ("BL_API_URL", [])):
        if not arguments:
            monkeypatch.setenv(name, url)
        ran = cli("plan", *arguments)
        assert (ran.code, ran.out) == (3, "")
        assert ran.err.startswith(f"Error: {name} is an http:// URL, and the credential would be sent to ")
        assert (
            "  Use https://. Plain http:// is allowed only for this machine (localhost, 127.0.0.1, [::1]).\n" in ran.err
        )
        if not arguments:
            monkeypatch.delenv(name)


def test_option_overrides_the_environment(cli: Cli, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMCTL_API_URL", "https://nowhere.invalid/v0")
    assert cli("plan", "--api-url", api.url).code == 0
    assert api.calls == ["GET /users"]


def test_api_error_is_escaped(cli: Cli, api: Api) -> None:
    api.always("400 Bad Request", '{"error": "\\u001b[2Jno\\nError: all is well\\u202e"}')
    ran = cli("plan")
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert "\u202e" not in ran.err


def config(home: Path, text: str) -> None:
    (home / ".blaxel").mkdir()
    (home / ".blaxel" / "config.yaml").write_text(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"workspaces: [{{name: acme, credentials: {{apiKey: {CANARY}", ", line 1,"),
        (f"- {CANARY}\n", ""),
        (f"workspaces: {CANARY}\n", ""),
        (f"workspaces: [{{name: acme, credentials: {CANARY}}}]\n", ""),
        (f"a: {CANARY}\n---\nb: {CANARY}\n", ""),
        (f"\tkey: {CANARY}\n", ", line 1,"),
    ],
)
def test_malformed_login_file(cli: Cli, tmp_path: Path, text: str, line: str) -> None:
    config(tmp_path / "home", text)
    ran = cli("plan")
    assert (ran.code, ran.out) == (3, "")
    first, hint = ran.err.splitlines()
    assert first == f"Error: ~/.blaxel/config.yaml{line} is not in the format of the official CLI"
    assert hint.startswith("  Fix the file, or move it away and log in again with `bl login`. ")
    assert cli("validate").code == 0


def test_malformed_login_file_is_ignored_if_not_needed(cli: Cli, api: Api, tmp_path: Path) -> None:
    config(tmp_path / "home", "[")
    assert cli("plan").code == 0
    assert api.calls == ["GET /users"]


def test_missing_key_file(cli: Cli, directory: Path) -> None:
    ran = cli("plan", "--api-key-file", "missing.key")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "Error: --api-key-file: missing.key does not exist\n  Name a file that contains an API key.\n"
    ran = cli("plan", "--api-key-file", str(directory))
    assert ran.code == 3
    assert ran.err.startswith(f"Error: {directory} cannot be read: Is a directory\n")


def by_key(monkeypatch: pytest.MonkeyPatch, _: Path) -> list[str]:
    monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
    return []


def by_another_name(monkeypatch: pytest.MonkeyPatch, _: Path) -> list[str]:
    monkeypatch.setenv("BL_API_KEY", CANARY)
    return []


def by_key_file(_: pytest.MonkeyPatch, home: Path) -> list[str]:
    (home / "key").write_text(f"{CANARY}\n")
    return ["--api-key-file", str(home / "key")]


def by_login(_: pytest.MonkeyPatch, home: Path) -> list[str]:
    config(home, f"workspaces:\n  - name: acme\n    credentials: {{apiKey: {CANARY}}}\n")
    return []


def by_client_credentials(monkeypatch: pytest.MonkeyPatch, _: Path) -> list[str]:
    pair = base64.b64encode(f"{SECRET_ID}:{CANARY}".encode()).decode()
    monkeypatch.setenv("BL_CLIENT_CREDENTIALS", pair)
    return []


Way = Callable[[pytest.MonkeyPatch, Path], list[str]]
KEYS: list[Way] = [by_key, by_another_name, by_key_file, by_login]
ECHO = f'{{"error": "you sent {CANARY}", "email": "{CANARY}"}}'


@pytest.mark.parametrize("way", [*KEYS, by_client_credentials])
@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "401 Unauthorized", "403 Forbidden"])
def test_secret_is_never_shown(
    cli: Cli, api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: Way, status: str
) -> None:
    monkeypatch.delenv("BEAMCTL_API_KEY")
    options = way(monkeypatch, tmp_path / "home")
    api.always(status, ECHO)
    for output in ("text", "json"):
        ran = cli("plan", "--debug", "-o", output, *options)
        assert ran.code != 0
        assert ran.err.startswith("> ")
        assert base64.b64encode(f"{SECRET_ID}:{CANARY}".encode()).decode() not in ran.out + ran.err
        assert "Bearer" not in ran.err


@pytest.mark.parametrize("way", KEYS)
def test_every_way_to_pass_a_key_works(
    cli: Cli, write: Write, api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: Way
) -> None:
    monkeypatch.delenv("BEAMCTL_API_KEY")
    options = way(monkeypatch, tmp_path / "home")
    write("beamctl.yaml", CHANGED)
    ran = cli("apply", "--auto-approve", "--debug", *options)
    assert ran.code == 0
    assert "> POST /users " in ran.err
    assert len(api.writes) == 2


@pytest.mark.parametrize("value", [f"{CANARY}\n\n", f"{CANARY} x", f" {CANARY}", f"{CANARY}\u00e9"])
@pytest.mark.parametrize("name", ["BEAMCTL_API_KEY", "BL_CLIENT_CREDENTIALS"])
def test_unsendable_credential_is_not_shown(cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    ran = cli("plan", "--debug")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"Error: {name} contains white space, a line break or another character")
