"""`beamctl demo` runs to the end and leaves files to continue with."""

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.cli.process import process
from tests.cli.world import Cli


def test_the_demo_runs_and_its_next_commands_work(cli: Cli, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = {"BL_API_KEY": "bl_not_for_the_demo", "BEAMCTL_WORKSPACE": "elsewhere", "PATH": os.defpath}
    ran = process("demo", "my demo", env=env)
    assert (ran.code, "\x1b" in ran.out) == (0, False)
    assert "Traceback" not in ran.err
    assert "says member  changed by hand  beamctl.yaml:10\n" in ran.out
    hint = ran.out.partition("That was the tour. ")[2]
    enter, apply = (line for line in hint.splitlines() if line.startswith("  "))
    assert shlex.split(enter) == ["cd", "my demo"]
    again = re.findall(r"plan again:  (.*)$", hint, re.MULTILINE)[0]
    words = shlex.split(apply)
    arguments = words[words.index("apply") :]
    assert arguments == ["apply", "--api-url", "local", "--allow", "removes-admin=eve@example.com"]
    assert f"beamctl {' '.join(['apply', *arguments[3:]])}\n" in ran.out  # as the refusal printed it
    assert shlex.split(again)[-3:] == ["plan", "--api-url", "local"]
    assert os.access(shlex.split(again)[0], os.X_OK)  # if beamctl is not on the PATH, the hint says where it is
    monkeypatch.chdir(directory / "my demo")
    assert cli("plan", "--api-url", "local").code == 5
    assert cli("drift", "--api-url", "local").code == 2
    done = cli(*arguments, "--auto-approve")
    assert (done.code, done.err) == (0, "")
    assert "eve@example.com" in done.out
    assert cli("plan", "--api-url", "local", "--detailed-exitcode").code == 0
    refused = cli("demo", str(directory / "my demo"))
    assert (refused.code, refused.out) == (3, "")
    assert refused.err == (
        f"Error: {directory / 'my demo'} already exists and is not empty\n"
        f"  To continue in it:  cd '{directory / 'my demo'}'\n"
        "  To use another one:  beamctl demo DIRECTORY\n"
    )


def test_a_directory_that_is_not_empty_is_refused(cli: Cli, directory: Path) -> None:
    (directory / "beamctl-demo").mkdir()
    (directory / "beamctl-demo" / "thesis.txt").write_text("mine")
    ran = cli("demo")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "Error: beamctl-demo already exists and is not empty\n  To use another one:  beamctl demo DIRECTORY\n"
    )
    assert [path.name for path in (directory / "beamctl-demo").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300, "/proc/nowhere"])
def test_a_directory_that_cannot_be_created_is_an_error(cli: Cli, directory: Path, name: str) -> None:
    (directory / "file").write_text("")
    ran = cli("demo", name)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("Error: ")
    assert name in ran.err
