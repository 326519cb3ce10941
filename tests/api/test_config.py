"""Configuration from options, environment variables and the official CLI's files."""

import base64
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.cli_config import FileText, read_file
from beamctl.api.config import Era, decide, default_workspace
from beamctl.api.credential import ApiKeyCredential, ClientCredentials, LoginTokens
from beamctl.api.sources import Sources, collect_sources
from beamctl.errors import ApiError, UnauthenticatedError, UsageError
from tests.api.fakes import Script, opened, reply

CANARY = "canary-5f2a"
PAIR = base64.b64encode(f"id-1:{CANARY}".encode()).decode()
BLAXEL = "~/.blaxel/config.yaml"
BEAMLIT = "~/.beamlit/config.yaml"


def file(credentials: str, path: str = BLAXEL, more: str = "") -> FileText:
    text = f"context:\n  workspace: acme\nworkspaces:\n- name: other\n  credentials: {{}}\n- name: acme\n{more}"
    return FileText(path, f"{text}  credentials:\n{credentials}\ntracking: false\n".encode())


def variables(*names: str) -> dict[str, str]:
    return {name: PAIR if "CLIENT" in name else f"key-of-{name}" for name in names}


ORDER = [
    "BEAMCTL_API_KEY",
    "BEAMCTL_CLIENT_CREDENTIALS",
    "BL_API_KEY",
    "BL_CLIENT_CREDENTIALS",
    "BL_AUTHENTICATION_APIKEY",
    "BL_AUTHENTICATION_CLIENT_CREDENTIALS",
]


@pytest.mark.parametrize("place", range(len(ORDER)))
def test_the_first_variable_wins_over_the_later_ones_and_the_files(place: int) -> None:
    found = decide(Sources(environment=variables(*ORDER[place:]), files=(file("    apiKey: kept"),)), "acme")
    assert found.credential_from == ORDER[place]
    expected = (
        ClientCredentials("id-1", CANARY) if "CLIENT" in ORDER[place] else ApiKeyCredential(f"key-of-{ORDER[place]}")
    )
    assert found.credential == expected


def test_the_key_file_wins_over_everything() -> None:
    sources = Sources(key_file=FileText("key.txt", f"{CANARY}\n".encode()), environment=variables(*ORDER))
    found = decide(sources, "acme")
    assert (found.credential, found.credential_from) == (ApiKeyCredential(CANARY), "--api-key-file key.txt")


