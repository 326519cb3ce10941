"""`show --credentials`, and credentials of single workspaces in runs over several."""

from pathlib import Path

import pytest

from tests.cli.loopback import Api
from tests.cli.process import process
from tests.cli.world import CANARY, GRACE, Cli, Write, document

OTHER = "bl_canary_of_another_workspace"
TWO = document("acme") + "---\n" + document("labs")


@pytest.fixture(autouse=True)
def no_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BEAMCTL_API_KEY", raising=False)


def test_each_workspace_with_its_credential(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write("beamctl.yaml", TWO)
    login = tmp_path / "home" / ".blaxel"
    login.mkdir()
    (login / "config.yaml").write_text("workspaces: [{name: old, env: dev, credentials: {access_token: canary-token}}]")
    monkeypatch.setenv("BEAMCTL_API_KEY__ACME", CANARY)
    monkeypatch.setenv("BEAMCTL_CLIENT_CREDENTIALS__LABS", f"some-id:{GRACE}")
    assert cli("show", "--credentials").out == (
        "acme  API key             BEAMCTL_API_KEY__ACME             https://api.blaxel.ai/v0 (default)\n"
        "labs  client credentials  BEAMCTL_CLIENT_CREDENTIALS__LABS  https://api.blaxel.ai/v0 (default)\n"
    )
    ran = cli("show", "--credentials", "-w", "old", "-w", "acme", "-w", "old", "-o", "json")
    assert ran.code == 0
    old, acme = ran.json["credentials"]
    origin = "~/.blaxel/config.yaml, workspace old"
    assert old == {
        "workspace": "old",
        "credential": {"kind": "token", "from": origin, "not_used": []},
        "api_url": "https://api.blaxel.dev/v0",
        "api_url_from": origin,
        "error": None,
    }
    assert acme["credential"] == {"kind": "api-key", "from": "BEAMCTL_API_KEY__ACME", "not_used": []}
    assert "canary" not in ran.out
    assert "some-id" not in ran.out


def test_a_workspace_without_a_credential_exits_4(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("beamctl.yaml", TWO)
    monkeypatch.setenv("BEAMCTL_API_KEY__ACME", CANARY)
    ran = cli("show", "--credentials")
    assert ran.code == 4
    assert "\nlabs  none     there is no credential for the workspace labs\n" in ran.out
    assert "bl login labs" in ran.err
    found = cli("show", "--credentials", "-o", "json")
    assert found.code == 4
    assert found.json["credentials"][1]["error"]["code"] == "unauthenticated"


def test_an_invalid_credential_exits_3_and_the_others_are_shown(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("beamctl.yaml", TWO)
    monkeypatch.setenv("BEAMCTL_API_KEY__ACME", f"{CANARY} x")
    monkeypatch.setenv("BL_API_KEY", GRACE)
    ran = cli("show", "--credentials")
    assert ran.code == 3
    assert "acme  none     BEAMCTL_API_KEY__ACME contains white space" in ran.out
    assert "\nlabs  API key  BL_API_KEY" in ran.out


@pytest.mark.parametrize("name", ["BEAMCTL_API_KEY__ACNE", "BEAMCTL_API_KEY_ACME", "beamctl_api_key__acme"])
def test_a_variable_that_matches_no_workspace_is_listed(cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("BL_API_KEY", GRACE)
    monkeypatch.setenv(name, CANARY)
    ran = cli("show", "--credentials", "-w", "acme")
    assert ran.code == 0
    assert ran.err == (
        f"Note: {name} is set, but matches none of these workspaces. Did you mean BEAMCTL_API_KEY__ACME?\n"
    )
    assert cli("show", "--credentials", "-w", "acme", "-o", "json").json["unmatched_variables"] == [name]


@pytest.mark.parametrize("command", [["show", "--credentials"], ["export"], ["init", "--ci", "none"]])
def test_two_workspaces_with_the_same_variable_are_an_error(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY__ACME_PROD", CANARY)
    ran = cli(*command, "-w", "acme-prod", "-w", "acme_prod")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(
        "Error: BEAMCTL_API_KEY__ACME_PROD would be the credential of two workspaces, acme-prod and acme_prod\n"
    )


def test_hostile_names_are_escaped(cli: Cli) -> None:
    ran = cli("show", "--credentials", "-w", "a\x1b[2J\r\n::error::x\u202e|`")
    assert ran.code == 4
    for shown in (ran.out, ran.err):
        assert not {"\x1b", "\r", "\u202e"} & set(shown)
    assert ran.out.count("\n") == 1


def test_no_request_is_made(cli: Cli, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMCTL_CLIENT_CREDENTIALS__ACME", f"id:{CANARY}")
    assert f"{api.url} (" in cli("show", "--credentials", "-w", "acme").out
    assert api.calls == []


def test_a_run_uses_the_credential_of_each_workspace(
    cli: Cli, write: Write, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grace has access to `quiet` alone, and the owner of the other key to `labs` but not to `quiet`."""
    monkeypatch.delenv("BEAMCTL_API_KEY")  # the fixture sets it
    monkeypatch.setenv("BEAMCTL_API_KEY__LABS", CANARY)
    monkeypatch.setenv("BEAMCTL_API_KEY__QUIET", GRACE)
    monkeypatch.setenv("BL_API_KEY", "bl_of_nobody_at_all")
    write("labs.yaml", document("labs"))
    write("quiet.yaml", document("quiet", "{grace@example.com: member, eve@example.com: member}"))
    ran = cli("plan", "-f", "labs.yaml", "-f", "quiet.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert api.calls == ["GET /users"] * 2
    monkeypatch.setenv("BEAMCTL_API_KEY__QUIET", "")
    assert cli("plan", "-f", "labs.yaml", "-f", "quiet.yaml").code == 4


def test_credentials_of_other_workspaces_are_hidden_and_not_inherited(
    cli: Cli, write: Write, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY__ACME", CANARY)
    monkeypatch.setenv("BEAMCTL_API_KEY__UNUSED", OTHER)
    write("beamctl.yaml", document())
    api.always("400 Bad Request", f'{{"error": "you sent {OTHER}"}}')
    ran = cli("plan", "--debug")
    assert ran.code == 1
    assert OTHER not in ran.out + ran.err
    listed = process("show", "--help", prelude="from beamctl.system.child_process import inherited; print(inherited())")
    assert OTHER not in listed.out
    assert CANARY not in listed.out


def test_a_variable_of_another_declared_workspace_is_not_misspelled(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("beamctl.yaml", TWO)
    monkeypatch.setenv("BEAMCTL_API_KEY__ACME", CANARY)
    monkeypatch.setenv("BEAMCTL_API_KEY__LABS", GRACE)
    assert cli("show", "--credentials", "-w", "acme").err == ""
    monkeypatch.setenv("BEAMCTL_API_KEY__LABZ", OTHER)
    assert "BEAMCTL_API_KEY__LABZ is set, but matches none" in cli("show", "--credentials", "-w", "acme").err
