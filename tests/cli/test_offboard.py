"""`offboard` removes people from all documents and shows the plan that follows; `where` says where they have access."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.world import AS_IS, CANARY, Cli, People, Write

pytestmark = pytest.mark.usefixtures("api")

EVE = "eve@example.com"
FLEET = {
    "access/acme.yaml": """\
version: 1
workspace: acme
members:
  ada@example.com: {role: admin, owner: Eve@example.com}   # founder
  bob@example.com: admin
  grace@example.com: member
  # support
  groups: {platform: member}
guards: {protected: [ada@example.com, eve@example.com], maxRemovals: 3}
""",
    "access/quiet.yaml": """\
version: 1
workspace: labs
members: {ada@example.com: admin}
manage: {members: additive}
""",
    "access/teams.yaml": """\
version: 1
groups:
  platform:
    owner: ada@example.com
    includes: [sre]
  sre:
    members:
      kim@example.com:
      EVE@example.com: {reason: on call}   # since May
""",
}
DIFF = """\
--- a/access/acme.yaml
+++ b/access/acme.yaml
@@ -6,4 +6,4 @@
   grace@example.com: member
   # support
   groups: {platform: member}
-guards: {protected: [ada@example.com, eve@example.com], maxRemovals: 3}
+guards: {protected: [ada@example.com], maxRemovals: 3}
--- a/access/teams.yaml
+++ b/access/teams.yaml
@@ -6,4 +6,3 @@
   sre:
     members:
       kim@example.com:
-      EVE@example.com: {reason: on call}   # since May
"""
WHERE = """\
eve@example.com
  workspace  live              declared               where
  acme       member, accepted  member                 platform (access/acme.yaml:8) → sre (access/teams.yaml:5) → \
access/teams.yaml:9
  labs       no access         not listed (additive)
  also named in members.ada@example.com.owner  access/acme.yaml:4
  also named in guards.protected  access/acme.yaml:9