def test_an_empty_variable_is_ignored() -> None:
    environment = {"BEAMCTL_API_KEY": "", "BL_API_KEY": "k", "BEAMCTL_API_URL": "", "BL_ENV": ""}
    found = decide(Sources(environment=environment), "acme")
    assert (found.credential_from, found.base_url, found.url_from) == (
        "BL_API_KEY",
        "https://api.blaxel.ai/v0",
        "default",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_trailing_newline_is_not_part_of_the_key(end: str) -> None:
    found = decide(Sources(environment={"BL_API_KEY": f"k{end}"}), "acme")
    assert found == decide(Sources(environment={"BL_API_KEY": "k"}), "acme")


def test_an_invalid_variable_is_an_error_and_not_skipped() -> None:
    with pytest.raises(UsageError, match="BEAMCTL_API_KEY contains white space"):
        decide(Sources(environment={"BEAMCTL_API_KEY": f"{CANARY} x", "BL_API_KEY": "good"}), "acme")


LOGIN = file("    apiKey: kept")
REMEDIES = [
    *[(Sources(environment=variables(name), files=(LOGIN,)), "unset it to use another one.") for name in ORDER],
    (Sources(key_file=FileText("k", b"bad"), files=(LOGIN,)), "omit --api-key-file to use another one."),
    (Sources(files=(LOGIN,)), "log in again with: bl login acme."),
]


@pytest.mark.parametrize(("sources", "other"), REMEDIES)
@pytest.mark.parametrize("status", [401, 403])
def test_the_hint_names_the_setting_that_takes_precedence(sources: Sources, other: str, status: int) -> None:
    """A new login is still refused while a variable or an option takes precedence."""
    to = decide(sources, "acme")
    with opened(Script(reply(status)), to=to) as api, pytest.raises(ApiError) as caught:
        api.reader().get("/users")
    assert to.credential_from in caught.value.hint or to.credential_from in caught.value.message
    assert caught.value.hint.endswith(f", or {other}")


URLS = ["BEAMCTL_API_URL", "BL_API_URL", "BL_BASE_URL", "BEAMLIT_API_URL"]


@pytest.mark.parametrize("place", range(len(URLS)))
def test_the_first_url_wins(place: int) -> None:
    environment = {name: f"https://{name.lower().replace('_', '-')}.example/v0" for name in URLS[place:]}
    found = decide(Sources(environment=environment | {"BL_API_KEY": "k", "BL_ENV": "dev"}), "acme")
    assert (found.base_url, found.url_from) == (environment[URLS[place]], URLS[place])


def test_the_url_option_wins() -> None:
    environment = {"BEAMCTL_API_URL": "https://a.example", "BL_API_KEY": "k"}
    found = decide(Sources(api_url="https://api.beamlit.com/v0/", environment=environment), "acme")
    assert (found.base_url, found.url_from, found.era) == ("https://api.beamlit.com/v0", "--api-url", Era.BEAMLIT)


@pytest.mark.parametrize(
    ("stage", "url"),
    [
        ("prod", "https://api.blaxel.ai/v0"),
        ("dev", "https://api.blaxel.dev/v0"),
        ("local", "http://localhost:8080/v0"),
    ],
)
def test_stages(stage: str, url: str) -> None:
    by_variable = decide(Sources(environment={"BL_API_KEY": "k", "BL_ENV": stage}), "acme")
    assert (by_variable.base_url, by_variable.url_from) == (url, "BL_ENV")
    by_file = decide(Sources(files=(file("    apiKey: k", more=f"  env: {stage}\n"),)), "acme")
    assert (by_file.base_url, by_file.url_from) == (url, f"{BLAXEL}, workspace acme")


def test_an_unknown_stage_is_an_error() -> None:
    with pytest.raises(UsageError, match="BL_ENV is not one of prod, dev, local") as caught:
        decide(Sources(environment={"BL_API_KEY": "k", "BL_ENV": "moon"}), "acme")
    assert "--api-url" in caught.value.hint
    with pytest.raises(UsageError, match=r"env in ~/.blaxel/config.yaml, workspace acme is not one of"):
        decide(Sources(files=(file("    apiKey: k", more="  env: moon\n"),)), "acme")


@pytest.mark.parametrize(
    ("kept", "credential"),
    [
        (f"    apiKey: {CANARY}", ApiKeyCredential(CANARY)),
        (f"    api_key: {CANARY}", ApiKeyCredential(CANARY)),
        (f'    client_credentials: "{PAIR}"', ClientCredentials("id-1", CANARY)),
        (f"    clientCredentials: {PAIR}", ClientCredentials("id-1", CANARY)),
        (
            "    access_token: a\n    refresh_token: r\n    device_code: d\n    expires_in: 7200",
            LoginTokens("a", "r", "d"),
        ),
        ("    access_token: a", LoginTokens("a")),
        ("    refresh_token: r", LoginTokens("", "r")),
        (f"    apiKey: k\n    access_token: a\n    client_credentials: {PAIR}", ApiKeyCredential("k")),
        (f"    apiKey: ''\n    access_token: a\n    client_credentials: {PAIR}", LoginTokens("a")),
    ],
)
def test_logins_of_the_official_cli(kept: str, credential: object) -> None:
    found = decide(Sources(files=(file(kept),)), "acme")
    assert (found.credential, found.credential_from) == (credential, f"{BLAXEL}, workspace acme")


NUMBER_LIKE = [
    "2024",
    "007",
    "1e5",
    "123e45",
    "0x1f",
    "0o17",
    "2024-01-01",
    "1_000",
    "1:30",
    ".5",
    "-1",
    "+1",
    ".inf",
    ".nan",
]
NUMBER_LIKE += ["9" * 200, "yes", "no", "on", "true", "False", "y", "NULLS", "=", "12e03e"]
NULLS = ["null", "Null", "NULL", "~", ""]
FIELDS: dict[str, Callable[[str], object]] = {
    "apiKey": ApiKeyCredential,
    "api_key": ApiKeyCredential,
    "access_token": LoginTokens,
    "refresh_token": lambda text: LoginTokens("", text),
    "device_code": lambda text: LoginTokens("a", "", text),
}


@pytest.mark.parametrize("text", NUMBER_LIKE)
def test_unquoted_values_of_the_official_cli_are_strings(text: str) -> None:
    """The CLI writes values without quotes and reads every value as a string."""
    entry = f"workspaces: [{{name: {text}, credentials: {{apiKey: k}}}}]"
    assert decide(Sources(files=(FileText(BLAXEL, entry.encode()),)), text).credential == ApiKeyCredential("k")
    for current in (f"context: {{workspace: {text}}}", f"current_context: {text}"):
        assert default_workspace(Sources(files=(FileText(BLAXEL, current.encode()),))) == text
    for name, credential in FIELDS.items():
        more = "    access_token: a\n" if name == "device_code" else ""
        found = decide(Sources(files=(file(f"{more}    {name}: {text}"),)), "acme")
        assert found.credential == credential(text)
    with pytest.raises(UsageError, match=r"env in .* is not one of"):
        decide(Sources(files=(file("    apiKey: k", more=f"  env: {text}\n"),)), "acme")


@pytest.mark.parametrize("null", NULLS)
def test_null_is_not_a_string(null: str) -> None:
    for name in FIELDS:
        with pytest.raises(UnauthenticatedError):
            decide(Sources(files=(file(f"    {name}: {null}"),)), "acme")
    assert decide(Sources(files=(file("    apiKey: k", more=f"  env: {null}\n"),)), "acme").url_from == "default"
    for current in (f"context: {{workspace: {null}}}", f"current_context: {null}", f"context: {null}"):
        assert default_workspace(Sources(files=(FileText(BLAXEL, current.encode()),))) == ""
    with pytest.raises(UnauthenticatedError):
        decide(Sources(files=(FileText(BLAXEL, f"workspaces: {null}".encode()),)), "acme")


def test_the_current_file_wins_and_files_without_a_login_are_skipped() -> None:
    new, old = file("    apiKey: new"), file("    apiKey: old", BEAMLIT)
    assert decide(Sources(files=(new, old)), "acme").credential == ApiKeyCredential("new")
    assert decide(Sources(files=(file("    apiKey:"), old)), "acme").credential == ApiKeyCredential("old")
    assert decide(Sources(files=(FileText(BLAXEL, b""), old)), "acme").credential == ApiKeyCredential("old")


def test_a_missing_credential_says_what_to_set() -> None:
    with pytest.raises(UnauthenticatedError) as caught:
        decide(Sources(files=(file("    apiKey: k"),)), "elsewhere")
    assert caught.value.message == "there is no credential for the workspace elsewhere"
    for way in ("BEAMCTL_API_KEY", "BL_API_KEY", "BL_CLIENT_CREDENTIALS", "--api-key-file", "bl login elsewhere"):
        assert way in caught.value.hint


BROKEN = [
    f"workspaces: [{CANARY}",
    f"- {CANARY}",
    CANARY,
    f"workspaces: {CANARY}",
    f"workspaces: [{{name: acme, credentials: {CANARY}}}]",
    f"{CANARY}: 1\n---\n{CANARY}: 2",
    "\udcff",
    f"a: !!python/object/apply:os.system [{CANARY}]",
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_malformed_file_is_named_but_not_quoted(text: str) -> None:
    content = text.encode(errors="surrogateescape")
    with pytest.raises(UsageError) as caught:
        decide(Sources(files=(FileText(BLAXEL, content),)), "acme")
    assert caught.value.message.startswith(BLAXEL)
    assert caught.value.message.endswith("is not in the format of the official CLI")
    assert "bl login" in caught.value.hint
    assert CANARY not in caught.value.message + caught.value.hint
    assert CANARY not in repr(FileText(BLAXEL, content))


def test_a_malformed_file_that_is_not_needed_is_ignored() -> None:
    sources = Sources(
        environment={"BL_API_KEY": "k"}, files=(FileText(BLAXEL, b"]"), FileText(BEAMLIT, fault="denied"))
    )
    assert decide(sources, "acme").credential == ApiKeyCredential("k")


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ("    apiKey: {a: 1}", f"apiKey in {BLAXEL} is not a string"),
        ("    access_token: [canary]", f"access_token in {BLAXEL} is not a string"),
        ('    apiKey: "canary canary"', f"apiKey in {BLAXEL} contains white space"),
        ("    refresh_token: ca nary", f"refresh_token in {BLAXEL} contains white space"),
        ("    client_credentials: canary", f"client_credentials in {BLAXEL} is neither"),
    ],
)
def test_an_invalid_login_is_named_but_not_quoted(kept: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        decide(Sources(files=(file(kept),)), "acme")
    assert caught.value.message.startswith(message)
    assert "canary" not in caught.value.message + caught.value.hint


@given(st.binary(max_size=80) | st.text("[]{}:-, \n'\"&*!acmeworkspc", max_size=80).map(str.encode))
def test_any_file_gives_a_login_or_a_usage_error(content: bytes) -> None:
    try:
        decide(Sources(files=(FileText(BLAXEL, content),)), "acme")
    except (UsageError, UnauthenticatedError) as error:
        assert BLAXEL in error.message or "no credential" in error.message  # noqa: PT017 - both are right


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("context: {workspace: acme}", "acme"),
        ("current_context: old-acme", "old-acme"),
        ("context: {environment: production}\ncurrent_context: old-acme", "old-acme"),
        ("context:\n  workspace: ''", ""),
        ("workspaces: []", ""),
        ("", ""),
    ],
)
def test_the_workspace_of_the_cli(text: str, name: str) -> None:
    assert default_workspace(Sources(files=(FileText(BEAMLIT, text.encode()),))) == name


