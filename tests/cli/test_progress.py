"""What an apply of many changes shows on a terminal."""

import pytest

from tests.cli.process import terminal
from tests.cli.world import People, Write, document

MANY = ", ".join(f"p{number}@example.com: member" for number in range(31))


@pytest.fixture
def many(write: Write) -> None:
    write("beamctl.yaml", document(members=f"{{ada@example.com: admin, {MANY}}}", more="manage: {members: additive}\n"))


@pytest.mark.usefixtures("local", "many")
def test_a_bar_instead_of_each_change(people: People) -> None:
    with terminal("apply", "--auto-approve", "--no-color") as screen:
        code, seen = screen.end()
    assert (code, sum(email.startswith("p") for email in people())) == (0, 31), seen
    assert "31/31" in seen
    assert "/s" in seen
    assert "✓" not in seen
    assert "31 done" in seen


@pytest.mark.usefixtures("local", "many")
def test_each_change_if_asked_for() -> None:
    with terminal("apply", "--auto-approve", "-v", "--no-color") as screen:
        code, seen = screen.end()
    assert (code, seen.count("✓")) == (0, 31), seen
    assert "31/31" in seen
