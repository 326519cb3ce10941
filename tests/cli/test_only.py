"""`plan --only` and `apply --only`: what is said about the part, what is made, and addresses that match nothing."""

from pathlib import Path

import pytest

from tests.cli.hostile import git
from tests.cli.world import AS_IS, Cli, People, Write, document

pytestmark = pytest.mark.usefixtures("local")

LEAVES = AS_IS.replace("  eve@example.com: member\n", "") + "  kim@example.com: viewer\n"
"""Eve leaves, and Kim is invited."""
HANDED_OVER = """\
version: 1
workspace: acme
settings: {displayName: New}
members: {bob@example.com: member, grace@example.com: admin, eve@example.com: member, kim@example.com: member}
guards: {maxRemovals: 2}
"""
"""Ada leaves, Bob is demoted, and Grace takes over."""


def test_only_the_named_change_is_planned_and_made(cli: Cli, write: Write, people: People) -> None:
    write("beamctl.yaml", LEAVES)
    ran = cli("plan", "--only", "member:EVE@example.com", "--detailed-exitcode")
    assert ran.code == 2
    assert "· partial plan (--only member:EVE@example.com)\n" in ran.out
    assert "kim@" not in ran.out
    total = "Partial plan (--only member:EVE@example.com): 1 to remove. 1 other change is not planned: 1 to invite."
    assert total in ran.out
    ran = cli("apply", "--only", "member:eve@example.com", "--auto-approve")
    assert ran.code == 0, ran.out + ran.err
    assert people().keys() == {"ada@example.com", "bob@example.com", "grace@example.com"}
    ran = cli("plan", "--only", "member:eve@example.com", "--detailed-exitcode")
    assert ran.code == 3  # no one has this address any more
    assert "matches nothing" in ran.err
    assert "1 to invite" in cli("plan").out


def test_what_a_change_needs_comes_along(cli: Cli, write: Write, people: People) -> None:
    write("beamctl.yaml", HANDED_OVER)
    part = ("--only", "member:ada@example.com", "--only", "member:bob@example.com")
    ran = cli("plan", *part)
    assert ran.code == 5
    assert "needed by bob@example.com" in ran.out
    assert f"To allow it in this plan only:  beamctl apply {' '.join(part)} --allow" in ran.out
    allowed = [f"--allow={hazard}" for hazard in ("removes-admin=bob@example.com", "removes-admin=ada@example.com")]
    assert cli("plan", *part, *allowed, "--out", "p.json").code == 0
    ran = cli("apply", "p.json", "--auto-approve")
    assert ran.code == 0, ran.out + ran.err
    assert "partial plan (" in ran.out
    assert {each: people()[each] for each in ("bob@example.com", "grace@example.com")} == {
        "bob@example.com": "member",
        "grace@example.com": "admin",
    }
    assert "kim@example.com" not in people()


def test_one_admin_less_needs_no_promotion(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", HANDED_OVER)
    ran = cli("plan", "--only", "member:bob@example.com", "-o", "json")
    (change,) = ran.json["resource_changes"]
    assert change["name"] == "bob@example.com"
    assert ran.json["workspaces"][0]["partial"] == {
        "only": ["member:bob@example.com"],
        "left_out": [
            {"action": "set", "count": 1},
            {"action": "set role", "count": 1},
            {"action": "invite", "count": 1},
            {"action": "remove", "count": 1},
        ],
        "needed": [],
    }


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("member:evee@example.com", "Did you mean member:eve@example.com?"),
        (
            "member:`x`|@here",
            "Neither the document of acme nor the workspace has it. There are: member:ada@example.com",
        ),
        ("member", "Write member:NAME, or member:* for all."),
        ("acme:member", "Write member:NAME, or member:* for all."),
        ("memebr:eve@example.com", "Did you mean member:…?"),
        ("", "Write KIND:NAME, for example member:eve@example.com"),
        (":member:x", "Write member:NAME"),
        ("member:", "Write member:NAME"),
        ("member: ", "Write member:NAME"),
        ("policy:*", "The document of acme does not declare policies."),
        ("acne:member:*", "Did you mean 'acme'?"),
        ("labs:member:*", "Workspaces of this run: acme."),
        ("member:\x1b[31m\r::error::x", "Neither the document"),
        ("settings:displayName", "The document of acme does not declare settings."),
    ],
)
def test_an_address_that_matches_nothing_is_an_error(cli: Cli, write: Write, address: str, hint: str) -> None:
    write("beamctl.yaml", LEAVES)
    for command in ("plan", "apply"):
        ran = cli(command, "--only", "member:*", "--only", address)
        assert ran.code == 3, ran.out + ran.err
        assert ran.out == ""
        assert hint in ran.err
        assert "\r" not in ran.err