def test_a_variable_for_the_workspace_wins_over_the_files() -> None:
    files = (FileText(BLAXEL, b"context: {workspace: one}"), FileText(BEAMLIT, b"context: {workspace: two}"))
    assert default_workspace(Sources(files=files)) == "one"
    assert default_workspace(Sources(environment={"BL_WORKSPACE": "zero"}, files=files)) == "zero"


def test_settings_are_read_from_environment_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BL_ENV", "dev")
    (tmp_path / ".beamlit").mkdir()
    (tmp_path / ".beamlit/config.yaml").write_text("context: {workspace: acme}")
    (tmp_path / "key").write_text(f"{CANARY}\n")
    sources = collect_sources("https://a.example", str(tmp_path / "key"))
    assert [found.path for found in sources.files] == [BEAMLIT]
    assert sources.api_url == "https://a.example"
    assert sources.environment["BL_ENV"] == "dev"
    assert decide(sources, "acme").credential == ApiKeyCredential(CANARY)
    assert default_workspace(collect_sources()) == "acme"
    assert CANARY not in repr(sources)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--api-key-file: .*nothing does not exist") as caught:
        collect_sources(None, str(tmp_path / "nothing"))
    assert caught.value.hint == "Name a file that contains an API key."


def test_an_unreadable_key_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        decide(collect_sources(None, str(tmp_path)), "acme")
    (tmp_path / "large").write_bytes(b"x" * 1_100_000)
    with pytest.raises(UsageError, match="cannot be read: it is larger than 1048576 bytes"):
        decide(collect_sources(None, str(tmp_path / "large")), "acme")
    with pytest.raises(UsageError, match="cannot be read: not a path"):
        decide(collect_sources(None, "a\0b"), "acme")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "key is not a text file"),
        (b"", "key is an empty credential"),
        (b"a\nb", "key contains white space"),
    ],
)
def test_a_key_file_without_a_key_is_an_error(content: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        decide(Sources(key_file=FileText("key", content)), "acme")


def test_reading_settings_does_not_import_httpx() -> None:
    import subprocess
    import sys

    code = "import sys, beamctl.api.config; print('httpx' in sys.modules, 'yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_key_file_can_be_a_pipe(tmp_path: Path) -> None:
    """As in `--api-key-file <(command)`."""
    reading, writing = os.pipe()
    os.write(writing, b"bl_key\n")
    os.close(writing)
    found = read_file(f"/dev/fd/{reading}")
    os.close(reading)
    assert found is not None
    assert (found.content, found.fault) == (b"bl_key\n", "")
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor() as pool:
        pool.submit((tmp_path / "pipe").write_bytes, b"bl_key")
        assert read_file(str(tmp_path / "pipe")) == FileText(str(tmp_path / "pipe"), b"bl_key")


def test_a_key_file_that_never_ends_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reading, writing = os.pipe()
    os.write(writing, b"bl_half")
    for path in (str(tmp_path / "pipe"), f"/dev/fd/{reading}"):
        found = read_file(path, seconds=0.05)
        assert found is not None
        assert (found.content, found.fault) == (b"", "it is a pipe that did not end within 0.05 seconds")
    os.close(writing)
    os.close(reading)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_a_key_file_that_is_a_device_is_not_opened(path: str) -> None:
    found = read_file(path)
    assert found is not None
    assert found.fault == "it is not a regular file or a pipe"
