"""A run that is killed after it created a secret and before it stored it, and a run that only seems to be killed."""

import json
import sys
from pathlib import Path

import pytest

from tests.cli.process import process
from tests.cli.world import Cli, Write

SECTION = """\
version: 1
workspace: acme
serviceAccounts:
  ci: {{role: member, secretTo: {{command: {command}}}}}
"""
NOW = ("plan", "-f", "a.yaml", "--api-url", "local")


def writes(write: Write, *command: str) -> None:
    write("a.yaml", SECTION.format(command=json.dumps(command)))


@pytest.mark.usefixtures("local")
def test_the_next_run_replaces_a_secret_that_a_killed_run_created(cli: Cli, write: Write, directory: Path) -> None:
    writes(write, "sh", "-c", "kill -9 $PPID")
    assert process("apply", "-f", "a.yaml", "--api-url", "local", "--auto-approve").code == -9
    writes(write, "true")
    without = cli(*NOW, "--record", "none")
    assert (without.code, "+ create" in without.out, "no run record confirms it" in without.out) == (
        0,
        False,
        True,
    )
    assert cli("drift", "-f", "a.yaml", "--record", "none").code == 2
    flag = without.out.partition("--allow '")[2].partition("'")[0]
    allowed = cli(*NOW, "--record", "none", "--allow", flag)
    assert (allowed.code, "- delete" in allowed.out) == (0, True)
    plan = cli(*NOW)
    assert (plan.code, "+ create  ci" in plan.out, "- delete  ci (" in plan.out) == (0, True, True)
    assert cli("apply", "-f", "a.yaml", "--auto-approve").code == 0
    assert cli("drift", "-f", "a.yaml").code == 0
    assert len(list((directory / ".beamctl" / "runs").glob("*.jsonl"))) == 2


@pytest.mark.usefixtures("local")
@pytest.mark.skipif(sys.platform == "win32", reason="no locks of this kind")
def test_a_run_in_progress_is_left_alone(cli: Cli, write: Write, directory: Path) -> None:
    nested = f"cat > /dev/null; {sys.executable} -m beamctl {' '.join(NOW)} > seen"
    writes(write, "sh", "-c", nested)
    assert process("apply", "-f", "a.yaml", "--api-url", "local", "--auto-approve").code == 0
    seen = (directory / "seen").read_text()
    assert "No changes to make" in seen
    assert "is left alone" in seen
    assert cli("drift", "-f", "a.yaml").code == 0
