"""`beamctl export`: what it writes is a document to start with."""

from pathlib import Path

import pytest

from beamctl.emulator import BehaviorFlag, create_app
from tests.cli.loopback import serving
from tests.cli.world import CANARY, Cli, Write

ACME = """\
version: 1
workspace: acme

settings:
  displayName: Acme
  labels: {env: test}

members:
  ada@example.com: admin
  bob@example.com: admin
  eve@example.com: member
  grace@example.com: member
"""
pytestmark = pytest.mark.usefixtures("local")


def test_a_workspace_is_exported_as_a_document(cli: Cli, write: Write) -> None:
    ran = cli("export", "-w", "acme")
    assert (ran.code, ran.out, ran.err) == (0, ACME, "")
    write("beamctl.yaml", ran.out)
    assert cli("plan", "--detailed-exitcode").code == 0
    assert cli("drift").code == 0


def test_several_workspaces_are_several_documents(cli: Cli, write: Write) -> None:
    ran = cli("export", "-w", "acme", "-w", "labs", "-w", "acme")
    assert ran.out.startswith(ACME + "---\nversion: 1\nworkspace: labs\n")
    write("beamctl.yaml", ran.out)
    assert cli("plan", "--detailed-exitcode").code == 0


def test_each_workspace_can_be_written_to_its_own_file(cli: Cli, directory: Path) -> None:
    ran = cli("export", "-w", "acme", "-w", "labs", "--split", "access")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "Wrote access/acme.yaml, access/labs.yaml. To plan:  beamctl plan -f access\n"
    assert (directory / "access" / "acme.yaml").read_text() == ACME
    assert cli("plan", "--detailed-exitcode").code == 0


def test_existing_files_are_not_replaced(cli: Cli, write: Write, directory: Path) -> None:
    write("access/labs.yaml", "mine")
    ran = cli("export", "-w", "acme", "-w", "labs", "--split", "access")
    assert ran.code == 3
    assert ran.err.startswith("Error: access/labs.yaml already exists\n")
    assert [path.name for path in (directory / "access").iterdir()] == ["labs.yaml"]
    assert (directory / "access" / "labs.yaml").read_text() == "mine"


@pytest.mark.parametrize("split", ["", "file", "file/below"])
def test_an_invalid_output_folder_is_an_error(cli: Cli, write: Write, split: str) -> None:
    write("file", "")
    ran = cli("export", "-w", "acme", "--split", split)
    assert ran.code == 3
    assert "--split" in ran.err


def test_a_missing_workspace_is_an_error(cli: Cli) -> None:
    ran = cli("export", "-w", "gone", "--split", "access")
    assert ran.code == 1
    assert not Path("access").exists()


def test_a_missing_workspace_does_not_affect_the_others(cli: Cli) -> None:
    ran = cli("export", "-w", "gone", "-w", "acme", "--split", "access")
    assert (ran.code, [each.name for each in Path("access").iterdir()]) == (1, ["acme.yaml"])
    assert ran.err.startswith("Wrote access/acme.yaml. To plan:  beamctl plan -f access\nError: gone: ")
    assert cli("export", "-w", "gone", "-w", "acme").out == ACME
    assert cli("export", "-w", "gone", "-w", "lost").out == ""


CONNECTION = (
    """{"metadata": {"name": "openai"}, "spec": {"integration": "openai", "secret": {"apiKey": "by-hand-1"}}}"""
)


def test_an_exported_connection_cannot_be_changed_without_its_secret(
    cli: Cli, write: Write, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ["emulator", "call", "--as", "ada@example.com", "-w", "acme", "POST", "/integrations/connections"]
    assert cli(*call, CONNECTION).code == 0
    with serving(create_app(local, flags=frozenset({BehaviorFlag.MASKED_SECRETS}))) as api:
        monkeypatch.setenv("BEAMCTL_API_URL", api.url)
        monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
        text = cli("export", "-w", "acme").out
        assert "secret: {apiKey: {env: CONNECTION_OPENAI_API_KEY}, version: 1}}\n" in text
        assert "***" not in text
        write("beamctl.yaml", text.replace("{integration: openai", "{displayName: OpenAI, integration: openai"))
        ran = cli("apply", "--auto-approve")
        assert ran.code == 5
        assert (
            "openai: its apiKey comes from the environment variable CONNECTION_OPENAI_API_KEY, which is not set"
            in ran.err
        )
        assert api.writes == []
        monkeypatch.setenv("CONNECTION_OPENAI_API_KEY", "by-hand-2")
        assert cli("apply", "--auto-approve").code == 0
        assert api.writes == ["PUT /integrations/connections/openai"]
