"""Blocked plans are shown first, nothing is written, and the printed flag allows exactly the hazard."""

import re
import shlex
from dataclasses import dataclass

import pytest

from tests.cli.world import AS_IS, Cli, People, Write, document

BOTH = "ada@example.com: admin, bob@example.com: admin"
ALL = f"{BOTH}, grace@example.com: member, eve@example.com: member"
ADA_IS_THE_ONLY_ADMIN = "{ada@example.com: admin, grace@example.com: member, eve@example.com: member}"
MASS_REMOVAL = document(members=f"{{{BOTH}}}", more="guards: {maxRemovals: 0}\n")


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    flags: tuple[str, ...]
    workspace: str = "acme"


CASES = [
    Case(
        "self-lockout",
        document(members=ADA_IS_THE_ONLY_ADMIN, more="guards: {self: {email: BOB@example.com}}\n"),
        ("self-lockout=bob@example.com", "removes-admin=bob@example.com"),
    ),
    Case(
        "too-few-admins",
        document(
            members=ADA_IS_THE_ONLY_ADMIN.replace("}", ", zoe@example.com: admin}"), more="guards: {minAdmins: 2}\n"
        ),
        ("too-few-admins=1", "removes-admin=bob@example.com"),
    ),
    Case("removes-admin", document(members=ADA_IS_THE_ONLY_ADMIN), ("removes-admin=bob@example.com",)),
    Case(
        "removes-admin by demotion",
        AS_IS.replace("bob@example.com: admin", "bob@example.com: member"),
        ("removes-admin=bob@example.com",),
    ),
    Case(
        "rename-suspect",
        AS_IS.replace("eve@example.com", "Eve@elsewhere.test"),
        ("rename-suspect=eve@example.com,Eve@elsewhere.test",),
    ),
    Case(
        "live-without-us",
        AS_IS + "  kim@example.com: viewer\nguards: {self: {email: ops@example.com}}\n",
        ("live-without-us=ops@example.com",),
    ),
    Case("mass-removal", MASS_REMOVAL, ("mass-removal=2",)),
    Case(
        "removes-protected",
        document(members=f"{{{BOTH}, grace@example.com: member}}", more="guards: {protected: [Eve@Example.com]}\n"),
        ("removes-protected=eve@example.com",),
    ),
    Case(
        "grants-outside-domain",
        document(members=f"{{{ALL}, mallory@evil.test: viewer}}", more="guards: {allowedDomains: [example.com]}\n"),
        ("grants-outside-domain=mallory@evil.test",),
    ),
    Case(
        "empty-section",
        document("quiet", "{}", "guards: {minAdmins: 0, maxRemovals: 100%}\n"),
        ("empty-section=members", "live-without-admins=members"),
        "quiet",
    ),
    Case(
        "live-without-admins",
        document("quiet", "{grace@example.com: admin, eve@example.com: member}"),
        ("live-without-admins=members",),
        "quiet",
    ),
    Case("live-empty", document("hollow", "{kim@example.com: admin}"), ("live-empty=members",), "hollow"),
    Case(
        "several",
        document(
            members="{ada@example.com: admin, zoe@example.com: admin, mallory@evil.test: viewer}",
            more="guards: {minAdmins: 2, maxRemovals: 0, allowedDomains: [example.com],"
            " protected: [eve@example.com], self: {email: bob@example.com}}\n",
        ),
        (
            "self-lockout=bob@example.com",
            "too-few-admins=1",
            "mass-removal=3",
            "removes-admin=bob@example.com",
            "removes-protected=eve@example.com",
            "grants-outside-domain=mallory@evil.test",
        ),
    ),
]


