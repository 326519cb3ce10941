"""The exit codes of every command, the same in text and in JSON, and one JSON object per run."""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from beamctl.cli.exits import Exit, worst
from tests.cli.loopback import Api
from tests.cli.world import AS_IS, CHANGED, GRACE, REFUSED, WRONG, Cli, People, Write, document, error_in
from tests.fakes.schemas import problems_with

FORMATS = ("text", "json")
READERS = ("plan", "apply", "drift", "show")


@dataclass(frozen=True)
class Case:
    command: str
    text: str
    code: int
    said: str

    @property
    def arguments(self) -> list[str]:
        return self.command.split()


CASES = [
    Case("validate", AS_IS, 0, "Valid: 1 workspace (acme).\n"),
    Case("validate", WRONG, 3, "beamctl.yaml:4:20: "),
    Case("plan", AS_IS, 0, "No changes. acme matches beamctl.yaml.\n"),
    Case("plan", CHANGED, 0, "Plan: 1 to invite, 1 role to change.\n"),
    Case("plan --detailed-exitcode", AS_IS, 0, "No changes. acme matches beamctl.yaml.\n"),
    Case("plan --detailed-exitcode", CHANGED, 2, "Plan: 1 to invite, 1 role to change.\n"),
    Case("plan", WRONG, 3, ""),
    Case("plan", REFUSED, 5, "Refused (exit 5): mass-removal — "),
    Case("plan --detailed-exitcode", REFUSED, 5, "Refused (exit 5): mass-removal — "),
    Case("plan --allow mass-removal=2", REFUSED, 0, "Allowed: mass-removal=2 — "),
    Case("plan --allow mass-removal=2 --detailed-exitcode", REFUSED, 2, "Allowed: mass-removal=2 — "),
    Case("apply", AS_IS, 0, "No changes. acme matches beamctl.yaml.\n"),
    Case("apply --auto-approve", CHANGED, 0, "Applied to acme: 2 done.\n"),
    Case("apply --auto-approve", WRONG, 3, ""),
    Case("apply --auto-approve", REFUSED, 5, "Refused (exit 5): mass-removal — "),
    Case("apply --auto-approve --allow mass-removal=2", REFUSED, 0, "Applied to acme: 2 done.\n"),
    Case("drift", AS_IS, 0, "No drift. acme matches beamctl.yaml.\n"),
    Case("drift", CHANGED, 2, "Drift: 2 differences between acme and beamctl.yaml.\n"),
    Case("drift", REFUSED, 2, "Drift: 2 differences between acme and beamctl.yaml.\n"),
    Case("drift", WRONG, 3, ""),
    Case("show", AS_IS, 0, "acme · local\n"),
    Case("show", WRONG, 3, ""),
]


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("output", FORMATS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.command} -> {case.code}")
def test_the_exit_code_is_the_same_in_text_and_json(cli: Cli, write: Write, case: Case, output: str) -> None:
    write("beamctl.yaml", case.text)
    ran = cli(*case.arguments, "-o", output)
    assert ran.code == case.code
    if output == "json":
        assert ran.json["format_version"] == "1.2"
    else:
        assert case.said in ran.out
        assert bool(case.said) is bool(ran.out)


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("command", ["plan", "apply --auto-approve", "drift", "show"])
def test_json_output_of_an_invalid_document_has_only_its_problems(cli: Cli, write: Write, command: str) -> None:
    write("beamctl.yaml", WRONG)
    ran = cli(*command.split(), "-o", "json")
    assert ran.code == 3
    assert ran.json == cli("validate", "-o", "json").json | {"documents": 0}
    assert [(each["file"], each["line"], each["column"]) for each in ran.json["problems"]] == [("beamctl.yaml", 4, 20)]
    assert ran.err.startswith("beamctl.yaml:4:20: ")
    assert ran.err.endswith("\n1 problem. Nothing was read from or sent to any workspace.\n")


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize("output", FORMATS)
def test_an_unauthenticated_run_exits_with_4(cli: Cli, write: Write, command: str, output: str) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli(command, "-o", output)
    assert ran.code == 4
    assert ran.err.startswith(
        "Error: there is no credential for the workspace acme\n  Log in with the official CLI:  bl login acme\n"
    )
    assert ran.out == "" if output == "text" else "BEAMCTL_API_KEY" in error_in(ran)["hint"]


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize("output", FORMATS)
@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        ("401 Unauthorized", 4, "127.0.0.1 rejected the credential for GET /"),
        ("403 Forbidden", 4, "127.0.0.1 does not allow GET /"),
        ("404 Not Found", 1, "127.0.0.1 found nothing for GET /"),
        ("418 I'm a teapot", 1, "127.0.0.1 could not serve GET /"),
    ],
)
def test_a_request_that_the_api_refuses(  # noqa: PLR0913, PLR0917 - a table of three dimensions
    cli: Cli, write: Write, api: Api, command: str, output: str, status: str, code: int, said: str
) -> None:
    write("beamctl.yaml", AS_IS)
    api.always(status, '{"error": "as you like it", "code": 1}')
    ran = cli(command, "-o", output)
    assert ran.code == code
    assert ran.err.startswith(f"Error: {said}")
    assert ": as you like it\n" in ran.err
    if output == "json":
        assert error_in(ran)["message"].startswith(said)
    else:
        assert ran.out == ""
    assert api.writes == []


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("output", FORMATS)
def test_a_credential_without_write_access_exits_with_4(
    cli: Cli, write: Write, people: People, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY", GRACE)  # a member who can only read
    before = people()
    write(
        "beamctl.yaml",
        document(
            members="{ada@example.com: admin, bob@example.com: admin, kim@example.com: viewer}",
            more="guards: {maxRemovals: 9}\n",
        ),
    )
    ran = cli("apply", "--auto-approve", "-o", output)
    assert ran.code == 4
    if output == "json":
        assert ran.json["summary"] == {"done": 0, "deferred": 0, "failed": 3, "not_attempted": 0, "not_confirmed": 0}
        assert {each["outcome"] for each in ran.json["results"]} == {"failed"}
    else:
        assert "  ✗ invite kim@example.com  viewer — the API responded with 403" in ran.out
        assert "Apply to acme is incomplete: 0 done, 3 failed.\n" in ran.out
    assert ran.err.startswith(
        "Error: the API does not allow any of these changes to acme\n  The credential comes from "
    )
    assert people() == before


@pytest.mark.parametrize("output", FORMATS)
def test_a_partial_apply_exits_with_7(cli: Cli, write: Write, api: Api, people: People, output: str) -> None:
    members = "{ada@example.com: admin, bob@example.com: admin, grace@example.com: member, kim@example.com: viewer}"
    write("beamctl.yaml", document(members=members))
    refusal = ("402 Payment Required", "Content-Type: application/json", b'{"error": "no seat", "code": 402}')
    api.override = lambda call: refusal if call.startswith("POST") else None
    ran = cli("apply", "--auto-approve", "-o", output)
    assert ran.code == 7
    if output == "json":
        assert ran.json["summary"] == {"done": 1, "deferred": 0, "failed": 1, "not_attempted": 0, "not_confirmed": 0}
    else:
        assert "  ✗ invite kim@example.com  viewer — the API responded with 402: no seat" in ran.out
        assert "Apply to acme is incomplete: 1 done, 1 failed.\n" in ran.out
    assert "eve@example.com" not in people()


def test_a_partial_apply_without_permission_names_the_credential(cli: Cli, write: Write, api: Api) -> None:
    write("beamctl.yaml", CHANGED)
    refusal = ("403 Forbidden", "Content-Type: application/json", b'{"error": "Forbidden", "code": 403}')
    api.override = lambda call: refusal if call.startswith("POST") else None
    ran = cli("apply", "--auto-approve")
    assert ran.code == 7
    assert ran.err.startswith(
        "Error: the API does not allow some of these changes to acme\n  The credential comes from BEAMCTL_API_KEY. "
    )


@pytest.mark.usefixtures("no_pauses")
def test_a_removal_that_was_confirmed_but_not_made_exits_with_7(
    cli: Cli, write: Write, api: Api, people: People
) -> None:
    write(
        "beamctl.yaml", document(members="{ada@example.com: admin, bob@example.com: admin, grace@example.com: member}")
    )
    api.override = lambda call: ("202 Accepted", "Content-Type: application/json", b"{}") if "DELETE" in call else None
    ran = cli("apply", "--auto-approve")
    assert ran.code == 7
    assert "  ✗ remove eve@example.com  the API accepted this change but does not show it yet: it shows role" in ran.out
    assert ran.out.endswith(
        "Apply to acme is incomplete: 0 done, 1 not confirmed.\nRun `beamctl plan` to see what the API shows now.\n"
    )
    assert people()["eve@example.com"] == "member"
    shown = cli("runs", "last", "-o", "json").json["runs"][0]["changes"]
    assert [change["outcome"] for change in shown] == ["not confirmed"]
    assert cli("runs", "last").out.endswith("1 not confirmed\n")
    api.override = lambda _: None
    ran = cli("apply", "--auto-approve", "-o", "json")
    assert ran.code == 0
    assert [(each["outcome"], each["confirmed"]) for each in ran.json["results"]] == [("done", True)]
    assert problems_with("plan", ran.json) == []


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("output", FORMATS)
def test_a_plan_that_cannot_be_confirmed_exits_with_5(cli: Cli, write: Write, people: People, output: str) -> None:
    before = people()
    write("beamctl.yaml", CHANGED)
    ran = cli("apply", "-o", output)
    assert ran.code == 5
    assert ran.err == (
        "Error: there is no terminal to ask on, so nothing was changed\n"
        "  To apply without approval:  beamctl apply --auto-approve\n"
    )
    if output == "json":
        assert error_in(ran)["message"] == "there is no terminal to ask on, so nothing was changed"
    else:
        assert ran.out.endswith("Plan: 1 to invite, 1 role to change.\n")
    assert people() == before


USAGE: list[tuple[str, str]] = [
    ("plan --allow nonsense", "--allow: unknown hazard 'nonsense'"),
    ("plan -w nowhere", "no document declares the workspace 'nowhere'"),
    ("plan -f missing.yaml", "cannot read missing.yaml: No such file or directory"),
    ("plan -f - -f -", "standard input is named twice"),
    ("apply --api-key-file missing.key", "--api-key-file: missing.key does not exist"),
    ("drift --api-url http://example.com/v0", "--api-url is an http:// URL, and the credential would be sent"),
    ("show --api-url nonsense", "--api-url does not begin with https://"),
    ("validate -f missing.yaml", "cannot read missing.yaml: No such file or directory"),
    ("validate missing.yaml", "cannot read missing.yaml: No such file or directory"),
    ("validate --file=", "--file is empty"),
    ("validate -f - -", "standard input is named twice"),
    ("apply --api-url=", "--api-url is empty"),
    ("apply --api-key-file=", "--api-key-file is empty"),
    ("show --workspace=", "--workspace is empty"),
    ("plan --workspace=", "--workspace is empty"),
]


@pytest.mark.parametrize(("command", "said"), USAGE)
@pytest.mark.parametrize("output", FORMATS)
def test_an_invalid_command_line_exits_with_3(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch, command: str, said: str, output: str
) -> None:
    monkeypatch.setenv("BL_API_KEY", "bl_some")
    write("beamctl.yaml", AS_IS)
    ran = cli(*command.split(), "-o", output)
    assert ran.code == 3
    assert ran.err.startswith(f"Error: {said}")
    assert ran.out == "" if output == "text" else error_in(ran)["message"].startswith(said)


def test_validate_takes_files_and_directories_as_arguments(cli: Cli, write: Write) -> None:
    """As pre-commit passes them."""
    write("access/acme.yaml", AS_IS)
    write("-labs.yaml", AS_IS.replace("acme", "labs"))
    both = cli("validate", "access", "--", "-labs.yaml")
    assert (both.code, both.out) == (0, "Valid: 2 workspaces (acme, labs).\n")
    assert cli("validate", "-f", "access", "-f", "./-labs.yaml") == both
    assert cli("validate", "").err.startswith("Error: PATH is empty\n")


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("command", READERS)
def test_a_missing_document_exits_with_3(cli: Cli, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("BL_WORKSPACE", "acme")
    ran = cli(command)
    if command == "show":
        assert ran.code == 0
    else:
        assert ran == type(ran)(
            3,
            "",
            "Error: there is no beamctl.yaml and no directory access/ here\n"
            "  Name a document with -f FILE, or create beamctl.yaml. `beamctl demo` shows an example.\n",
        )


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        (CHANGED, ["plan"]),
        (REFUSED, ["plan"]),
        (REFUSED, ["plan", "--allow", "mass-removal=2"]),
        (CHANGED, ["apply", "--auto-approve"]),
        (AS_IS, ["apply"]),
        (REFUSED, ["apply", "--auto-approve"]),
        (REFUSED, ["apply", "--auto-approve", "--allow", "mass-removal=2"]),
    ],
)
def test_json_plans_match_their_schema(cli: Cli, write: Write, text: str, arguments: list[str]) -> None:
    write("beamctl.yaml", text)
    ran = cli(*arguments, "-o", "json")
    assert problems_with("plan", ran.json) == []
    assert ("results" in ran.json) is (arguments[0] == "apply")
    assert ran.json["workspaces"][0]["refused"] is (ran.code == 5)
    assert ran.err == ""


