"""The progress bar of an apply with many changes on a terminal."""

import pytest

from beamctl.cli.interaction import StatusLine
from beamctl.cli.output import Output
from tests.cli.process import terminal
from tests.cli.world import People, Write, document
from tests.fakes.redaction import redaction

MANY = ", ".join(f"p{number}@example.com: member" for number in range(31))


@pytest.fixture
def many(write: Write) -> None:
    write("beamctl.yaml", document(members=f"{{ada@example.com: admin, {MANY}}}", more="manage: {members: additive}\n"))


@pytest.mark.usefixtures("local", "many")
def test_a_bar_replaces_the_lines_of_single_changes(people: People) -> None:
    with terminal("apply", "--auto-approve", "--no-color") as screen:
        code, seen = screen.end()
    assert (code, sum(email.startswith("p") for email in people())) == (0, 31), seen
    assert "31/31" in seen
    assert "\x1b[?25l" not in seen, "the cursor is hidden, and stays hidden if the process is killed"
    assert "✓" not in seen
    assert "31 done" in seen


@pytest.mark.usefixtures("local", "many")
def test_verbose_shows_each_change() -> None:
    with terminal("apply", "--auto-approve", "-v", "--no-color") as screen:
        code, seen = screen.end()
    assert (code, seen.count("✓")) == (0, 31), seen
    assert "31/31" in seen


def test_a_status_line_is_replaced_and_removed(capfd: pytest.CaptureFixture[str]) -> None:
    line = StatusLine(Output(redaction()), is_terminal=True)
    line.status("Read 9 of 10 …")
    line.line("Waiting for the API.")
    line.status("Read 10 of 10 …")
    line.status("")
    line.status("")
    assert capfd.readouterr().err == (
        "Read 9 of 10 …\r              \rWaiting for the API.\nRead 10 of 10 …\r               \r"
    )
