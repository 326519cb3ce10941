"""In a hostile checkout, no command runs a program of its author: not through a document, an embedded repository, a git
setting, a variable, or a module that shadows an import. `apply` runs only what the plan shows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from beamctl.emulator import create_app, load_seed
from beamctl.runs.commit import commit_of
from beamctl.secrets import file
from tests.cli.hostile import Checkout, git, hostile_checkout, hostile_variables, new_repository, tripwires
from tests.cli.process import environment
from tests.cli.world import Cli

MACHINES = """\
version: 1
workspace: plain
members: {ada@example.com: admin, kim@example.com: viewer}
serviceAccounts: {ci: {role: member, secretTo: {command: [keeper, --for, ci]}}}
integrations: {ai: {integration: openai, secret: {apiKey: {command: [teller]}}}}
"""
READING = (
    ["validate"],
    ["plan"],
    ["plan", "--out", "plan.json"],
    ["drift"],
    ["apply"],  # there is no terminal to confirm on
)
LOOKING_BACK = (["show", "-w", "plain"], ["export", "-w", "plain"], ["runs"], ["runs", "last"], ["undo", "last"])


@pytest.fixture
def checkout(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    tools = tmp_path / "tools"
    tools.mkdir()
    found = hostile_checkout(directory, tools)
    names = sorted(found.commits)
    people = {"email": "ada@example.com", "workspaces": dict.fromkeys(names, "admin")}
    (directory / ".beamctl").mkdir()
    create_app(directory / ".beamctl" / "emulator.db")
    load_seed(
        directory / ".beamctl" / "emulator.db", {"workspaces": [{"name": name} for name in names], "users": [people]}
    )
    monkeypatch.setenv("BEAMCTL_API_URL", "local")
    monkeypatch.setenv("PATH", tripwires(found, tools))
    return found


@pytest.fixture
def hostile(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    for name, value in hostile_variables(checkout, os.environ["PATH"]).items():
        monkeypatch.setenv(name, value)
    return checkout


def documents(found: Checkout) -> list[str]:
    paths = [path for path in found.root.rglob("doc.yaml") if ".git" not in path.parts]
    assert len(paths) == len(found.commits)
    return [word for path in sorted(paths) for word in ("-f", str(path.relative_to(found.root)))]


def test_only_git_runs(cli: Cli, checkout: Checkout) -> None:
    named = documents(checkout)
    for command in READING:
        ran = cli(*command, *named)
        assert (ran.code, checkout.ran) == ({"drift": 2, "apply": 5}.get(command[0], 0), set()), ran.err
    assert json.loads(Path("plan.json").read_text())["saved"]["commit"] == checkout.commits["promisor"]
    assert cli("apply", *named, "--auto-approve").code == 0
    commits = {each["workspace"]: each["commit"] for each in cli("runs", "-o", "json", "--all").json["runs"]}
    assert commits == checkout.commits
    for command in LOOKING_BACK:
        assert (cli(*command).code, checkout.ran) == (0, set())


def test_a_base_runs_nothing(cli: Cli, hostile: Checkout) -> None:
    for command, code in (("drift", 2), ("plan", 0)):
        ran = cli(command, "-f", "plain/doc.yaml", "--base", "HEAD")
        assert (ran.code, hostile.ran) == (code, set()), ran.err
        ran = cli(command, "-f", "promisor/doc.yaml", "--base", "HEAD")
        assert (ran.code, hostile.ran) == (3, set())
        assert "In a partial clone, fetch the file first." in ran.err


def test_finding_a_renamed_document_runs_nothing(cli: Cli, checkout: Checkout) -> None:
    fresh = checkout.root / "fresh"
    fresh.mkdir()
    (fresh / "doc.yaml").write_text((checkout.root / "plain" / "doc.yaml").read_text())
    new_repository(fresh)
    git(fresh, "mv", "doc.yaml", "moved.yaml")
    git(fresh, "commit", "--quiet", "--message", "moved")
    checkout.corrupt(fresh / ".git")
    ran = cli("drift", "-f", "fresh/moved.yaml", "--base", "HEAD~1")
    assert (ran.code, checkout.ran) == (2, set()), ran.err
    assert "Compared with fresh/moved.yaml at HEAD~1" in ran.out


def test_apply_runs_the_commands_of_the_plan_after_approval(cli: Cli, hostile: Checkout) -> None:
    (hostile.root / "machines.yaml").write_text(MACHINES)
    for command in READING:
        cli(*command, "-f", "machines.yaml")
        assert hostile.ran == set()
    ran = cli("apply", "plan.json", "--auto-approve")
    assert ran.code == 7  # the tripwires return nothing
    assert hostile.ran == {"keeper", "teller"}


def test_an_embedded_repository_does_not_decide_what_git_ignores(cli: Cli, checkout: Checkout) -> None:
    """Each embedded repository ignores everything. The outer repository, which would commit the file, does not."""
    for folder in ("in-the-folder", "git-folder", "git-file", "plain"):
        text = MACHINES.replace("command: [keeper, --for, ci]", f"file: {folder}/key").replace("[teller]", "[git]")
        (checkout.root / "machines.yaml").write_text(text)
        ran = cli("apply", "-f", "machines.yaml", "--auto-approve")
        assert ran.code == 5, folder
        assert "does not ignore it" in ran.err
    assert checkout.ran == set()


def test_a_repository_of_another_user_runs_nothing_during_an_ignore_check(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.corrupt(checkout.root / ".git")
    if os.geteuid() == 0:
        os.chown(checkout.root / ".git", 54321, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert file.why_not_to(checkout.root / "ignored.json") == ""
    assert "whether it is ignored is unknown" in file.why_not_to(checkout.root / "key")
    assert commit_of("plain/doc.yaml") == ""
    assert checkout.ran == set()


def test_a_module_in_the_current_directory_is_not_imported(directory: Path, tmp_path: Path) -> None:
    """Also with an empty entry in PYTHONPATH, which means the current directory."""
    for name in ("yaml", "click", "httpx", "jsonschema", "deepdiff", "keyring", "flask", "getpass", "subprocess"):
        (directory / f"{name}.py").write_text(f"open({str(tmp_path / 'marks')!r}, 'a').write('{name} ')\n")
    (directory / "beamctl.yaml").write_text(MACHINES)
    inherited = environment()
    ran = subprocess.run(
        [sys.executable, "-m", "beamctl", "validate"],
        env={**inherited, "PYTHONPATH": f"{os.pathsep}{inherited['PYTHONPATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert not (tmp_path / "marks").exists()