def printed_command(text: str) -> list[str]:
    """The last command that a refusal prints, split as a shell splits it."""
    words = shlex.split(re.findall(r"in this plan only:  (.*)$", text, re.MULTILINE)[-1])
    assert words[:2] == ["beamctl", "apply"]
    return words[1:]


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_refusal_prints_the_flag_that_allows_the_hazard(cli: Cli, write: Write, people: People, case: Case) -> None:
    write("beamctl.yaml", case.text)
    before = people(case.workspace)
    refused = cli("apply", "--auto-approve")
    assert (refused.code, refused.err) == (5, "")
    assert refused.out == cli("plan").out
    assert refused.out.index("\nPlan: ") < refused.out.index("\nRefused (exit 5): ")
    assert people(case.workspace) == before
    command = printed_command(refused.out)
    assert tuple(command[2::2]) == case.flags
    assert set(command[1::2]) == {"--allow"}
    assert [each["allow"] for each in cli("plan", "-o", "json").json["workspaces"][0]["hazards"]] == list(case.flags)
    allowed = cli(*command, "--auto-approve")
    assert (allowed.code, allowed.err) == (0, "")
    assert allowed.out.count("\nAllowed: ") == len(case.flags)
    assert "Refused" not in allowed.out
    assert people(case.workspace) != before
    assert cli("drift").code == 0


@pytest.mark.usefixtures("local")
def test_each_hazard_must_be_allowed(cli: Cli, write: Write, people: People) -> None:
    case = CASES[-1]
    write("beamctl.yaml", case.text)
    before = people()
    for missing in case.flags:
        others = [part for flag in case.flags if flag != missing for part in ("--allow", flag)]
        ran = cli("apply", "--auto-approve", *others)
        assert ran.code == 5
        assert ran.out.count("\nRefused (exit 5): ") == 1
        assert f"\nRefused (exit 5): {missing.partition('=')[0]} — " in ran.out
        assert printed_command(ran.out)[2::2] == list(case.flags)
    assert people() == before


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("members", ["{bob@example.com: member}", "{new@example.com: admin}", "{}"])
def test_the_last_admin_cannot_be_allowed(cli: Cli, write: Write, people: People, members: str) -> None:
    before = people()
    write("beamctl.yaml", document(members=members))
    ran = cli("apply", "--auto-approve")
    assert ran.code == 5
    assert "\nRefused (exit 5): last-admin — every accepted admin would be removed or demoted" in ran.out
    assert "  It cannot be allowed: no accepted admin would remain" in ran.out
    assert "--allow last-admin" not in ran.out
    hazards = cli("plan", "-o", "json").json["workspaces"][0]["hazards"]
    assert [each["allow"] for each in hazards if each["hazard"] == "last-admin"] == [None]
    others = [part for each in hazards if each["allow"] for part in ("--allow", each["allow"])]
    assert cli("apply", "--auto-approve", *others).code == 5
    assert cli("apply", "--auto-approve", "--allow", "last-admin=none", *others).code == 3
    assert people() == before


HOSTILE = [
    "o'neil@evil.test",
    "$HOME@evil.test",
    "`id`@evil.test",
    "a&b|c@evil.test",
    "-rf@evil.test",
    "--allow=x@evil.test",
    "a=b@evil.test",
    "?q@evil.test",
    "!history@evil.test",
    "#comment@evil.test",
    "~root@evil.test",
    "{a}%s@evil.test",
    "josé@evil.test",
    "Mixed.Case@EVIL.test",
    "日本@evil.test",
]


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("email", HOSTILE)
def test_a_printed_command_with_a_hostile_address_is_safe_to_paste(
    cli: Cli, write: Write, people: People, email: str
) -> None:
    before = people()
    quoted = "'" + email.replace("'", "''") + "'"
    write("beamctl.yaml", AS_IS + f"  {quoted}: viewer\nguards: {{allowedDomains: [example.com]}}\n")
    refused = cli("apply", "--auto-approve")
    assert refused.code == 5
    assert people() == before
    command = printed_command(refused.out)
    assert command == ["apply", "--allow", f"grants-outside-domain={email}"]
    assert cli(*command, "--auto-approve").code == 0
    assert people() == {**before, email: "viewer"}


