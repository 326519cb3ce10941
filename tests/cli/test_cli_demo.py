"""The demo plays through, and leaves something to go on with."""

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.cli.process import process
from tests.cli.world import Cli


def test_the_demo(cli: Cli, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = process("demo", "my demo", env={"BL_API_KEY": "bl_not_for_the_demo", "BEAMCTL_WORKSPACE": "elsewhere"})
    assert (ran.code, "\x1b" in ran.out) == (0, False)
    assert "Traceback" not in ran.err
    hint = ran.out.partition("That was it. ")[2]
    enter, apply = (line for line in hint.splitlines() if line.startswith("  "))
    assert shlex.split(enter) == ["cd", "my demo"]
    again = re.findall(r"and plan again:  (.*)$", hint, re.MULTILINE)[0]
    words = shlex.split(apply)
    arguments = words[words.index("apply") :]
    assert arguments == ["apply", "--api-url", "local", "--allow", "removes-admin=eve@example.com"]
    assert f"beamctl {' '.join(['apply', *arguments[3:]])}\n" in ran.out  # as the refusal printed it
    assert shlex.split(again)[-3:] == ["plan", "--api-url", "local"]
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
        f"Error: {directory / 'my demo'} is there already, and not empty\n"
        f"  To go on in it:  cd '{directory / 'my demo'}'\n"
        "  To begin anew:  beamctl demo OTHER-DIRECTORY\n"
    )


def test_what_the_demo_hints_at_can_be_typed_where_beamctl_is_not_in_the_path(directory: Path) -> None:
    ran = process("demo", env={"PATH": os.defpath})
    assert ran.code == 0
    typed = shlex.split(re.findall(r"and plan again:  (.*)$", ran.out, re.MULTILINE)[0])
    assert Path(typed[0]).is_file()
    assert os.access(typed[0], os.X_OK)
    assert (directory / "beamctl-demo" / "beamctl.yaml").is_file()


def test_a_directory_with_something_in_it_is_left_alone(cli: Cli, directory: Path) -> None:
    (directory / "beamctl-demo").mkdir()
    (directory / "beamctl-demo" / "thesis.txt").write_text("mine")
    ran = cli("demo")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "Error: beamctl-demo is there already, and not empty\n  To begin anew:  beamctl demo OTHER-DIRECTORY\n"
    )
    assert [path.name for path in (directory / "beamctl-demo").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300, "/proc/nowhere"])
def test_a_directory_that_cannot_be(cli: Cli, directory: Path, name: str) -> None:
    (directory / "file").write_text("")
    ran = cli("demo", name)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("Error: ")
    assert name in ran.err