@pytest.mark.parametrize("address", ["member:ada@example.com", "acme:member:ada@example.com", "member:*"])
def test_an_object_without_changes_is_no_error(cli: Cli, write: Write, address: str) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli("plan", "--only", address, "--detailed-exitcode")
    assert ran.code == 0, ran.err
    assert "no changes.\n" in ran.out
    ran = cli("apply", "--only", address)
    assert ran.code == 0, ran.err
    assert not Path(".beamctl/runs").exists()


def test_a_match_in_one_workspace_is_enough(cli: Cli, write: Write, people: People) -> None:
    write("access/acme.yaml", LEAVES)
    write("access/labs.yaml", document("labs", "{ada@example.com: admin, zoe@example.com: member}"))
    ran = cli("plan", "--only", "member:eve@example.com", "--only", "labs:member:ada@example.com")
    assert ran.code == 0, ran.err
    assert "Partial plan (--only member:eve@example.com): 1 to remove." in ran.out
    assert ran.out.endswith("2 workspaces: 1 with changes, 1 unchanged; 1 to remove in all.\n")
    ran = cli("plan", "--only", "labs:member:*")
    assert ran.out.endswith("2 workspaces: 1 with changes, 1 unchanged; 1 to invite in all.\n")
    assert "Partial plan (--only 'member:*'): 1 to invite." in ran.out
    assert cli("apply", "--only", "labs:member:*", "--auto-approve").code == 0
    assert "zoe@example.com" in people("labs")
    assert "kim@example.com" not in people()


def test_a_missing_workspace_hides_no_address(cli: Cli, write: Write) -> None:
    write("access/acme.yaml", LEAVES)
    write("access/gone.yaml", document("gone"))
    ran = cli("plan", "--only", "member:eve@example.com", "--only", "member:somewhere@example.com")
    assert ran.code != 3
    assert "1 to remove" in ran.out
    assert cli("plan", "--only", "acme:member:somewhere@example.com").code == 3


def test_a_part_of_a_saved_plan_cannot_be_applied(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", LEAVES)
    assert cli("plan", "--out", "p.json").code == 0
    ran = cli("apply", "p.json", "--only", "member:*")
    assert ran.code == 3
    assert "Make the plan with:  beamctl plan --only ADDRESS --out FILE" in ran.err


def test_a_partial_apply_is_not_a_complete_one(cli: Cli, write: Write, directory: Path) -> None:
    git(directory, "init", "--quiet")
    write(".gitignore", ".beamctl/\n")
    write("beamctl.yaml", AS_IS + "guards: {minAdmins: 2}\n")
    git(directory, "add", ".")
    git(directory, "commit", "--quiet", "--message", "one")
    assert cli("apply", "--auto-approve").code == 0
    first = cli("runs", "-o", "json").json["runs"][0]["commit"]
    write("beamctl.yaml", LEAVES + "guards: {minAdmins: 1}\n")
    git(directory, "commit", "--all", "--quiet", "--message", "two")
    part = ("--only", "member:eve@example.com", "--allow", "loosens-guards=minAdmins")
    assert cli("apply", "--auto-approve", *part).code == 0
    record = cli("runs", "last", "-o", "json").json["runs"][0]
    assert record["only"] == ["member:eve@example.com"]
    assert record["commit"] != first
    assert "partial, 1 done" in cli("runs").out
    assert "member:eve@example.com" in cli("runs", "last").out
    ran = cli("drift", "-o", "json")
    assert ran.json["bases"][0]["commit"] == first
    ran = cli("plan")  # the looser guard was approved for that part only
    assert ran.code == 5
    assert "loosens-guards — guards.minAdmins" in ran.out
    ran = cli("undo", "last", "--allow", "loosens-guards=minAdmins")
    assert "+ invite  eve@example.com" in ran.out


def test_reports_say_that_a_plan_is_partial(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", LEAVES)
    reports = ["--report=markdown=p.md", "--report=html=p.html"]
    assert cli("plan", "--only", "member:eve@example.com", *reports).code == 0
    for name in ("p.md", "p.html"):
        text = Path(name).read_text()
        assert "Partial plan: 1 person loses access" in text
        assert "1 other change is not planned: 1 to invite" in text
    assert cli("apply", "--auto-approve", "--only", "member:eve@example.com", "--report=markdown=a.md").code == 0
    assert "Applied (partial plan): 1 done" in Path("a.md").read_text()
