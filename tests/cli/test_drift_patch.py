"""`drift --patch` prints what `git apply` takes, and `drift --write` edits in place. Afterwards there is no drift."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.cli.process import Ran, process
from tests.cli.world import AS_IS, CANARY, Cli, Write

DRIFTED = """\
# access to acme
version: 1
workspace: acme
settings: {displayName: Acme Inc}   # legal name
members:
  # founders
  ada@example.com: admin
  bob@example.com: admin

  # support
  carl@example.com: member   # TICKET-1
  grace@example.com: viewer   # for now
# end
"""
ADOPTED = """\
# access to acme
version: 1
workspace: acme
settings: {displayName: Acme}   # legal name
members:
  # founders
  ada@example.com: admin
  bob@example.com: admin

  # support
  eve@example.com: member
  grace@example.com: member   # for now
# end
"""
LABS = "version: 1\nworkspace: labs\nmembers: {ada@example.com: member}\n"


def git_apply(patch: str, folder: Path = Path()) -> None:
    subprocess.run(["git", "apply", "--verbose", "-"], input=patch.encode(), cwd=folder, check=True)


@pytest.mark.usefixtures("local")
class TestPatch:
    def test_git_applies_it(self, cli: Cli, write: Write) -> None:
        write("beamctl.yaml", DRIFTED)
        ran = cli("drift", "--patch")
        assert ran.code == 2
        assert "The patch adopts 4 of 4 differences. Apply it with `git apply`." in ran.err
        assert Path("beamctl.yaml").read_text() == DRIFTED
        git_apply(ran.out)
        assert Path("beamctl.yaml").read_text() == ADOPTED
        assert cli("drift").code == 0

    def test_without_drift_it_is_empty(self, cli: Cli, write: Write) -> None:
        write("beamctl.yaml", AS_IS)
        ran = cli("drift", "--patch")
        assert (ran.code, ran.out) == (0, "")
        assert "there is nothing to edit" in ran.err

    def test_it_covers_several_files_and_documents(self, cli: Cli, write: Write, directory: Path) -> None:
        people = "{eve@example.com: member, grace@example.com: member}"
        quiet = f"---\n# quiet\nversion: 1\nworkspace: quiet\nmembers: {people}\n"
        write("access/all of it.yaml", f"\ufeff{DRIFTED}{quiet}".replace("\n", "\r\n"))
        write("access/qu\"é\\'.yml", LABS.rstrip("\n"))
        ran = cli("drift", "--patch")
        assert ran.code == 2, ran.err
        assert "adopts 5 of 5 differences" in ran.err
        subprocess.run(["git", "init", "-q"], cwd=directory, check=True)
        git_apply(ran.out)
        after = Path("access/all of it.yaml").read_bytes().decode()
        labs = LABS.replace("com: member", "com: admin")
        assert after == f"\ufeff{ADOPTED}{quiet}".replace("\n", "\r\n")
        assert Path("access/qu\"é\\'.yml").read_text() == labs.rstrip("\n")
        assert cli("drift").code == 0

    def test_what_stays_is_listed(self, cli: Cli, write: Write) -> None:
        text = DRIFTED.replace("ada@example.com: admin", "ada@example.com: &boss admin")
        write("beamctl.yaml", text.replace("grace@example.com: viewer", "grace@example.com: *boss"))
        ran = cli("drift", "--patch")
        assert ran.code == 2
        assert "The patch adopts 3 of 4 differences." in ran.err
        assert "members grace@example.com: line 12 uses the anchor or alias *boss" in ran.err
        git_apply(ran.out)
        again = cli("drift", "--patch")
        assert (again.code, again.out) == (2, "")
        assert "The patch is empty." in again.err

    @pytest.mark.parametrize(
        "name",
        [
            "a | b",
            "::error::x",
            "##[add-mask]x",
            "$x$ {0} @here `",
            "<!-- /close",
            "'\"\\",
            "- x: #y",
            "[31m",
            "é\u202ex\u200b",
        ],
    )
    def test_hostile_names_are_values(self, cli: Cli, write: Write, name: str) -> None:
        import json

        write("beamctl.yaml", AS_IS + f"settings: {{displayName: {json.dumps(name)}}}\n")
        assert cli("apply", "--auto-approve").code == 0
        for before in ("Acme", "'Acme'", '"Acme"'):
            write("beamctl.yaml", AS_IS + f"settings:\n  displayName: {before} # name\n")
            ran = cli("drift", "--patch", "--report", "json=drift.json")
            assert ran.code == 2
            git_apply(ran.out)
            assert cli("drift").code == 0

    def test_known_drift_is_not_adopted(self, cli: Cli, write: Write) -> None:
        write("beamctl.yaml", DRIFTED)
        write("known.yaml", "version: 1\nknown:\n  member:carl@example.com: {until: 2099-01-01, reason: T-1}\n")
        ran = cli("drift", "--patch", "--known", "known.yaml")
        assert "The patch adopts 3 of 3 differences." in ran.err
        git_apply(ran.out)
        assert "carl@example.com" in Path("beamctl.yaml").read_text()
        assert cli("drift", "--known", "known.yaml").code == 0

    def test_it_is_not_json(self, cli: Cli, write: Write) -> None:
        write("beamctl.yaml", DRIFTED)
        ran = cli("drift", "--patch", "-o", "json")
        assert ran.code == 3
        assert "--patch prints a diff, not JSON" in ran.json["error"]["message"]

    @pytest.mark.parametrize("option", ["--patch", "--write"])
    def test_standard_input_is_refused(self, cli: Cli, option: str) -> None:
        ran = cli("drift", "-f", "-", option, stdin=DRIFTED.encode())
        assert (ran.code, ran.out) == (3, "")
        assert "standard input cannot be edited" in ran.err

    @pytest.mark.parametrize("option", ["--patch", "--write"])
    def test_utf16_is_listed(self, cli: Cli, option: str) -> None:
        Path("beamctl.yaml").write_bytes(DRIFTED.encode("utf-16"))
        ran = cli("drift", option)
        assert ran.code == 2
        assert ran.err.count("the file is not UTF-8; save it as UTF-8") == 4


@pytest.mark.usefixtures("local")
class TestWrite:
    def test_it_edits_the_file(self, cli: Cli, write: Write) -> None:
        write("beamctl.yaml", DRIFTED)
        Path("beamctl.yaml").chmod(0o640)
        report = cli("drift").out
        ran = cli("drift", "--write")
        assert (ran.code, ran.out) == (2, report)
        assert "Edited beamctl.yaml: 4 of 4 differences adopted." in ran.err
        assert Path("beamctl.yaml").read_text() == ADOPTED
        assert stat.S_IMODE(Path("beamctl.yaml").stat().st_mode) == 0o640
        assert sorted(path.name for path in Path().iterdir()) == [".beamctl", "beamctl.yaml"]
        assert cli("drift", "--write").code == 0

    def test_it_can_also_print_the_patch(self, cli: Cli, write: Write) -> None:
        write("beamctl.yaml", DRIFTED)
        patch = cli("drift", "--patch").out
        assert cli("drift", "--patch", "--write").out == patch
        assert Path("beamctl.yaml").read_text() == ADOPTED

    @pytest.mark.parametrize("why", ["is read-only", "is a symbolic link", "has hard links"])
    def test_no_file_is_edited_if_one_cannot_be(self, cli: Cli, write: Write, why: str) -> None:
        write("access/a.yaml", LABS)
        write("access/b.yaml", DRIFTED)
        match why:
            case "is read-only":
                Path("access/b.yaml").chmod(0o444)
            case "is a symbolic link":
                Path("access/b.yaml").rename("access/.b")
                Path("access/b.yaml").symlink_to(".b")
            case _:
                Path("copy").hardlink_to("access/b.yaml")
        ran = cli("drift", "--write")
        assert ran.code == 3
        assert f"access/b.yaml {why}" in ran.err
        assert "No file was edited." in ran.err
        assert Path("access/a.yaml").read_text() == LABS
        assert Path("access/b.yaml").read_text() == DRIFTED


@pytest.mark.usefixtures("local")
def test_a_patch_is_utf8_whatever_the_locale(write: Write) -> None:
    text = DRIFTED.replace("legal name", "na\u00efve \u4e2d \u200d\u202f")
    write("beamctl.yaml", text)
    ran = process("drift", "--patch", env={"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"})
    assert ran.code == 2, ran.err
    git_apply(ran.out)
    assert Path("beamctl.yaml").read_text() == ADOPTED.replace("legal name", "na\u00efve \u4e2d \u200d\u202f")


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("option", ["--patch", "--write"])
def test_a_secret_is_never_printed_or_written(cli: Cli, write: Write, option: str) -> None:
    text = DRIFTED.replace("legal name", CANARY)
    write("beamctl.yaml", text)
    ran: Ran = cli("drift", option)
    assert ran.code == 3
    assert "the patch would contain a credential" in ran.err
    assert Path("beamctl.yaml").read_text() == text


@pytest.mark.usefixtures("api")
def test_it_names_files_from_the_current_directory(cli: Cli, write: Write, directory: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=directory, check=True)
    write("team/access/acme.yaml", DRIFTED)
    os.chdir("team")
    inside = cli("drift", "-f", str(directory / "team" / "access"), "--patch", "-q")
    assert inside.err == ""
    git_apply(inside.out)
    assert (directory / "team/access/acme.yaml").read_text() == ADOPTED
    (directory / "team/access/acme.yaml").write_text(DRIFTED)
    (directory / "other").mkdir()
    os.chdir(directory / "other")
    outside = cli("drift", "-f", "../team/access/acme.yaml", "--patch")
    assert f"Apply it with `git -C {directory.resolve()} apply`." in outside.err
    git_apply(outside.out, directory)
    assert (directory / "team/access/acme.yaml").read_text() == ADOPTED
    (directory / "team/access/acme.yaml").write_text(DRIFTED)
    write("other/labs.yaml", LABS)
    both = cli("drift", "-f", "../team/access/acme.yaml", "-f", "labs.yaml", "--patch")
    git_apply(both.out, directory)
    assert cli("drift", "-f", "../team/access", "-f", "labs.yaml").code == 0
