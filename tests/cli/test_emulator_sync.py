"""`beamctl emulator sync`, the URL that `serve` prints for people, and an apply to a team that it may not change."""

import signal

import pytest

from tests.cli.process import running
from tests.cli.world import Cli, Write

SEED = """
workspaces: [{name: acme, basetenTeamId: team-1}, {name: labs}]
users:
  - {email: ada@example.com, apiKey: bl_ada, workspaces: {acme: admin, labs: admin}}
  - {email: max@example.com, apiKey: bl_max, workspaces: {acme: member}}
  - {email: dee@example.com, apiKey: bl_dee, workspaces: {labs: viewer}, source: directory_sync}
"""
DOCUMENT = """
version: 1
workspace: acme
members: {ada@example.com: admin, max@example.com: viewer, kim@example.com: member}
guards: {self: {email: ada@example.com}}
"""
AS_ADA = ("emulator", "call", "--as", "ada@example.com", "-w", "labs")


@pytest.fixture
def seeded(cli: Cli, write: Write) -> None:
    write("seed.yaml", SEED)
    assert cli("emulator", "seed", "seed.yaml").code == 0


@pytest.mark.usefixtures("seeded")
def test_sync_adds_the_members_of_the_directory(cli: Cli) -> None:
    assert cli("emulator", "sync").out.startswith("No one was missing. In a seed, members from the directory have:")
    assert cli(*AS_ADA, "DELETE", "/users/dee@example.com").code == 0
    ran = cli("emulator", "sync")
    assert (ran.code, ran.out, ran.err) == (0, "dee@example.com is back in labs.\n", "")
    assert '"source":"directory_sync"' in cli(*AS_ADA, "GET", "/users").out


def test_sync_without_a_database_is_an_error(cli: Cli) -> None:
    ran = cli("emulator", "sync")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "Error: .beamctl/emulator.db does not exist\n  Create it:  beamctl emulator seed FILE\n"


@pytest.mark.usefixtures("seeded")
def test_apply_says_why_a_team_managed_elsewhere_is_not_changed(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", DOCUMENT)
    ran = cli("apply", "--auto-approve", "--api-url", "local")
    assert ran.code == 4
    why = "the API responded with 403: the membership of this workspace is managed by Baseten: change it there"
    assert f"✗ invite kim@example.com  member — {why}" in ran.out
    assert "Apply to acme is incomplete: 0 done, 2 failed." in ran.out
    assert cli("plan", "--detailed-exitcode", "--api-url", "local").code == 2


@pytest.mark.parametrize(
    ("options", "people"),
    [
        (["--host", "0.0.0.0"], "http://127.0.0.1:{port}/"),  # noqa: S104 - what is tested
        (["--public-url", "https://beam.example.com"], "https://beam.example.com/"),
    ],
)
def test_serve_prints_a_url_that_a_browser_can_open(options: list[str], people: str) -> None:
    with running("emulator", "serve", "--port", "0", *options) as server:
        assert server.stdout is not None
        url = next(line for line in server.stdout if "listens on" in line).split(" on ")[1].split()[0]
        port = url.removesuffix("/v0").rpartition(":")[2]
        wanted = people.format(port=port)
        assert next(server.stdout) == f"Users sign in and manage their workspaces at {wanted}\n"
        server.send_signal(signal.SIGTERM)
        server.communicate()
