"""Who says yes, and what is changed when nobody does. On a terminal it is asked; elsewhere it is refused."""

import subprocess

import pytest

from tests.cli.process import process, terminal
from tests.cli.world import AS_IS, CHANGED, Cli, People, Write, error_in

QUESTION = "Make 2 changes to acme? Only 'yes' is accepted: "


@pytest.mark.usefixtures("api")
def test_standard_input_that_is_the_document_cannot_say_yes(cli: Cli, people: People) -> None:
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
def test_a_yes_from_a_pipe_is_none(cli: Cli, write: Write, people: People) -> None:
    before = people()
    write("beamctl.yaml", CHANGED)
    assert cli("apply", stdin=b"yes\n").code == 5
    assert people() == before


@pytest.mark.usefixtures("api")
def test_where_there_is_nothing_to_do_nobody_is_asked(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli("apply")
    assert (ran.code, ran.err) == (0, "")
    assert cli("apply", "-f", "-", stdin=AS_IS.encode()).code == 0


@pytest.mark.usefixtures("api")
def test_yes_on_a_terminal(write: Write, people: People) -> None:
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
def test_a_workspace_that_changed_while_somebody_thought(cli: Cli, write: Write, people: People) -> None:
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
def test_anything_else_on_a_terminal(write: Write, people: People, answer: str) -> None:
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
def test_control_c_at_the_question(write: Write, people: People) -> None:
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
def test_nobody_is_asked_about_a_plan_they_have_not_seen(write: Write, people: People) -> None:
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
def test_a_refused_plan_is_not_asked_about(write: Write, people: People) -> None:
    before = people()
    write("beamctl.yaml", AS_IS.replace("  eve@example.com: member\n", "") + "guards: {maxRemovals: 0}\n")
    with terminal("apply") as screen:
        code, seen = screen.end()
    assert code == 5
    assert "Only 'yes'" not in seen
    assert people() == before


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("output", ["text", "json"])
def test_closed_standard_input(write: Write, people: People, output: str) -> None:
    before = people()
    write("beamctl.yaml", CHANGED)
    ran = process("apply", "-o", output, prelude="import os; os.close(0); sys.stdin = None")
    assert ran.code == 5
    assert ran.err.startswith("Error: there is no terminal to ask on, so nothing was changed\n")
    assert output == "text" or error_in(ran)
    assert people() == before
