"""Groups and workspaces over several files in plans, applies, patches, bases and run records."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.hostile import git
from tests.cli.world import Cli, Write

pytestmark = pytest.mark.usefixtures("local")

TEAM = """\
version: 1
groups:
  support:
    members:
      grace@example.com: {until: 2099-01-31}   # for now
      eve@example.com:
"""
PEOPLE = """\
version: 1
workspace: acme
members:
  ada@example.com: admin
  groups: {support: member}   # all of them
"""
MORE = """\
# people outside of teams
version: 1
workspace: acme
members:
  bob@example.com: admin
"""
FILES = {"access/people.yaml": PEOPLE, "access/more.yaml": MORE, "access/teams/support.yaml": TEAM}


@pytest.fixture
def files(directory: Path, write: Write) -> Path:
    """A repository with a group and a workspace over two files, all of which say what is live."""
    for name, text in FILES.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        write(name, text)
    git(directory, "init", "--quiet")
    git(directory, "add", "access")
    git(directory, "commit", "--quiet", "--message", "access")
    return directory


@pytest.fixture
def by_hand(cli: Cli) -> Callable[[str, str], None]:
    def call(email: str, role: str) -> None:
        caller = ("--as", "ada@example.com", "-w", "acme")
        ran = cli("emulator", "call", *caller, "PUT", f"/users/{email}", json.dumps({"role": role}))
        assert ran.code == 0, ran.err

    return call


def test_a_patch_edits_the_file_of_each_entry_and_leaves_groups_alone(
    cli: Cli, files: Path, by_hand: Callable[[str, str], None]
) -> None:
    assert cli("drift").code == 0
    by_hand("bob@example.com", "member")
    by_hand("grace@example.com", "viewer")
    (files / "access/teams/support.yaml").write_text(f"{TEAM}      new@example.com:\n")
    ran = cli("drift", "--patch")
    assert ran.code == 2
    assert "members new@example.com: access comes through support: remove the person from the group" in ran.err
    subprocess.run(["git", "apply"], input=ran.out.encode(), check=True)
    more = (files / "access/more.yaml").read_text()
    entry = "  grace@example.com: {role: viewer, until: '2099-01-31'}\n"
    assert more == MORE.replace("bob@example.com: admin", "bob@example.com: member") + entry
    assert (files / "access/people.yaml").read_text() == PEOPLE
    left = cli("drift", "-o", "json").json["resource_drift"]
    assert [each["name"] for each in left] == ["new@example.com"]


def test_the_group_is_the_origin_of_a_difference(cli: Cli, files: Path, by_hand: Callable[[str, str], None]) -> None:
    (files / "access/teams/support.yaml").write_text(f"{TEAM}      new@example.com:\n")
    by_hand("eve@example.com", "viewer")
    found = cli("drift", "--base", "HEAD", "-o", "json").json["resource_drift"]
    assert {each["name"]: each["cause"] for each in found} == {
        "new@example.com": "not-applied",
        "eve@example.com": "changed-by-hand",
    }
    (files / "access/teams/support.yaml").rename(files / "access/teams/moved.yaml")
    (files / "access/more.yaml").unlink()  # the base still has both
    found = cli("drift", "--base", "HEAD", "-o", "json").json["resource_drift"]
    assert {each["name"]: each["cause"] for each in found} == {
        "bob@example.com": "not-applied",
        "new@example.com": "not-applied",
        "eve@example.com": "changed-by-hand",
    }
    plan = cli("plan", "--base", "HEAD")
    assert plan.code == 5, "bob is no longer declared, and an admin"
    assert "new@example.com" in plan.out


def test_a_change_says_through_which_groups_and_a_saved_plan_keeps_that(cli: Cli, files: Path) -> None:
    (files / "access/teams/support.yaml").write_text(f"{TEAM}      new@example.com:\n")
    ran = cli("plan", "--out", "saved.plan")
    assert "access/teams/support.yaml:7  through support (access/people.yaml:5)" in ran.out
    assert "through support (access/people.yaml:5)" in cli("apply", "saved.plan", "--auto-approve").out
    (record,) = Path(".beamctl/runs").glob("*.jsonl")
    (change,) = json.loads(record.read_text().splitlines()[0])["changes"]
    assert [[step["name"], step["file"], step["line"]] for step in change["through"][0]] == [
        ["support", "access/people.yaml", 5],
        ["new@example.com", "access/teams/support.yaml", 7],
    ]
    undone = cli("undo", record.stem)
    assert undone.code == 0, undone.err
    assert "revoke  new@example.com" in undone.out


def test_known_drift_of_people_in_groups(
    cli: Cli, files: Path, write: Write, by_hand: Callable[[str, str], None]
) -> None:
    (files / "access/teams/support.yaml").write_text(f"{TEAM}      new@example.com:\n")
    by_hand("eve@example.com", "viewer")
    entry = "  member:%s: {until: 2099-01-31, reason: HR-77}\n"
    write("known.yaml", "version: 1\nknown:\n" + entry % "eve@example.com")
    ran = cli("drift", "--known", "known.yaml", "-o", "json")
    assert (ran.code, [each["name"] for each in ran.json["resource_drift"]]) == (2, ["new@example.com"])
    write("known.yaml", "version: 1\nknown:\n" + entry % "eve@example.com" + entry % "new@example.com")
    assert cli("drift", "--known", "known.yaml").code == 0


def test_renames_of_groups_and_of_people_in_them(cli: Cli, files: Path) -> None:
    team, people = files / "access/teams/support.yaml", files / "access/people.yaml"
    team.write_text(TEAM.replace("support:", "helpdesk:"))
    ran = cli("plan", "--base", "HEAD")
    assert (ran.code, ran.err.splitlines()[0]) == (3, "access/people.yaml:5:12: there is no group 'support'")
    people.write_text(PEOPLE.replace("support:", "helpdesk:"))
    assert cli("plan", "--base", "HEAD", "--detailed-exitcode").code == 0
    team.write_text(team.read_text().replace("eve@example.com", "eve@new.example"))
    ran = cli("plan")
    assert ran.code == 5
    assert "--allow rename-suspect=eve@example.com,eve@new.example" in ran.out
    assert "access/teams/support.yaml:6  through helpdesk (access/people.yaml:5)" in ran.out


def test_a_run_is_of_a_commit_only_if_all_its_files_are(cli: Cli, files: Path) -> None:
    (files / "access/teams/support.yaml").write_text(TEAM + "# edited\n")
    (files / "access/more.yaml").write_text(f"{MORE}  new@example.com: viewer\n")
    git(files, "commit", "--quiet", "--message", "new", "access/more.yaml")
    assert cli("apply", "--auto-approve").code == 0
    (record,) = Path(".beamctl/runs").glob("*.jsonl")
    head = git(files, "rev-parse", "HEAD").strip()
    assert json.loads(record.read_text().splitlines()[0])["commit"] == f"{head}-dirty"


@pytest.mark.usefixtures("files")
def test_groups_without_a_workspace_cannot_be_planned(cli: Cli) -> None:
    valid = cli("validate", "access/teams")
    assert (valid.code, valid.out) == (0, "Valid: 0 workspaces, only groups or leavers.\n")
    ran = cli("plan", "-f", "access/teams")
    assert (ran.code, ran.err.splitlines()[0]) == (3, "Error: no document declares a workspace")
    ran = cli("plan", "-f", "access/people.yaml")
    assert ran.code == 3
    assert "name that with -f too" in ran.err
