"""`beamctl init`: the files it writes are a working start, and it overwrites nothing."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.cli.process import environment, terminal
from tests.cli.world import CANARY, Cli, Write

pytestmark = pytest.mark.usefixtures("local")
ROOT = Path(__file__).parents[2]
CI = {
    "github": {f".github/workflows/{path.name}": path for path in sorted((ROOT / "examples/ci/github").glob("*.y*ml"))},
    "gitlab": {".gitlab-ci.yml": ROOT / "examples/ci/gitlab/.gitlab-ci.yml"},
}


def files() -> set[str]:
    """The files in the current directory, without those of the emulator."""
    found = (path for path in Path().rglob("*") if path.is_file() or path.is_symlink())
    return {path.as_posix() for path in found if path.parts[0] != ".beamctl"}


def test_a_plan_of_the_first_document_is_empty(cli: Cli) -> None:
    ran = cli("init", "-w", "acme", "--ci", "none")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == ("Wrote beamctl.yaml, .gitignore.\nRead the comment in beamctl.yaml. To check:  beamctl plan\n")
    assert files() == {"beamctl.yaml", ".gitignore"}
    assert "# To decide before the first apply:" in Path("beamctl.yaml").read_text()
    assert cli("validate").err == ""
    assert cli("plan", "--detailed-exitcode").code == 0
    assert cli("drift").code == 0


def test_several_workspaces_get_a_file_each(cli: Cli) -> None:
    assert cli("init", "-w", "acme", "-w", "labs", "-w", "acme", "--ci", "none").code == 0
    assert files() == {"access/acme.yaml", "access/labs.yaml", ".gitignore"}
    assert cli("validate").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_the_ci_files_are_those_of_the_examples(cli: Cli, platform: str) -> None:
    assert cli("init", "-w", "acme", "--ci", platform).code == 0
    assert CI[platform]
    assert files() == {"beamctl.yaml", ".gitignore", *CI[platform]}
    for written, example in CI[platform].items():
        assert Path(written).read_bytes() == example.read_bytes()


def test_the_ignored_files_are_those_of_beamctl(cli: Cli) -> None:
    assert cli("init", "-w", "acme", "--ci", "none").code == 0
    subprocess.run(["git", "init", "-q"], check=True)
    ignored = ["git", "check-ignore", ".beamctl/runs/x.jsonl", "secrets/ci.json"]
    assert subprocess.run(ignored, check=True, capture_output=True, text=True).stdout.split() == ignored[2:]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"*.pyc", b"*.pyc\n\n# beamctl: run records, and files with secrets\n.beamctl/\nsecrets/\n"),
        (b"*.pyc\n", b"*.pyc\n\n# beamctl: run records, and files with secrets\n.beamctl/\nsecrets/\n"),
        (b"a\r\n", b"a\r\n\r\n# beamctl: run records, and files with secrets\r\n.beamctl/\r\nsecrets/\r\n"),
        (b"/secrets\n\xff\n", b"/secrets\n\xff\n\n# beamctl: run records, and files with secrets\n.beamctl/\n"),
        (b".beamctl/\nsecrets/\n", b".beamctl/\nsecrets/\n"),
    ],
)
def test_gitignore_is_added_to(cli: Cli, before: bytes, after: bytes) -> None:
    Path(".gitignore").write_bytes(before)
    ran = cli("init", "-w", "acme", "--ci", "none")
    assert ran.code == 0
    assert Path(".gitignore").read_bytes() == after
    assert (".gitignore" in ran.err) == (before != after)


@pytest.mark.parametrize(
    ("present", "named"),
    [
        (["beamctl.yaml"], "beamctl.yaml already exists"),
        (["access/x.yaml"], "access already exists"),
        ([*CI["github"]], f"{', '.join(CI['github'])} already exist"),
        (["beamctl.yaml", *CI["github"]], f"beamctl.yaml, {', '.join(CI['github'])} already exist"),
        ([".github"], ".github already exists"),
    ],
)
def test_nothing_is_written_if_a_file_is_in_the_way(cli: Cli, write: Write, present: list[str], named: str) -> None:
    for each in present:
        write(each, "mine")
    ran = cli("init", "-w", "acme", "--ci", "github")
    assert ran.code == 3
    assert named in ran.err
    assert "so nothing was written" in ran.err
    assert files() == set(present)
    assert {Path(each).read_text() for each in present} == {"mine"}


def test_nothing_is_written_through_links(cli: Cli, directory: Path) -> None:
    (directory.parent / "elsewhere").mkdir()
    Path(".github").symlink_to(directory.parent / "elsewhere")
    ran = cli("init", "-w", "acme", "--ci", "github")
    assert (ran.code, "a folder is a link" in ran.err) == (3, True)
    Path(".github").unlink()
    for target in ("../elsewhere/x", "beamctl.md"):
        Path("beamctl.yaml").symlink_to(target)
        assert cli("init", "-w", "acme", "--ci", "none").code == 3
        Path("beamctl.yaml").unlink()
    Path(".gitignore").symlink_to("../elsewhere/ignore")
    ran = cli("init", "-w", "acme", "--ci", "none")
    assert (ran.code, ".gitignore is not a regular file" in ran.err) == (3, True)
    assert list((directory.parent / "elsewhere").iterdir()) == []
    assert files() == {".gitignore"}


def test_a_failed_write_leaves_no_file(cli: Cli, write: Write) -> None:
    write(".gitignore", "x" * 1_100_000)
    ran = cli("init", "-w", "acme", "--ci", "github")
    assert ran.code == 3
    assert "cannot write .gitignore, so nothing was written: .gitignore is larger than" in ran.err
    assert files() == {".gitignore"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-w", "acme"], "--ci is missing, and there is no terminal to ask on"),
        (["--ci", "none"], "no workspace given"),
        (["-w", "acme", "--ci", "jenkins"], "'jenkins' is not one of 'github', 'gitlab', 'none'"),
        (["-w", "", "--ci", "none"], "--workspace is empty"),
    ],
)
def test_without_a_terminal_flags_are_needed(cli: Cli, arguments: list[str], said: str) -> None:
    ran = cli("init", *arguments)
    assert ran.code == 3
    assert said in ran.err
    assert files() == set()


@pytest.mark.parametrize(("name", "code"), [("gone", 1), ("../acme", 3), ("a/b", 3), ("Acme", 3), ("acme\n", 3)])
def test_a_workspace_that_does_not_exist_is_an_error(cli: Cli, name: str, code: int) -> None:
    ran = cli("init", "-w", name, "--ci", "none")
    assert ran.code == code
    assert ran.err.startswith("Error: ")
    assert files() == set()


def test_on_a_terminal_it_asks(cli: Cli) -> None:
    with terminal("init") as screen:
        screen.read_until("Workspace: ")
        screen.type("acme\n")
        screen.read_until("CI files (github, gitlab or none): ")
        screen.type("GitLab\n")
        code, shown = screen.end()
    assert code == 0, shown
    assert files() == {"beamctl.yaml", ".gitignore", ".gitlab-ci.yml"}
    assert cli("plan", "--detailed-exitcode").code == 0


def test_nothing_is_asked_if_there_is_a_document(write: Write) -> None:
    write("beamctl.yaml", "mine")
    with terminal("init") as screen:
        code, shown = screen.end()
    assert (code, "Workspace" in shown, "beamctl.yaml already exists" in shown) == (3, False, True)


def test_an_unclear_answer_writes_nothing() -> None:
    with terminal("init", "-w", "acme") as screen:
        screen.read_until("none): ")
        screen.type("yes\n")
        code, shown = screen.end()
    assert (code, "'yes' is not one of: github, gitlab, none. Nothing was written." in shown) == (3, True)
    assert files() == set()


def test_a_credential_that_cannot_read_everything_is_exit_4(
    cli: Cli, api: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        api, "override", lambda call: ("403 Forbidden", "", b"{}") if call.startswith("GET /policies") else None
    )
    ran = cli("init", "-w", "acme", "--ci", "none")
    assert ran.code == 4
    assert "cannot read all of acme (exit 4). Left out: policies" in ran.err
    assert cli("plan", "--detailed-exitcode").code == 0
    assert CANARY not in Path("beamctl.yaml").read_text()


def test_it_works_as_installed(directory: Path) -> None:
    """The wheel contains the CI files of the examples, and its `init` writes them."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (directory / "dist").iterdir()
    with zipfile.ZipFile(wheel) as content:
        content.extractall(directory / "installed")
    wheel.unlink()
    assert not (directory / "installed" / "examples").exists()
    env = environment({"PYTHONPATH": f"{directory / 'installed'}{os.pathsep}{environment()['PYTHONPATH']}"})
    for platform, expected in CI.items():
        here = directory / platform
        here.mkdir()
        (here / ".beamctl").symlink_to(directory / ".beamctl")
        where = "import beamctl, sys; from beamctl.cli.main import run; print(beamctl.__file__); run(sys.argv[1:])"
        command = [sys.executable, "-c", where, "init", "-w", "acme", "--ci", platform]
        ran = subprocess.run(command, cwd=here, env=env, check=True, capture_output=True, text=True)
        assert ran.stdout.startswith(str(directory / "installed"))
        for written, example in expected.items():
            assert (here / written).read_bytes() == example.read_bytes()