"""


@pytest.fixture
def fleet(write: Write) -> dict[str, str]:
    for name, text in FLEET.items():
        write(name, text)
    return FLEET


def texts(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.glob("access/*.yaml")}


def test_where_and_the_patch(cli: Cli, fleet: dict[str, str], directory: Path) -> None:
    ran = cli("where", "Eve@Example.com")
    assert (ran.code, ran.out, ran.err) == (0, WHERE.replace(EVE, "Eve@Example.com", 1), "")
    ran = cli("offboard", EVE)
    assert (ran.code, ran.out) == (0, DIFF)
    assert "Left in the documents:\n  Eve@example.com in members.ada@example.com.owner  access/acme.yaml:4\n" in ran.err
    assert "2 entries removed. Apply it with `git apply`" in ran.err
    assert f"- remove  {EVE}" in ran.err
    assert texts(directory) == fleet
    subprocess.run(["git", "apply"], input=DIFF, text=True, check=True, cwd=directory)
    assert texts(directory) != fleet
    again = cli("offboard", EVE)
    assert (again.code, again.out) == (0, "")
    assert "There is nothing to edit." in again.err


@pytest.mark.usefixtures("fleet")
def test_from_edit_to_no_access(cli: Cli, people: People, directory: Path) -> None:
    ran = cli("offboard", EVE, "--write", "--leaver", "HR-77")
    assert ran.code == 0
    assert f"- remove  {EVE}" in ran.out
    assert "HR-77" in ran.out
    assert "\nleavers: {eve@" in texts(directory)["access/acme.yaml"]
    assert cli("apply", "-w", "acme", "--auto-approve").code == 0
    assert EVE not in people()
    found = cli("where", EVE, "-o", "json")
    assert found.code == 0
    (person,) = found.json["people"]
    assert [(each["live"], each["declared"], each["leaver"]["reason"]) for each in person["workspaces"]] == [
        (None, None, "HR-77"),
        (None, None, "HR-77"),
    ]
    assert [each["path"] for each in person["mentions"]] == ["members.ada@example.com.owner"]
    before = texts(directory)
    assert cli("offboard", EVE, "--write", "--leaver", "HR-78").code == 0
    assert texts(directory) == before


def test_someone_who_is_not_listed_keeps_access_to_an_additive_workspace(cli: Cli, write: Write) -> None:
    write(
        "beamctl.yaml", "version: 1\nworkspace: acme\nmembers: {ada@example.com: admin}\nmanage: {members: additive}\n"
    )
    ran = cli("offboard", EVE)
    assert (ran.code, ran.out) == (0, "")
    assert f"Note: no document names {EVE}." in ran.err
    assert f"Warning: {EVE} stays in acme" in ran.err
    ran = cli("offboard", EVE, "--leaver", "HR-77")
    assert "stays in" not in ran.err
    assert f"- remove  {EVE}" in ran.err


def test_a_typo_is_noted(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli("offboard", "evee@example.com")
    assert "Note: no document names evee@example.com. Did you mean eve@example.com?" in ran.err


def test_a_refused_plan_exits_5(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli("offboard", "bob@example.com", "ada@example.com", "--write")
    assert ran.code == 5
    assert "last-admin" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["offboard", "eve"], "'eve' "),
        (["offboard", "a@b.io\u202e"], "Error: "),
        (["offboard", ""], "Error: "),
        (["offboard"], "Missing argument"),
        (["where", "*@example.com"], "Error: "),
        (["where", "--", "-x@::error::"], "Error: "),
        (["offboard", EVE, "--leaver", ""], "--leaver is empty"),
        (["offboard", EVE, "-f", "-"], "standard input cannot be edited"),
    ],
)
def test_bad_input(cli: Cli, write: Write, arguments: list[str], said: str) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli(*arguments, stdin=AS_IS.encode())
    assert ran.code == 3
    assert said in ran.err


@pytest.mark.parametrize(
    "reason", ["a\nb", "\u202e", "'\"`|", "::error::x", "<!-- {0} $x$", "\x1b[31m", "# no: comment"]
)
def test_a_hostile_reason_stays_a_reason(cli: Cli, write: Write, directory: Path, reason: str) -> None:
    write("beamctl.yaml", AS_IS)
    assert cli("offboard", EVE, "--write", "--leaver", reason).code == 0
    assert cli("validate").code == 0
    found = cli("where", EVE, "-o", "json").json["people"][0]["workspaces"][0]["leaver"]["reason"]
    assert found == reason
    assert (directory / "beamctl.yaml").read_text().startswith(AS_IS.replace("  eve@example.com: member\n", ""))


def test_what_cannot_be_edited_is_refused_and_nothing_is_written(cli: Cli, write: Write, directory: Path) -> None:
    anchored = f"version: 1\nworkspace: acme\nmembers: &all\n  ada@example.com: admin\n  {EVE}: member\n"
    anchored += "---\nversion: 1\nworkspace: labs\nmembers: {ada@example.com: admin}\n"
    write("access/a.yaml", f"version: 1\nworkspace: quiet\nmembers: {{ada@example.com: admin, {EVE}: member}}\n")
    write("access/b.yaml", anchored)
    before = texts(directory)
    ran = cli("offboard", EVE, "--write")
    assert (ran.code, ran.out) == (3, "")
    assert "Error: access/b.yaml cannot be edited" in ran.err
    assert "line 5" in ran.err
    assert texts(directory) == before


def test_a_workspace_that_cannot_be_read_does_not_hide_the_others(cli: Cli, write: Write) -> None:
    write("access/a.yaml", f"version: 1\nworkspace: nowhere\nmembers: {{ada@example.com: admin, {EVE}: member}}\n")
    write("access/b.yaml", AS_IS)
    ran = cli("where", EVE)
    assert ran.code == 1
    assert "  nowhere    cannot be read    member    access/a.yaml:3\n" in ran.out
    assert "  acme       member, accepted  member    access/b.yaml:7\n" in ran.out
    assert "Error: nowhere (access/a.yaml:2): " in ran.err
    ran = cli("offboard", EVE)
    assert ran.code == 1
    assert f"- remove  {EVE}" in ran.err
    found = cli("where", EVE, "-o", "json").json
    assert [each["readable"] for each in found["people"][0]["workspaces"]] == [False, True]
    assert [(each["workspace"], each["code"]) for each in found["failures"]] == [("nowhere", "not-found")]


def test_without_documents(cli: Cli) -> None:
    assert cli("where", EVE).code == 3
    ran = cli("where", EVE, "-w", "acme", "-w", "acme")
    assert (ran.code, ran.out.splitlines()[2].split()) == (0, ["acme", "member,", "accepted", "no", "document"])
    ran = cli("where", EVE, "-w", "nope")
    assert ran.code == 1
    assert "Error: nope: " in ran.err


def test_a_secret_is_not_printed_in_a_patch(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS.replace("  eve@", f"  # {CANARY}\n  eve@"))
    ran = cli("offboard", EVE)
    assert (ran.code, ran.out) == (3, "")
    assert "the patch would contain a credential" in ran.err


def test_show_says_through_which_groups(cli: Cli, fleet: dict[str, str], write: Write) -> None:
    ran = cli("show", "-w", "acme")
    assert [line for line in ran.out.splitlines() if EVE in line] == [
        "    eve@example.com    member  accepted  local   platform → sre"
    ]
    rows = {each["email"]: each.get("through") for each in cli("show", "-w", "acme", "-o", "json").json["members"]}
    assert (rows[EVE], rows["ada@example.com"]) == ("platform → sre", "")
    write("access/acme.yaml", "broken: [")
    assert cli("show", "-w", "acme").code == 0
    assert fleet
