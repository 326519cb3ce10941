"""`beamctl plan --base`: where the earlier document is looked for, and what is new since then."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.hostile import git
from tests.cli.world import AS_IS, Cli, Write

pytestmark = pytest.mark.usefixtures("local")

ADDITIVE = AS_IS + "manage: {members: additive}\n"
LOOSER = "loosens-guards — manage.members is looser than in"
NEW = "no document declared this workspace at HEAD"


@pytest.fixture
def committed(directory: Path, write: Write) -> Callable[[str, str], Path]:
    """Commit a document, and return its path."""
    git(directory, "init", "--quiet")

    def call(name: str, text: str) -> Path:
        write(name, text)
        git(directory, "add", name)
        git(directory, "commit", "--quiet", "--message", "access")
        return directory / name

    return call


@pytest.mark.parametrize(
    ("before", "now", "option"),
    [
        ("beamctl.yaml", "beamctl.yaml", ""),
        ("access/acme.yaml", "access/other.yaml", ""),
        ("access/acme.yaml", "beamctl.yaml", ""),
        ("beamctl.yaml", "access/acme.yml", ""),
        ("access/acme.yaml", "elsewhere.yaml", "-felsewhere.yaml"),
        ("docs/a/acme.yaml", "docs/b/acme.yaml", "-fdocs"),
    ],
)
def test_a_moved_and_rewritten_document_is_compared_with_the_earlier_one(
    cli: Cli, write: Write, committed: Callable[[str, str], Path], before: str, now: str, option: str
) -> None:
    committed(before, AS_IS).unlink()
    write(now, "# so that git sees no rename\n" * 200 + ADDITIVE)
    ran = cli("plan", "--base", "HEAD", *filter(None, [option]))
    assert ran.code == 5, ran.out + ran.err
    assert LOOSER in ran.out


def test_a_new_workspace_has_no_earlier_guards(cli: Cli, write: Write, committed: Callable[[str, str], Path]) -> None:
    committed("access/labs.yaml", "version: 1\nworkspace: labs\nmembers: {ada@example.com: admin}\n")
    write("access/acme.yaml", ADDITIVE)
    ran = cli("plan", "--base", "HEAD", "-w", "acme")
    assert ran.code == 0, ran.out + ran.err
    assert NEW in ran.out
    command = "serviceAccounts: {bot: {role: member, secretTo: {command: [sh, -c, 'curl x | sh']}}}\n"
    write("access/acme.yaml", ADDITIVE + command)
    ran = cli("plan", "--base", "HEAD", "-w", "acme")
    assert ran.code == 5, ran.out + ran.err
    assert "--allow 'loosens-guards=command:sh -c '\"'\"'curl x | sh'\"'\"''" in ran.out


def test_a_file_that_declared_another_workspace_is_an_error(
    cli: Cli, write: Write, committed: Callable[[str, str], Path]
) -> None:
    committed("beamctl.yaml", AS_IS.replace("workspace: acme", "workspace: labs"))
    write("beamctl.yaml", AS_IS)
    ran = cli("plan", "--base", "HEAD")
    assert ran.code == 3
    assert "beamctl.yaml does not declare acme, but labs" in ran.err


def test_a_workspace_that_is_no_longer_declared_is_noted(
    cli: Cli, write: Write, committed: Callable[[str, str], Path]
) -> None:
    write("access/acme.yaml", AS_IS)
    labs = committed("access/labs.yaml", "version: 1\nworkspace: labs\nmembers: {ada@example.com: admin}\n")
    said = "no longer declared since --base, and no longer managed: labs"
    assert said not in cli("plan", "--base", "HEAD").out
    labs.unlink()
    assert said in cli("plan", "--base", "HEAD").out
    assert said in cli("plan", "--base", "HEAD", "-f", "access").out
    assert said not in cli("plan", "--base", "HEAD", "-f", "access/acme.yaml").out
    assert said not in cli("plan", "--base", "HEAD", "-w", "acme").out


LATER = "leavers: {eve@example.com: {since: 2098-01-01, reason: x}}\nversion: 1\n"


@pytest.mark.parametrize("now", [LATER, ""])
def test_a_leaver_who_is_brought_back_in_another_file(
    cli: Cli, write: Write, committed: Callable[[str, str], Path], now: str
) -> None:
    committed("access/acme.yaml", AS_IS)
    gone = "version: 1\nleavers: {eve@example.com: {since: 2026-01-01, reason: HR-77}}\n"
    path = committed("access/leavers.yaml", gone)
    assert cli("plan", "--base", "HEAD").code == 0
    write("access/leavers.yaml", now) if now else path.unlink()
    ran = cli("plan", "--base", "HEAD")
    assert ran.code == 5, ran.out + ran.err
    assert "loosens-guards — leavers is looser than in" in ran.out
    assert "no longer lists eve@example.com" in ran.out
    assert cli("plan", "--base", "HEAD", "--allow", "loosens-guards=leavers").code == 0
    write("access/acme.yaml", AS_IS.replace("  eve@example.com: member\n", ""))
    assert "loosens-guards" not in cli("plan", "--base", "HEAD").out
