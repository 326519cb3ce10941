"""Env files: their syntax, which variables count, and what takes precedence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.cli_config import FileText
from beamctl.api.config import decide, default_workspace
from beamctl.api.credential import ApiKeyCredential
from beamctl.api.env_file import connection_variables
from beamctl.api.sources import CredentialOrigin, Sources, collect_sources
from beamctl.errors import UsageError

CANARY = "canary-5f2a"


def read(text: str | bytes) -> dict[str, str]:
    return dict(connection_variables(FileText(".env", text.encode() if isinstance(text, str) else text)))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("BL_API_KEY=k", "k"),
        ("  export BL_API_KEY = k  ", "k"),
        ("export\tBL_API_KEY=k", "k"),
        ("BL_API_KEY: k", "k"),
        ("BL_API_KEY=k # a comment", "k"),
        ("BL_API_KEY=k#not-a-comment", "k#not-a-comment"),
        ("BL_API_KEY=", ""),
        ("BL_API_KEY= # not set yet", ""),
        ("BL_API_KEY='k'", "k"),
        ('BL_API_KEY="k" # a comment', "k"),
        (r'BL_API_KEY="a\"b\\c"', r'a"b\c'),
        (r'BL_API_KEY="a\nb"', "a\nb"),
        (r"BL_API_KEY='a\nb'", r"a\nb"),
        ("BL_API_KEY='${HOME} $(id) `id`'", "${HOME} $(id) `id`"),
        ("BL_API_KEY='a\nb'", "a\nb"),
        ("# BL_API_KEY=x\n\n---\nBL_API_KEY=k", "k"),
        ("BL_API_KEY=x\nBL_API_KEY=k", "k"),
        ("\ufeffBL_API_KEY=k\r\nOTHER=x\r\n", "k"),
        ("OTHER='\nBL_API_KEY=x\n'\nBL_API_KEY=k", "k"),
    ],
)
def test_syntax(line: str, value: str) -> None:
    assert read(line) == {"BL_API_KEY": value}


def test_only_variables_of_the_connection_count() -> None:
    names = ["BEAMCTL_API_KEY__ACME", "BL_API_URL", "BL_ENV", "BL_WORKSPACE", "BEAMCTL_WORKSPACE", "BL_API_KEY"]
    ignored = ["PATH", "LD_PRELOAD", "HTTPS_PROXY", "SSL_CERT_FILE", "BEAMCTL_NOTIFY", "BEAMCTL_MAX_WAIT", "BL_RUN_URL"]
    text = "".join(f"{name}=x\n" for name in (*names, *ignored)) + "SECRET=$(id) ${X}\n"
    assert set(read(text)) == set(names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"BL_ENV=prod\n{CANARY}", ".env, line 2, is not NAME=VALUE"),
        (f"\n\n'{CANARY}'=x", ".env, line 3, is not NAME=VALUE"),
        (f"A=1\nBL_API_KEY='{CANARY}\nB=2\n", ".env, line 2, is not NAME=VALUE"),
        (f'BL_API_KEY="{CANARY}" {CANARY}', ".env, line 1, is not NAME=VALUE"),
        (f"::error::{CANARY}", ".env, line 1, is not NAME=VALUE"),
        (f"\x1b[2J\u202e{CANARY}=x", ".env, line 1, is not NAME=VALUE"),
        (f"A='\n\n'\nBL_API_KEY=${{{CANARY}}}", "BL_API_KEY in .env, line 4, refers to another variable or a command"),
        (f"BL_API_KEY=$({CANARY})", "BL_API_KEY in .env, line 1, refers to another variable or a command"),
        (f'BL_API_KEY="$K{CANARY}"', "BL_API_KEY in .env, line 1, refers to another variable or a command"),
        (f"BL_APIKEY={CANARY}", ".env sets no variable of the connection"),
        ("", ".env sets no variable of the connection"),
        (b"\xff\xfe" + CANARY.encode("utf-16-le"), ".env is not a text file"),
    ],
)
def test_an_invalid_line_is_named_but_not_quoted(text: str | bytes, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert caught.value.message.startswith(message)
    assert CANARY not in caught.value.message + caught.value.hint


@given(st.binary(max_size=60) | st.text("ABL_KEY='\"\\\n\r# :=$export", max_size=60).map(str.encode))
def test_any_file_gives_variables_or_a_usage_error(content: bytes) -> None:
    try:
        read(content)
    except UsageError as error:
        assert ".env" in error.message  # noqa: PT017 - both are right


def test_an_endless_quotation_is_refused_quickly() -> None:
    with pytest.raises(UsageError, match="line 1, is not"):
        read("A='" + "\\'" * 200_000)


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("BEAMCTL_API_KEY", "BL_API_KEY", "BEAMCTL_API_URL", "BL_API_URL", "BL_WORKSPACE", "BL_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    path = tmp_path / ".env"
    path.write_text(f"BEAMCTL_API_KEY={CANARY}\nBEAMCTL_API_URL=https://file.example/v0\nBL_WORKSPACE=of-file\n")
    return str(path)


def test_the_file_is_used_and_named(env_file: str) -> None:
    sources = collect_sources(env_file=env_file)
    found = decide(sources, "acme")
    assert (found.credential, found.origin) == (ApiKeyCredential(CANARY), CredentialOrigin.ENV_FILE)
    assert (found.credential_from, found.url_from) == (
        f"BEAMCTL_API_KEY in {env_file}",
        f"BEAMCTL_API_URL in {env_file}",
    )
    assert (found.base_url, default_workspace(sources)) == ("https://file.example/v0", "of-file")
    assert CANARY not in repr(sources) + repr(found)


def test_a_file_in_the_working_directory_is_not_read(env_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(env_file).parent)
    assert "BEAMCTL_API_KEY" not in collect_sources().environment


def test_any_variable_of_the_environment_wins(env_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that has a lower precedence within the environment."""
    for name, value in (("BL_API_KEY", "real"), ("BL_ENV", "dev"), ("BL_WORKSPACE", "real"), ("BEAMCTL_API_KEY", "")):
        monkeypatch.setenv(name, value)
    sources = collect_sources(env_file=env_file)
    found = decide(sources, "acme")
    assert (found.credential, found.base_url) == (ApiKeyCredential("real"), "https://api.blaxel.dev/v0")
    assert found.passed_over() == (f"BEAMCTL_API_KEY in {env_file}",)
    assert default_workspace(sources) == "real"


def test_the_file_wins_over_a_login() -> None:
    login = FileText("~/.blaxel/config.yaml", b"workspaces: [{name: acme, credentials: {apiKey: kept}}]")
    sources = Sources("", None, {"BL_API_KEY": "k"}, (login,), FileText(".env"), frozenset({"BL_API_KEY"}))
    found = decide(sources, "acme")
    assert found.credential_from == "BL_API_KEY in .env"
    assert found.passed_over() == ("~/.blaxel/config.yaml, workspace acme",)