def test_the_json_of_a_failed_apply_matches_its_schema(cli: Cli, write: Write, api: Api) -> None:
    write("beamctl.yaml", CHANGED)
    api.override = lambda call: ("400 Bad Request", "A: b", b'{"error": "no"}') if call.startswith("POST") else None
    ran = cli("apply", "--auto-approve", "-o", "json")
    assert ran.code == 7
    assert problems_with("plan", ran.json) == []
    assert {each["address"]: each["outcome"] for each in ran.json["results"]} == {
        'acme.member["grace@example.com"]': "done",
        'acme.member["kim@example.com"]': "failed",
    }


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("command", ["plan", "drift", "show", "validate"])
def test_reading_commands_change_nothing_and_repeat_their_output(
    cli: Cli, write: Write, people: People, command: str
) -> None:
    write("beamctl.yaml", CHANGED)
    before = people()
    assert cli(command) == cli(command)
    assert people() == before


def test_the_exit_code_of_several_workspaces_is_the_worst() -> None:
    order = [Exit.INTERRUPTED, Exit.PARTLY, Exit.ERROR, Exit.NOT_ALLOWED, Exit.WRONG_INPUT]
    order += [Exit.STALE, Exit.REFUSED, Exit.DIFFERS, Exit.DONE]
    assert set(order) == set(Exit)
    for worse, better in pairwise(order):
        assert worst(better, worse, better) is worse
        assert worst(worse, better) is worse
    said = ", ".join(re.findall(r"\d+", _documented_order()))
    assert said == ", ".join(str(each.value) for each in order)


