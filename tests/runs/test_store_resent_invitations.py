"""An invitation that keeps expiring is re-sent a limited number of times, counted in the run records."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.world import AS_IS, Cli, Write

KIM = AS_IS + "  kim@example.com: viewer\n"
GIVEN_UP = "kim@example.com: invitation {} expired, and no more are sent (guards.maxReinvites is {})"


@pytest.fixture
def expire(local: Path) -> object:
    def all_invitations() -> None:
        with sqlite3.connect(local) as database:
            database.execute("UPDATE invitation SET expires_at = '2026-01-01T00:00:00.000Z'")
        database.close()

    return all_invitations


def applies(cli: Cli, expire: object) -> int:
    """The number of applies that send an invitation before one does not."""
    assert callable(expire)
    for count in range(9):
        expire()
        ran = cli("apply", "--auto-approve")
        assert ran.code == 0
        if "No changes" in ran.out:
            return count
    raise AssertionError


@pytest.mark.parametrize(("guards", "most", "ordinal"), [("", 3, "4"), ("maxReinvites: 0", 0, "1")])
def test_an_invitation_is_re_sent_up_to_the_limit(
    cli: Cli, write: Write, expire: object, guards: str, most: int, ordinal: str
) -> None:
    write("beamctl.yaml", f"{KIM}guards: {{{guards}}}\n")
    assert cli("apply", "--auto-approve").code == 0
    assert applies(cli, expire) == most
    for _ in range(2):
        assert GIVEN_UP.format(ordinal, most) in cli("plan").out
        assert cli("drift").code == 2
        assert cli("apply", "--auto-approve").code == 0
    assert len(list(Path(".beamctl/runs").iterdir())) == 1 + most  # giving up is not recorded

    write("beamctl.yaml", f"{KIM}guards: {{maxReinvites: {most + 2}}}\n")
    assert applies(cli, expire) == 2
    write("beamctl.yaml", AS_IS)
    assert cli("apply", "--auto-approve").code == 0
    write("beamctl.yaml", f"{KIM}guards: {{{guards}}}\n")
    assert cli("apply", "--auto-approve").code == 0  # they are invited again
    assert applies(cli, expire) == most
    shutil.rmtree(".beamctl/runs")
    assert applies(cli, expire) == most


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("value", ["-1", "'3'", "1.5", "true", "null", "'25%'"])
def test_an_invalid_limit_is_a_problem(cli: Cli, write: Write, value: str) -> None:
    write("beamctl.yaml", f"{KIM}guards: {{maxReinvites: {value}}}\n")
    ran = cli("validate")
    assert ran.code == 3
    assert "'maxReinvites' " in ran.out + ran.err