@pytest.mark.usefixtures("local")
def test_json_output_lists_the_blocking_hazards(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", MASS_REMOVAL)
    for command in (["plan"], ["apply", "--auto-approve"]):
        ran = cli(*command, "-o", "json")
        assert (ran.code, ran.err) == (5, "")
        (workspace,) = ran.json["workspaces"]
        assert workspace["refused"] is True
        assert workspace["hazards"] == [
            {
                "hazard": "mass-removal",
                "value": "2",
                "code": "removals-exceed-limit",
                "fields": {
                    "count": 2,
                    "limits": [{"code": "limit", "fields": {"guard": "guards.maxRemovals", "limit": 0}}],
                },
                "text": "2 would lose access or be deleted; guards.maxRemovals is 0",
                "refused": True,
                "allow": "mass-removal=2",
            }
        ]
        assert len(ran.json["resource_changes"]) == 2
    assert ran.json["results"] == []
    assert ran.json["summary"] == {"done": 0, "deferred": 0, "failed": 0, "not_attempted": 0, "not_confirmed": 0}


@pytest.mark.usefixtures("local")
def test_no_flag_allows_all_hazards(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", MASS_REMOVAL)
    for flag in ("--force", "--yes", "-y", "--allow-all"):
        assert cli("apply", "--auto-approve", flag).code == 3
    assert cli("apply", "--auto-approve", "--allow", "mass-removal=*").code == 5


@pytest.mark.usefixtures("local")
def test_an_allowance_is_for_one_workspace(cli: Cli, write: Write, people: People) -> None:
    """`live-empty=members` of one workspace does not allow the same in another."""
    write(
        "beamctl.yaml", f"{document(members=f'{{{BOTH}}}', more='guards: {maxRemovals: 1}')}\n---\n{document('hollow')}"
    )
    shown = cli("plan")
    assert shown.code == 5
    assert "  To allow it in this plan only:  beamctl apply -w acme --allow acme:mass-removal=2\n" in shown.out
    assert "  To allow it in this plan only:  beamctl apply -w hollow --allow hollow:live-empty=members\n" in shown.out
    before = people()
    for command in ("plan", "apply"):
        ran = cli(command, "--allow", "mass-removal=2", *(["--auto-approve"] if command == "apply" else []))
        assert ran.code == 3
        assert ran.err == (
            "Error: --allow mass-removal=2 does not name a workspace, but this run covers several\n"
            "  Name one of acme, hollow, such as:  --allow acme:mass-removal=2\n"
        )
        ran = cli(command, "--allow", "quiet:mass-removal=2", *(["--auto-approve"] if command == "apply" else []))
        assert ran.code == 3
        assert ran.err.startswith(
            "Error: --allow quiet:mass-removal=2: this run does not cover the workspace 'quiet'\n"
        )
    assert people() == before
    ran = cli("apply", "--allow", "acme:mass-removal=2", "--auto-approve")
    assert (ran.code, "Applied to acme: 2 done.\n" in ran.out) == (5, True)
    assert "Error: hollow (beamctl.yaml:7): refused, nothing changed: live-empty\n" in ran.err
    assert set(people()) == {"ada@example.com", "bob@example.com"}


@pytest.mark.usefixtures("local")
def test_an_ambiguous_service_account_name_is_a_problem(cli: Cli, write: Write) -> None:
    for _ in range(2):
        made = ("POST", "/service_accounts", '{"name": "ci"}')
        assert cli("emulator", "call", "--as", "ada@example.com", "-w", "acme", *made).code == 0
    write("beamctl.yaml", "version: 1\nworkspace: acme\nserviceAccounts: {ci: {role: member}}\n")
    ran = cli("plan")
    assert ran.code == 3
    assert "beamctl.yaml:3:19: there are 2 service accounts named 'ci'\n    add one of: clientId: " in ran.err
    assert ran.err.endswith("1 problem. Nothing was changed.\n")