def _documented_order() -> str:
    text = (Path(__file__).parents[2] / "schemas" / "plans.md").read_text("utf-8")
    return text.partition("in this order: ")[2].partition(".\n")[0]


MISSING = "version: 1\nworkspace: lost\nmembers: {ada@example.com: admin}\n"


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("plan", 1, "acme  1 to invite, 1 role to change\n"),
        ("apply --auto-approve", 1, "acme  applied: 2 done\n"),
        ("drift", 1, "acme  drift: 2 differences\n"),
    ],
)
def test_one_of_two_workspaces_is_missing(cli: Cli, write: Write, command: str, code: int, said: str) -> None:
    write("beamctl.yaml", f"{CHANGED}---\n{MISSING}")
    ran = cli(*command.split(), "-o", "json", "--report", "text=report.txt")
    assert ran.code == code
    assert [(each["workspace"], each["code"]) for each in ran.json["failures"]] == [("lost", "not-found")]
    place = ran.json["failures"][0]["line"]
    assert ran.err.startswith(f"Error: lost (beamctl.yaml:{place}): ")
    report = Path("report.txt").read_text("utf-8")
    assert report.startswith(ran.err)
    ending = report.rpartition("\n\n")[2]
    assert ending.startswith(said)
    assert f"\nlost  cannot be read: not found (beamctl.yaml:{place})\n2 workspaces: 1 failed, " in ending
