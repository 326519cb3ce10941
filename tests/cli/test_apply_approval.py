"""`apply` asks for confirmation on a terminal, and changes nothing without it anywhere else."""

import subprocess

import pytest

from tests.cli.process import process, terminal
from tests.cli.world import AS_IS, CHANGED, Cli, People, Write, error_in

QUESTION = "Make 2 changes to acme? Only 'yes' is accepted: "


@pytest.mark.usefixtures("api")
def test_a_document_on_standard_input_cannot_approve_the_plan(cli: Cli, people: People) -> None:
    before = people()
    ran = cli("apply", "-f", "-", stdin=CHANGED.encode())
    assert ran.code == 5
    assert "Plan: 1 to invite, 1 role to change.\n" in ran.out
    assert ran.err == (
        "Error: standard input is the document, so nothing was changed\n"
        "  To apply without approval:  beamctl apply -f - --auto-approve\n"
    )
    assert people() == before
    assert cli("apply", "-f", "-", "--auto-approve", stdin=CHANGED.encode()).code == 0
    assert people() != before


@pytest.mark.usefixtures("api")
def test_yes_from_a_pipe_is_not_accepted(cli: Cli, write: Write, people: People) -> None:
    before = people()
    write("beamctl.yaml", CHANGED)
    assert cli("apply", stdin=b"yes\n").code == 5
    assert people() == before


@pytest.mark.usefixtures("api")
def test_apply_asks_nothing_if_there_are_no_changes(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli("apply")
    assert (ran.code, ran.err) == (0, "")
    assert cli("apply", "-f", "-", stdin=AS_IS.encode()).code == 0


@pytest.mark.usefixtures("api")
def test_yes_on_a_terminal_applies_the_plan(write: Write, people: People) -> None:
    before = people()
    write("beamctl.yaml", CHANGED)
    with terminal("apply", "--no-color") as screen:
        seen = screen.read_until("accepted: ")
        assert seen.index("+ invite  kim@example.com") < seen.index("\nPlan: 1 to invite, 1 role to change.\n")
        assert seen.endswith(QUESTION)
        assert people() == before
        screen.type("yes\n")
        code, seen = screen.end()
    assert code == 0
    assert "  ✓ invite kim@example.com  viewer\n" in seen
    assert seen.endswith("Applied to acme: 2 done.\n")
    assert people() == {**before, "grace@example.com": "admin", "kim@example.com": "viewer"}


@pytest.mark.usefixtures("api")
def test_a_workspace_that_changed_during_the_prompt_is_not_changed(cli: Cli, write: Write, people: People) -> None:
    write("beamctl.yaml", CHANGED)
    with terminal("apply") as screen:
        screen.read_until("accepted: ")
        call = ["emulator", "call", "--as", "ada@example.com", "-w", "acme", "PUT", "/users/grace@example.com"]
        assert cli(*call, '{"role": "viewer"}').code == 0
        screen.type("yes\n")
        code, seen = screen.end()
    assert code == 6
    assert seen.endswith(
        "Error: acme changed while waiting for approval, so nothing was changed\n"
        "  Run `beamctl apply` again to see the new plan.\n"
    )
    assert people()["grace@example.com"] == "viewer"
    assert "kim@example.com" not in people()


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("answer", ["no\n", "\n", "y\n", "YES\n", "yes please\n", "\x04"])
def test_any_other_answer_on_a_terminal_changes_nothing(write: Write, people: People, answer: str) -> None:
    before = people()
    write("beamctl.yaml", CHANGED)
    with terminal("apply") as screen:
        screen.read_until("accepted: ")
        screen.type(answer)
        code, seen = screen.end()
    assert code == 5
    assert seen.endswith("Error: not approved, so nothing was changed\n")
    assert people() == before


@pytest.mark.usefixtures("api")
def test_control_c_at_the_prompt_changes_nothing(write: Write, people: People) -> None:
    before = people()
    write("beamctl.yaml", CHANGED)
    with terminal("apply") as screen:
        screen.read_until("accepted: ")
        screen.interrupt()
        code, seen = screen.end()
    assert code == 130
    assert seen.endswith("\nError: interrupted\n")
    assert people() == before


@pytest.mark.usefixtures("api")
def test_apply_does_not_ask_about_a_plan_that_could_not_be_shown(write: Write, people: People) -> None:
    before = people()
    write("beamctl.yaml", CHANGED)
    for options, stdout in ((["-o", "json", "-q"], None), ([], subprocess.DEVNULL)):
        with terminal("apply", *options, stdout=stdout) as screen:
            seen = screen.read_until("accepted: ")
            assert seen.count("+ invite  kim@example.com") == 1
            assert "\x1b" not in seen
            screen.type("no\n")
            code, _ = screen.end()
        assert code == 5
    assert people() == before


@pytest.mark.usefixtures("api")
def test_a_blocked_plan_is_not_asked_about(write: Write, people: People) -> None:
    before = people()
    write("beamctl.yaml", AS_IS.replace("  eve@example.com: member\n", "") + "guards: {maxRemovals: 0}\n")
    with terminal("apply") as screen:
        code, seen = screen.end()
    assert code == 5
    assert "Only 'yes'" not in seen
    assert people() == before


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("output", ["text", "json"])
def test_closed_standard_input_changes_nothing(write: Write, people: People, output: str) -> None:
    before = people()
    write("beamctl.yaml", CHANGED)
    ran = process("apply", "-o", output, prelude="import os; os.close(0); sys.stdin = None")
    assert ran.code == 5
    assert ran.err.startswith("Error: there is no terminal to ask on, so nothing was changed\n")
    assert output == "text" or error_in(ran)
    assert people() == before
