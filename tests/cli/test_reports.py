"""`--report FORMAT=FILE` writes what is shown; one that cannot be written is refused before anything is changed."""

import json
from pathlib import Path

import pytest

from tests.cli.world import AS_IS, CANARY, CHANGED, Cli, People, Write

pytestmark = pytest.mark.usefixtures("local")


@pytest.mark.parametrize(("command", "code"), [("plan", 0), ("drift", 2)])
def test_text_and_json_reports_are_what_is_shown(cli: Cli, write: Write, command: str, code: int) -> None:
    write("beamctl.yaml", CHANGED)
    reports = ("--report", "text=report.txt", "--report", "json=report.json")
    shown = cli(command, *reports)
    assert shown.code == code, shown.err
    assert Path("report.txt").read_text() == shown.out
    as_json = cli(command, "-o", "json", *reports)
    assert as_json.code == code
    assert json.loads(Path("report.json").read_text()) == as_json.json
    assert Path("report.txt").read_text() == shown.out


def test_an_apply_reports_its_results(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    ran = cli("apply", "--auto-approve", "-o", "json", "--report", "json=r.json", "--report", "text=r.txt")
    assert ran.code == 0, ran.err
    assert json.loads(Path("r.json").read_text()) == ran.json
    assert "Applied to acme: 2 done." in Path("r.txt").read_text()


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ("text", "needs a file"),
        ("text=", "needs a file"),
        ("text=-", "needs a file"),
        ("words=x.txt", "unknown format 'words'"),
        ("=x.txt", "unknown format ''"),
        ("text=beamctl.yaml", "is a document"),
        ("text=./plans/../beamctl.yaml", "is a document"),
        ("text=runs/x.txt", "is in the folder of run records"),
        ("text=missing/x.txt", "missing is not a directory"),
        ("text=plans", "is not a regular file"),
        ("text=link", "is not a regular file"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_report_that_cannot_be_written_is_refused_first(
    cli: Cli, write: Write, people: People, command: str, report: str, said: str
) -> None:
    write("beamctl.yaml", CHANGED)
    Path("plans").mkdir()
    Path("link").symlink_to("/dev/stdout")
    before = dict(people())
    more = ("--out", "saved.json") if command == "plan" else ("--auto-approve",)
    ran = cli(command, *more, "--record", "runs", "--report", report)
    assert ran.code == 3
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert not ran.out
    assert people() == before
    assert Path("beamctl.yaml").read_text() == CHANGED


def test_two_reports_never_share_a_file(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli("plan", "--report", "text=r.txt", "--report", "json=./r.txt")
    assert ran.code == 3
    assert "--report json=r.txt: --report text writes the same file" in ran.err


def test_a_report_is_not_the_saved_plan(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli("plan", "--out", "saved.json", "--report", "text=./saved.json")
    assert ran.code == 3
    assert "--out writes the same file" in ran.err
    assert not Path("saved.json").exists()


def test_the_report_of_a_saved_plan_is_replaced_by_the_next_one(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    assert cli("plan", "--out", "saved.json", "--report", "json=r.json").code == 0
    assert cli("apply", "saved.json", "--auto-approve", "--report", "json=r.json").code == 0
    assert cli("plan", "--report", "json=r.json").code == 0
    assert "results" not in json.loads(Path("r.json").read_text())


def test_a_report_that_fails_after_an_apply_is_exit_7(cli: Cli, write: Write, people: People) -> None:
    account = "serviceAccounts: {ci: {role: member, secretTo: {file: keys/ci.json}}}\n"
    write("beamctl.yaml", CHANGED + account)
    ran = cli("apply", "--auto-approve", "--report", "text=keys", "--report", "json=r.json")
    assert ran.code == 7
    assert "Applied to acme: 3 done." in ran.out
    assert "Error: keys is not a regular file\n  The apply was not stopped by this." in ran.err
    assert people()["kim@example.com"] == "viewer"
    assert json.loads(Path("r.json").read_text())["summary"]["done"] == 3


@pytest.mark.usefixtures("api")
def test_secrets_are_hidden_in_every_format(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS + f"settings: {{displayName: 'x {CANARY}'}}\n")
    files = {"text": "r.txt", "json": "r.json", "markdown": "r.md", "html": "r.html"}
    assert cli("plan", *(word for name in files for word in ("--report", f"{name}={files[name]}"))).code == 0
    for file in files.values():
        assert CANARY not in Path(file).read_text()
        if file != "r.json":
            assert "x •••" in Path(file).read_text()


def test_every_command_writes_markdown_and_html(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    verdicts = {
        "plan": "1 person gains access, 1 is promoted",
        "drift": "Drift: 1 person is missing, 1 has a lower role than declared",
        "apply": "Applied: 2 done",
    }
    for command, verdict in verdicts.items():
        more = ("--auto-approve",) if command == "apply" else ()
        cli(command, *more, "--report", f"markdown={command}.md", "--report", f"html={command}.html")
        assert Path(f"{command}.md").read_text().splitlines()[2] == f"### {verdict} · `acme`"
        assert f"<h1>{verdict} · <code>acme</code></h1>" in Path(f"{command}.html").read_text()


def test_plan_explains_what_people_gain(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    told = cli("plan", "--explain").out
    assert "\n      can also invite users, remove users, edit policies, delete the workspace, " in told
    assert "can also" not in cli("plan").out
