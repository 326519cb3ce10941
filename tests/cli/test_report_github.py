"""`--report github` writes to the files of the runner, and annotates lines in its log."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.world import AS_IS, CANARY, CHANGED, REFUSED, Cli, People, Write
from tests.fakes.actions_runner import Runner, outputs_of

pytestmark = pytest.mark.usefixtures("local")
LIMIT = 1024 * 1024
REMOVED = AS_IS.replace("  eve@example.com: member\n", "")


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, directory: Path) -> tuple[Path, Path]:
    """The summary and the outputs, empty as the runner creates them."""
    (directory / "runner").mkdir()
    found = directory / "runner" / "summary", directory / "runner" / "outputs"
    for name, path in zip(("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"), found, strict=True):
        path.write_text("")
        monkeypatch.setenv(name, str(path))
    return found


@pytest.mark.parametrize(
    ("document", "command", "code", "expected"),
    [
        (REMOVED, "plan", 0, {"changes": "true", "refused": "false", "drift": "false", "delete": "1", "create": "0"}),
        (REFUSED, "plan", 5, {"changes": "true", "refused": "true", "delete": "2", "hazards": "1"}),
        (AS_IS, "plan --detailed-exitcode", 0, {"changes": "false", "refused": "false", "hazards": "0"}),
        (CHANGED, "plan --detailed-exitcode", 2, {"create": "1", "update": "1", "delete": "0"}),
        (REMOVED, "drift", 2, {"drift": "true", "refused": "false", "delete": "1"}),
        (AS_IS, "drift", 0, {"drift": "false", "changes": "false"}),
        (CHANGED, "apply --auto-approve", 0, {"done": "2", "failed": "0", "not_attempted": "0"}),
        (REFUSED, "apply --auto-approve", 5, {"done": "0", "refused": "true"}),
    ],
)
def test_summary_outputs_and_exit_codes(  # noqa: PLR0913 - one argument per column
    step: Cli,
    write: Write,
    files: tuple[Path, Path],
    *,
    document: str,
    command: str,
    code: int,
    expected: dict[str, str],
) -> None:
    write("beamctl.yaml", document)
    ran = step(*command.split(), "--report", "github")
    assert ran.code == code, ran
    found = outputs_of(files[1].read_text())
    assert expected.items() <= found.items()
    assert found["digest"].startswith("sha256:")
    assert "acme" in files[0].read_text()
    runner = Runner().read(ran.err).read(ran.out)
    assert (runner.outside, runner.token) == ([], "")
    assert {each.name for each in runner.obeyed} <= {"error", "warning", "notice"}
    assert bool(runner.obeyed) == ((found["changes"] == "true" and command != "apply --auto-approve") or code == 5)


def test_annotations_are_on_lines_of_the_checkout(
    step: Cli, write: Write, files: tuple[Path, Path], directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("beamctl.yaml", REMOVED)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(directory.parent))
    ran = step("plan", "--report", "github")
    assert files[0].exists()
    (command,) = Runner().read(ran.out).obeyed
    assert {**command.properties, "title": ""} == {"file": "work/beamctl.yaml", "line": "3", "col": "1", "title": ""}
    assert command.message == "remove eve@example.com: was member"


@pytest.mark.usefixtures("files")
def test_annotations_leave_json_alone(step: Cli, write: Write) -> None:
    write("beamctl.yaml", REMOVED)
    ran = step("plan", "-o", "json", "--report", "github")
    assert ran.json["resource_changes"]
    assert [each.name for each in Runner().read(ran.err).obeyed] == ["warning"]


def test_what_is_there_is_kept_and_counted(step: Cli, write: Write, files: tuple[Path, Path]) -> None:
    write("beamctl.yaml", REMOVED)
    files[1].write_text("mine=1")
    before = "x" * (LIMIT - 5000)
    files[0].write_text(before)
    assert step("plan", "--report", "github").code == 0
    text = files[0].read_text()
    assert text.startswith(f"{before}\n\n<!-- beamctl:plan:v1 ")
    assert len(text.encode()) <= LIMIT
    assert outputs_of(files[1].read_text())["mine"] == "1"
    assert outputs_of(files[1].read_text())["changes"] == "true"


@pytest.mark.parametrize("command", ["plan", "drift", "apply --auto-approve"])
def test_a_full_summary_is_refused_first(
    step: Cli, write: Write, people: People, files: tuple[Path, Path], command: str
) -> None:
    write("beamctl.yaml", CHANGED)
    before = dict(people())
    files[0].write_text("x" * (LIMIT - 100))
    ran = step(*command.split(), "--report", "github")
    assert ran.code == 3
    assert "the step summary is full: 100 of 1,048,576 bytes are left" in ran.err
    assert (ran.out, files[1].read_text(), people()) == ("", "", before)


def test_a_runner_file_that_fails_after_an_apply_is_exit_7(
    step: Cli, write: Write, people: People, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = "serviceAccounts: {ci: {role: member, secretTo: {file: keys/ci.json}}}\n"
    write("beamctl.yaml", CHANGED + account)
    monkeypatch.setenv("GITHUB_OUTPUT", "keys")
    ran = step("apply", "--auto-approve", "--report", "github", "--report", "text=r.txt")
    assert ran.code == 7
    assert "cannot write to keys: Is a directory\n  The apply was not stopped by this." in ran.err
    assert people()["kim@example.com"] == "viewer"
    assert Path("r.txt").exists()
    assert files[0].read_text()


@pytest.mark.parametrize(
    ("environment", "report", "said"),
    [
        ({"GITHUB_ACTIONS": ""}, "github", "this is not a step of GitHub Actions: GITHUB_ACTIONS is not `true`"),
        ({"GITHUB_OUTPUT": ""}, "github", "this is not a step of GitHub Actions: GITHUB_OUTPUT is not set"),
        ({"GITHUB_STEP_SUMMARY": ""}, "github", "GITHUB_STEP_SUMMARY is not set"),
        ({"GITHUB_STEP_SUMMARY": "runner"}, "github", "GITHUB_STEP_SUMMARY names runner, which is not a writable file"),
        ({"GITHUB_OUTPUT": "none/x"}, "github", "GITHUB_OUTPUT names none/x, which is not a writable file"),
        ({}, "github=plan.md", "--report github takes no file"),
        ({}, "github=", "--report github takes no file"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply --auto-approve"])
def test_outside_of_a_step_it_is_refused_first(  # noqa: PLR0913 - one argument per column
    step: Cli,
    write: Write,
    people: People,
    files: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    *,
    environment: dict[str, str],
    report: str,
    said: str,
    command: str,
) -> None:
    write("beamctl.yaml", CHANGED)
    before = dict(people())
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ran = step(*command.split(), "--report", report)
    assert (ran.code, ran.out) == (3, "")
    assert said in ran.err
    assert people() == before
    assert [path.read_text() for path in files] == ["", ""]


@pytest.mark.usefixtures("files")
def test_it_is_named_once(step: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    ran = step("plan", "--report", "github", "--report", "github")
    assert ran.code == 3
    assert "--report github is named twice" in ran.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_is_refused(step: Cli, write: Write, files: tuple[Path, Path]) -> None:
    write("beamctl.yaml", AS_IS)
    files[1].chmod(0o400)
    assert step("plan", "--report", "github").code == 3


@pytest.mark.usefixtures("api")
def test_no_secret_is_in_any_of_them(step: Cli, write: Write, files: tuple[Path, Path]) -> None:
    write("beamctl.yaml", AS_IS + f"settings: {{displayName: 'x {CANARY}'}}\n")
    ran = step("plan", "--report", "github", "--report", "sarif=r.sarif", "--report", "junit=r.xml")
    assert ran.code == 0, ran
    assert any("x •••" in each.message for each in Runner().read(ran.out).obeyed)
    for text in (ran.out, ran.err, *(path.read_text() for path in (*files, Path("r.sarif"), Path("r.xml")))):
        assert CANARY not in text


def test_a_sarif_report_replaces_an_earlier_one(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    for _ in range(2):
        assert cli("plan", "--report", "sarif=r.sarif", "--report", "gitlab-terraform=tf.json").code == 0


BROKEN = AS_IS.replace("eve@example.com: member", "eve@example.com: '##[add-mask]x'") + "nonsense: 1\n"


@pytest.mark.parametrize("command", ["validate", "plan", "drift", "apply --auto-approve"])
def test_problems_are_on_their_lines(step: Cli, write: Write, files: tuple[Path, Path], command: str) -> None:
    write("beamctl.yaml", BROKEN)
    reports = ("--report", "github", "--report", "sarif=r.sarif", "--report", "junit=r.xml")
    ran = step(*command.split(), *reports, "--report", "gitlab-codequality=q.json")
    assert ran.code == 3
    runner = Runner().read(ran.err).read(ran.out)
    assert [(each.name, each.properties["line"]) for each in runner.obeyed] == [("error", "7"), ("error", "8")]
    assert "'##\u200b[add-mask]x' is not one of" in runner.obeyed[0].message
    assert outputs_of(files[1].read_text()) == {"valid": "false", "problems": "2", "warnings": "0"}
    assert files[0].read_text() == ""
    found = [each["check_name"] for each in json.loads(Path("q.json").read_text())]
    assert found == ["beamctl/document/invalid-value", "beamctl/document/unknown-key"]
    if command == "validate":  # elsewhere, no later report would close them
        assert [each["ruleId"] for each in json.loads(Path("r.sarif").read_text())["runs"][0]["results"]] == found
    else:
        assert not Path("r.sarif").exists()
    assert Path("r.xml").read_text().count("<failure ") == 2


def test_reports_of_valid_documents_have_no_findings(step: Cli, write: Write, files: tuple[Path, Path]) -> None:
    write("beamctl.yaml", AS_IS)
    assert step("validate", "--report", "github", "--report", "sarif=r.sarif", "--report", "junit=r.xml").code == 0
    assert outputs_of(files[1].read_text()) == {"valid": "true", "problems": "0", "warnings": "0"}
    assert json.loads(Path("r.sarif").read_text())["runs"][0]["results"] == []
    assert 'name="beamctl.yaml is valid"' in Path("r.xml").read_text()


def test_a_secret_in_a_problem_is_hidden(step: Cli, write: Write) -> None:
    secret = "bl_" + "a1b2c3d4e5f6g7h8"
    write("beamctl.yaml", AS_IS + f"{secret}: 1\n")
    assert step("validate", "--report", "sarif=r.sarif").code == 3
    assert secret not in Path("r.sarif").read_text()
    assert "\\u2022\\u2022\\u2022" in Path("r.sarif").read_text()


@pytest.mark.parametrize("report", ["text=r.txt", "json=r.json", "markdown=r.md", "gitlab-terraform=r.json"])
def test_validate_has_no_reports_of_plans(cli: Cli, write: Write, report: str) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli("validate", "--report", report)
    assert ran.code == 3
    assert "only plans have this report" in ran.err
    assert not Path(report.partition("=")[2]).exists()


def test_a_report_that_cannot_show_problems_is_not_written(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", BROKEN)
    ran = cli("plan", "--report", "sarif=r.sarif", "--report", "text=r.txt")
    assert ran.code == 3
    assert "is not one of" in ran.err
    assert not Path("r.txt").exists()
