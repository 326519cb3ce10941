"""Which texts are hidden in output, and which are not because the reader needs them."""

import json

import pytest

from tests.cli.world import CHANGED, Cli, People, Write
from tests.fakes.redaction import redaction

KEY = "bl_0123456789abcdef0123456789abcdef"
SHORT = "Note: a secret or credential has fewer than 8 characters and is too short to be hidden in output.\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"'{KEY}' is not a role", "'•••' is not a role"),
        (f"workspaces[0].{KEY}: unknown", "workspaces[0].•••: unknown"),
        (f"GET /workspaces/{KEY}", "GET /workspaces/•••"),
        ("'eyJhbGciOiJub25lIn0.eyJlbWFpbCI6…' is", "'•••…' is"),
        (f"{KEY}@example.com is an admin", f"{KEY}@example.com is an admin"),
        (f"{KEY}.x+y@example.com is an admin", f"{KEY}.x+y@example.com is an admin"),
        ("'bl_ada' is short", "'bl_ada' is short"),
        ("able_to_do_all_of_this_at_once", "able_to_do_all_of_this_at_once"),
    ],
)
def test_text_that_looks_like_a_secret_is_hidden_in_errors(text: str, shown: str) -> None:
    veil = redaction()
    assert veil.redact_error(text) == shown
    assert veil.redact(text) == text


def test_known_secrets_are_hidden_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    veil = redaction()
    assert veil.redact("the-key-of-ada") == "the-key-of-ada"
    monkeypatch.setenv("BL_API_KEY", "the-key-of-ada")
    veil = redaction()
    assert veil.redact("it is the-key-of-ada") == "it is •••"
    veil.redactor.learn("learnt later")
    assert veil.redact("learnt later") == "•••"


def test_redacted_json_is_valid_ascii_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BL_API_KEY", 'a"quoted\\key-of-ada')
    text = json.dumps({"displayName": 'a"quoted\\key-of-ada', "other": KEY})
    hidden = redaction().redact_error(text, json=True)
    assert hidden.isascii()
    assert json.loads(hidden) == {"displayName": "•••", "other": "•••"}


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("a", {"key": "a banana", "n": 12345678}),
        ("12345678", {"key": "a banana", "n": 12345678}),
        ('banana", "n', {"key": "a banana", "n": 12345678}),
        ("a banana", {"key": "•••", "n": 12345678}),
    ],
)
def test_only_string_values_of_json_are_redacted(
    monkeypatch: pytest.MonkeyPatch, secret: str, shown: dict[str, object]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{secret}@proxy.example")
    text = json.dumps({"key": "a banana", "n": 12345678})
    assert json.loads(redaction().redact(text, json=True)) == shown


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BEAMCTL_CLIENT_CREDENTIALS", "ci:admin"),
        ("BEAMCTL_API_KEY", "a"),
        ("BEAMCTL_API_KEY", "admin"),
        ("HTTP_PROXY", "http://u:acme@proxy.example"),
    ],
)
def test_a_short_secret_does_not_change_reports_and_records(
    monkeypatch: pytest.MonkeyPatch, cli: Cli, write: Write, name: str, value: str
) -> None:
    write("beamctl.yaml", CHANGED)
    expected = cli("plan", "-o", "json").json, cli("plan").out
    monkeypatch.setenv(name, value)
    text = cli("plan")
    assert (cli("plan", "-o", "json").json, text.out) == expected
    assert text.err == SHORT
    assert cli("plan", "-q").err == ""
    assert cli("apply", "--auto-approve").err.count(SHORT) == 1
    undone = cli("undo", "last").out  # the record contains what was done
    assert "~ role    grace@example.com  admin → member" in undone
    assert "- revoke  kim@example.com    invited as viewer" in undone


@pytest.mark.usefixtures("local")
def test_a_run_whose_record_would_be_redacted_is_not_started(
    monkeypatch: pytest.MonkeyPatch, cli: Cli, write: Write, people: People
) -> None:
    write("beamctl.yaml", CHANGED)
    before = people()
    monkeypatch.setenv("BL_API_KEY", "kim@example.com")
    ran = cli("apply", "--auto-approve")
    assert ran.code == 3
    assert "the record of this run would contain a secret that this process uses, so it was not written" in ran.err
    assert cli("runs", "-o", "json").json["runs"] == []
    assert people() == before


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy", "BL_API_URL"])
def test_the_password_in_a_url_is_a_known_secret(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://user:pass%2Fword-1@proxy.example:3128")
    assert redaction().redact("pass%2Fword-1 pass/word-1 dXNlcjpwYXNzL3dvcmQtMQ==") == "••• ••• •••"


def test_the_id_of_client_credentials_is_not_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BL_CLIENT_CREDENTIALS", "11111111-2222-4333-8444-555555555555:SECRET0SECRET1SECRET2SECRET3")
    assert redaction().redact("11111111-2222-4333-8444-555555555555") == "11111111-2222-4333-8444-555555555555"
    assert redaction().redact("SECRET0SECRET1SECRET2SECRET3") == "•••"
