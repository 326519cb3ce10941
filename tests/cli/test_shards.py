"""`--shard`, and `merge-reports`, which joins the reports of all shards or says why it cannot."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beamctl.document.schema import violation
from beamctl.model.shard import Shard
from tests.cli.hostile import git
from tests.cli.process import Ran
from tests.cli.world import AS_IS, CHANGED, REFUSED, Cli, Write, document

pytestmark = pytest.mark.usefixtures("local")

Divided = Callable[..., list[Ran]]
LABS = document("labs", "{ada@example.com: admin, kim@example.com: member}")
NAMES = ("acme", "labs")


@pytest.fixture
def divided(cli: Cli) -> Divided:
    """Run a command in shards, each with a report in the directory `parts`."""

    def call(count: int, *command: str) -> list[Ran]:
        Path("parts").mkdir(exist_ok=True)
        for each in Path("parts").iterdir():
            each.unlink()
        return [
            cli(*command, "--shard", f"{index}/{count}", "--report", f"json=parts/{index}.json")
            for index in range(1, count + 1)
        ]

    return call


def shard_with(name: str, count: int) -> int:
    return next(index for index in range(1, count + 1) if Shard(index, count).has(name))


@pytest.mark.parametrize(
    "shard",
    ["0/4", "5/4", "x", "1/0", "1", "1/2/3", "-1/4", "1/99999999", "1/99999999999", "\u0661/\u0662", "1 /2", ""],
)
def test_a_shard_that_does_not_exist(cli: Cli, write: Write, shard: str) -> None:
    write("beamctl.yaml", AS_IS)
    for command in ("plan", "drift", "apply"):
        ran = cli(command, "--shard", shard)
        assert (ran.code, ran.out) == (3, "")
        assert ran.err.startswith("Error: --shard")


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("command", ["plan", "drift"])
def test_merged_reports_equal_that_of_the_whole_run(
    cli: Cli, write: Write, divided: Divided, command: str, count: int
) -> None:
    write("beamctl.yaml", f"{CHANGED}---\n{LABS}")
    whole = cli(command, "--report", "json=whole.json")
    parts = divided(count, command)
    merged = cli("merge-reports", "parts", "--report", "json=merged.json", "--report", "markdown=merged.md")
    assert Path("merged.json").read_text() == Path("whole.json").read_text()
    assert merged.out == whole.out
    assert (merged.code, merged.err) == (whole.code, "")
    assert sum(ran.out.count("· local") for ran in parts) == 2
    assert "in 2 of 2 workspaces" in Path("merged.md").read_text()
    assert cli("merge-reports", "parts", "-o", "json").out == Path("whole.json").read_text()


def test_a_merged_apply(cli: Cli, write: Write, divided: Divided) -> None:
    write("beamctl.yaml", f"{CHANGED}---\n{LABS}")
    parts = divided(3, "apply", "--auto-approve")
    assert [ran.code for ran in parts] == [0, 0, 0]
    merged = cli("merge-reports", "parts", "-o", "json")
    assert merged.code == 0
    assert merged.json["summary"]["done"] == 3
    assert [each["workspace"] for each in merged.json["workspaces"]] == list(NAMES)
    assert "Applied to labs: 1 done." in cli("merge-reports", "parts").out


def test_reports_say_which_shard_they_are_of(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", f"{AS_IS}---\n{LABS}")
    index = shard_with("labs", 5)
    ran = cli("plan", "--shard", f"{index}/5", "--report", "markdown=p.md", "--report", "json=p.json")
    assert ran.out.startswith(f"Shard {index} of 5: ")
    assert f"### Shard {index} of 5: " in Path("p.md").read_text()
    data = json.loads(Path("p.json").read_text())
    assert violation(data, "plan") == ""
    assert data["shard"]["workspaces"] == list(NAMES)
    drift = cli("drift", "--shard", f"{index}/5", "-o", "json").json
    assert violation(drift, "drift") == ""
    assert (drift["shard"]["index"], drift["shard"]["source"]) == (index, data["shard"]["source"])


def test_a_shard_without_workspaces_says_so(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    other = 3 - shard_with("acme", 2)
    for command in (("plan", "--detailed-exitcode"), ("drift",), ("apply", "--auto-approve")):
        ran = cli(*command, "--shard", f"{other}/2")
        assert (ran.code, ran.out) == (0, f"Shard {other} of 2: 0 of 1 workspace.\n")
    write("beamctl.yaml", AS_IS.replace("admin", "admim"))
    assert cli("plan", "--shard", f"{other}/2").code == 3  # all documents are checked


def test_a_shard_of_picked_workspaces(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", f"{AS_IS}---\n{LABS}")
    index = shard_with("acme", 2)
    assert f"Shard {index} of 2: 1 of 1 workspace.\n" in cli("plan", "-w", "acme", "--shard", f"{index}/2").out
    assert f"Shard {3 - index} of 2: 0 of 1 workspace.\n" in cli("plan", "-w", "acme", "--shard", f"{3 - index}/2").out


def test_shards_of_a_saved_plan(cli: Cli, write: Write, divided: Divided) -> None:
    write("beamctl.yaml", f"{CHANGED}---\n{LABS}")
    assert cli("plan", "--out", "plan.json").code == 0
    assert [ran.code for ran in divided(4, "apply", "plan.json", "--auto-approve")] == [0] * 4
    merged = cli("merge-reports", "parts", "-o", "json").json
    assert (merged["summary"]["done"], merged["saved"]["commit"]) == (3, "")
    index = shard_with("labs", 4)
    again = cli("apply", "plan.json", "--auto-approve", "--shard", f"{index}/4")
    assert (again.code, "already applied" in again.err) == (6, True)


def test_the_worst_exit_code_of_the_shards(cli: Cli, write: Write, divided: Divided) -> None:
    write("beamctl.yaml", f"{REFUSED}---\n{LABS}")
    codes = [ran.code for ran in divided(2, "plan")]
    assert cli("merge-reports", "parts").code == max(codes) == 5
    codes = [ran.code for ran in divided(2, "apply", "--auto-approve")]
    assert cli("merge-reports", "parts").code == max(codes) == 5
    write("beamctl.yaml", f"{AS_IS}---\n{LABS}")
    divided(2, "plan")
    assert cli("merge-reports", "parts").code == 0
    assert cli("merge-reports", "parts", "--detailed-exitcode").code == (0 if Path(".beamctl/runs").exists() else 2)


def test_missing_and_doubled_shards(cli: Cli, write: Write, divided: Divided) -> None:
    write("beamctl.yaml", f"{AS_IS}---\n{LABS}")
    divided(4, "drift")
    index = shard_with("labs", 4)
    part = Path("parts") / f"{index}.json"
    content = part.read_text()
    part.unlink()
    unread = f"Error: labs (parts): shard {index}/4 of its run has no report\n"
    ran = cli("merge-reports", "parts", "--report", "markdown=merged.md", "--report", "sarif=merged.sarif")
    assert (ran.code, ran.out.startswith(unread)) == (1, True)
    assert "2 workspaces: 1 failed, 1 unchanged." in ran.out  # what is known is said
    assert "\nlabs  not known: its shard has no report (parts)\n" in ran.out
    assert "Of 2 workspaces, 1 failed" in Path("merged.md").read_text()
    found = cli("merge-reports", "parts", "-o", "json")
    assert (found.code, found.json["drift"]) == (1, None)
    assert [(each["workspace"], each["code"]) for each in found.json["failures"]] == [("labs", "missing-shard")]
    part.write_text(json.dumps({"error": {"code": "unreachable", "message": "no route", "hint": "", "exit_code": 1}}))
    ran = cli("merge-reports", "parts")
    assert (ran.code, f"parts/{index}.json: no route" in ran.out) == (1, True)
    for each in Path("parts").glob("*.json"):
        if each != part:
            each.rename(f"{each}.away")
    ran = cli("merge-reports", "parts", "-o", "json")
    assert (ran.code, ran.json["error"]["code"]) == (1, "missing-shard")
    for each in Path("parts").glob("*.away"):
        each.rename(each.with_suffix(""))
    part.write_text(content)
    (Path("parts") / "again.json").write_text(content)
    ran = cli("merge-reports", "parts")
    assert (ran.code, f"are both reports of shard {index}/4" in ran.err) == (3, True)


def test_reports_of_different_runs(cli: Cli, write: Write, divided: Divided) -> None:
    write("beamctl.yaml", f"{AS_IS}---\n{LABS}")
    divided(2, "plan")
    first = Path("parts/1.json").read_text()

    def refused(why: str, *command: str) -> None:
        cli(*command, "--report", "json=parts/2.json")
        ran = cli("merge-reports", "parts")
        assert (ran.code, ran.out) == (3, "")
        assert f"parts/2.json is not of the same run as parts/1.json: another {why}" in ran.err
        assert Path("parts/1.json").read_text() == first

    refused("command (drift, not plan)", "drift", "--shard", "2/2")
    refused("number of shards (3, not 2)", "plan", "--shard", "2/3")
    refused("number of shards (1, not 2)", "plan")
    refused("list of workspaces", "plan", "--shard", "2/2", "-w", "acme")
    write("beamctl.yaml", f"{CHANGED}---\n{LABS}")
    refused("documents", "plan", "--shard", "2/2")


def test_reports_of_different_commits(cli: Cli, write: Write, divided: Divided, directory: Path) -> None:
    git(directory, "init", "--quiet")
    write("beamctl.yaml", f"{AS_IS}---\n{LABS}")
    git(directory, "add", "beamctl.yaml")
    git(directory, "commit", "--quiet", "--message", "one")
    divided(2, "drift")
    git(directory, "commit", "--quiet", "--allow-empty", "--message", "two")
    cli("drift", "--shard", "2/2", "--report", "json=parts/2.json")
    ran = cli("merge-reports", "parts")
    assert (ran.code, "another commit" in ran.err) == (3, True)


def test_what_is_no_report(cli: Cli, write: Write, divided: Divided) -> None:
    write("beamctl.yaml", f"{CHANGED}---\n{LABS}")
    assert cli("merge-reports", "nowhere").code == 3
    Path("parts").mkdir()
    assert "there is no .json file in parts" in cli("merge-reports", "parts").err
    for command in ("plan", "drift"):
        divided(1, command)
        good = json.loads(Path("parts/1.json").read_text())
        shard = good["shard"]
        change = next(name for name in good if name in ("resource_changes", "resource_drift"))
        renamed = [good[change][0] | {"address": 'acme.member["mallory"]'}, *good[change][1:]]
        broken: list[Any] = [
            [],
            {},
            good | {"format_version": "9.9"},
            good | {"more": 1},
            good | {"workspaces": []},
            good | {"workspaces": good["workspaces"][:1]},
            good | {"workspaces": good["workspaces"] * 2},
            good | {"shard": shard | {"workspaces": ["../../etc"]}},
            good | {"shard": shard | {"index": 2}},
            good | {"shard": shard | {"workspaces": [*shard["workspaces"], "zeta"]}},
            good | {change: renamed},
            good | {change: [{**good[change][0], "type": "nothing"}]},
            good | {change: good[change][1:] + good[change][:1] * 2},
        ]
        for bad in broken:
            Path("parts/1.json").write_text(json.dumps(bad))
            ran = cli("merge-reports", "parts")
            assert (ran.code, ran.out) == (3, ""), bad
            assert "parts/1.json is not a report of plan, drift or apply: " in ran.err
    for text in ("{", "", '{"a": 1, "a": 2}', "[" * 5000, "\x00"):
        Path("parts/1.json").write_text(text)
        ran = cli("merge-reports", "parts")
        assert (ran.code, "parts/1.json" in ran.err) == (3, True), text


def test_a_report_of_a_whole_run_is_merged_alone(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    Path("parts").mkdir()
    whole = cli("drift", "--coverage", "--report", "json=parts/all.json")
    ran = cli("merge-reports", "parts", "--report", "sarif=m.sarif", "--report", "html=m.html")
    assert (ran.code, ran.out) == (whole.code, whole.out)
    assert cli("merge-reports", "parts", "--report", "junit=m.xml").code == 3


def test_known_drift_and_coverage_are_merged(cli: Cli, write: Write, divided: Divided) -> None:
    write("beamctl.yaml", f"{CHANGED}---\n{LABS}")
    write(
        "known.yaml",
        "version: 1\nknown:\n"
        "  member:kim@example.com: {until: 2099-01-01, reason: later}\n"
        "  member:grace@example.com: {until: 2020-01-01, reason: past, workspace: acme}\n"
        "  member:zoe@example.com: {until: 2099-01-01, reason: never}\n",
    )
    arguments = ("drift", "--known", "known.yaml", "--require-coverage", "100")
    whole = cli(*arguments, "--report", "json=whole.json")
    divided(3, *arguments)
    merged = cli("merge-reports", "parts", "--report", "json=merged.json")
    assert Path("merged.json").read_text() == Path("whole.json").read_text()
    assert (merged.code, merged.out) == (whole.code, whole.out)


@pytest.mark.parametrize("command", [("plan",), ("drift",), ("apply", "--auto-approve")])
def test_failures_are_merged(cli: Cli, write: Write, divided: Divided, command: tuple[str, ...]) -> None:
    write("beamctl.yaml", f"{AS_IS}---\n{LABS}---\n{document('nowhere')}---\n{document('elsewhere')}")
    parts = divided(3, *command)
    merged = cli("merge-reports", "parts", "-o", "json")
    assert [each["workspace"] for each in merged.json["failures"]] == ["nowhere", "elsewhere"]
    assert merged.code == max(ran.code for ran in parts) == 1
    assert "nowhere" in cli("merge-reports", "parts").out
    if command[0] != "apply":
        whole = cli(*command, "-o", "json")
        assert (merged.out, merged.code) == (whole.out, whole.code)


def test_an_allowance_may_be_for_a_workspace_of_another_shard(cli: Cli, write: Write, divided: Divided) -> None:
    write("beamctl.yaml", f"{REFUSED}---\n{LABS}")
    for command in (("plan",), ("apply", "--auto-approve")):
        parts = divided(3, *command, "--allow", "acme:mass-removal=2")
        assert [ran.code for ran in parts] == [0, 0, 0], [ran.err for ran in parts]
        assert cli("merge-reports", "parts").code == 0
    assert cli("plan", "--shard", "1/3", "--allow", "nowhere:mass-removal=2").code == 3


def test_hostile_text_in_a_report(cli: Cli, write: Write, divided: Divided) -> None:
    write("beamctl.yaml", f"{AS_IS}---\n{document('nowhere')}")
    divided(1, "drift")
    path = Path("parts/1.json")
    data = json.loads(path.read_text())
    hostile = "\r\n::error::x\x1b[31m##[add-mask]admin \u202e<!-- @here |`"
    path.write_text(json.dumps(data | {"failures": [data["failures"][0] | {"message": hostile, "hint": hostile}]}))
    ran = cli("merge-reports", "parts", "--report", "markdown=m.md")
    assert ran.code == 1
    for text in (ran.out, Path("m.md").read_text()):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\n::error" not in text
    odd = Path("parts/\x1b[31m\n.json")
    odd.write_text("{")
    assert "\n.json" not in cli("merge-reports", "parts").err
