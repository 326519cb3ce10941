"""Run records from a hostile checkout: one that git tracks, or that is behind a link, never influences a plan."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.hostile import GIT, git, new_repository
from tests.cli.process import process
from tests.cli.world import AS_IS, Cli, Write, error_in

STRICT = AS_IS + "guards: {minAdmins: 2, maxRemovals: 1, protected: [grace@example.com]}\n"
RUNS = Path(".beamctl") / "runs"


def day(days: int) -> str:
    return str(datetime.now(UTC).date() + timedelta(days=days))


def until(days: int) -> str:
    return AS_IS.replace("bob@example.com: admin", f"bob@example.com: {{role: admin, until: {day(days)}}}")


def hazards(cli: Cli, *options: str) -> set[str]:
    return {each["allow"].partition("=")[0] for each in cli(*options, "-o", "json").json["workspaces"][0]["hazards"]}


def forged(cli: Cli, write: Write) -> Path:
    """The record of an earlier run with looser guards and the date of an admin entry, in a run named `forged`. Nothing
    in it says that another user wrote it."""
    loose = "guards: {maxRemovals: 9}\n"
    write("beamctl.yaml", until(9) + loose)
    assert cli("apply", "--auto-approve", "--record", "forged").code == 0
    (path,) = Path("forged").iterdir()
    path.write_text(path.read_text().replace(day(9), day(-2)))
    write("beamctl.yaml", until(-1) + loose)
    return path


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("how", ["committed", "staged", "no longer staged", "another case"])
def test_a_tracked_record_is_ignored(cli: Cli, write: Write, how: str) -> None:
    write("beamctl.yaml", STRICT)
    assert cli("apply", "--auto-approve").code == 0
    write(".gitignore", "*\n")
    git(Path(), "init", "--quiet")
    made = forged(cli, write)
    assert hazards(cli, "plan", "--record", "forged") == set()
    assert hazards(cli, "plan") == {"removes-admin", "loosens-guards"}
    paths = [RUNS / f"{made.stem[:-6]}aaaaaa.jsonl", RUNS / "29991231T235959999Z-acme-aaaaaa.jsonl"]
    for path in paths:
        path.write_bytes(made.read_bytes())
        git(Path(), "add", "--force", str(path))
    if how in {"committed", "no longer staged"}:
        git(Path(), "commit", "--quiet", "--message", "records")
    if how == "no longer staged":
        git(Path(), "rm", "--quiet", "--cached", "-r", ".")
    if how == "another case":  # as a case-insensitive file system checks it out
        git(Path(), "mv", str(RUNS), ".beamctl/Runs")
        Path(".beamctl/Runs").rename(RUNS)
    for command in (["plan"], ["apply", "--auto-approve"], ["runs"], ["undo", "last"]):
        refused = cli(*command, "-o", "json")
        told = f"the run record {paths[0]} is tracked by git, so a pull request may have added it"
        assert (refused.code, error_in(refused)["message"]) == (3, told)
    assert f"Note: run records were not read: {told}.\n" in cli("drift").err
    for path in paths:
        path.unlink()
    assert hazards(cli, "plan") == {"removes-admin", "loosens-guards"}


@pytest.mark.usefixtures("local")
def test_a_tracked_file_of_the_same_name_in_another_folder_has_no_effect(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", STRICT)
    assert cli("apply", "--auto-approve").code == 0
    (path,) = RUNS.iterdir()
    (RUNS / "sub").mkdir()
    (RUNS / "sub" / path.name).touch()
    git(Path(), "init", "--quiet")
    git(Path(), "add", "--force", str(RUNS / "sub"))
    write("beamctl.yaml", AS_IS + "  zoe@example.com: viewer\n")
    assert hazards(cli, "plan") == {"loosens-guards"}


@pytest.mark.usefixtures("local")
def test_a_tracked_record_does_not_report_an_interrupted_run(cli: Cli, write: Write) -> None:
    machine = "version: 1\nworkspace: acme\nserviceAccounts: {{ci: {{role: member, secretTo: {{command: {}}}}}}}\n"
    write("beamctl.yaml", machine.format('[sh, -c, "kill -9 $PPID"]'))
    assert process("apply", "--auto-approve").code == -9
    write("beamctl.yaml", machine.format("[cat]"))
    assert "- delete" in cli("plan", "--out", "p.json").out
    new_repository(Path())
    ran = cli("plan")
    assert (ran.code, ran.out) == (3, "")


@pytest.mark.usefixtures("local")
def test_plan_fails_if_git_cannot_check_the_records(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("beamctl.yaml", STRICT)
    assert cli("apply", "--auto-approve").code == 0
    (path,) = RUNS.iterdir()
    monkeypatch.setenv("PATH", "/nowhere")
    assert cli("plan").err == ""  # there is no repository
    git(Path(), "init", "--quiet")
    refused = cli("plan")
    assert refused.code == 3
    assert f"whether git tracks the run records in {path.parent}: git was not found" in refused.err
    assert cli("plan", "--record", "elsewhere").code == 0


@pytest.mark.usefixtures("local")
def test_records_behind_a_link_are_ignored(cli: Cli, write: Write) -> None:
    forged(cli, write)
    RUNS.symlink_to("../forged")
    refused = cli("plan")
    assert refused.code == 3
    assert f"{RUNS} is a symbolic link, which a pull request may have added" in refused.err


@pytest.mark.usefixtures("local")
def test_records_are_not_written_through_a_link_in_the_folder(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", STRICT)
    RUNS.parent.mkdir(exist_ok=True)
    (RUNS.parent / ".gitignore").unlink(missing_ok=True)
    (RUNS.parent / ".gitignore").symlink_to("../written")
    assert cli("apply", "--auto-approve").code == 0
    assert not Path("written").exists()


@pytest.mark.usefixtures("local")
def test_git_runs_once_for_all_records_and_only_if_there_are_any(
    cli: Cli, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path / "asked"}\nexec {GIT} "$@"\n')
    (tmp_path / "bin" / "git").chmod(0o755)
    write("a.yaml", AS_IS)
    write("b.yaml", "version: 1\nworkspace: labs\n")
    new_repository(Path())
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    named = ("-f", "a.yaml", "-f", "b.yaml")
    assert cli("plan", *named).code == 0
    assert not (tmp_path / "asked").exists()
    write("a.yaml", STRICT)
    assert cli("apply", "-f", "a.yaml", "--auto-approve").code == 0
    (tmp_path / "asked").unlink(missing_ok=True)
    assert cli("plan", *named).code == 0
    assert len((tmp_path / "asked").read_text().splitlines()) == 1
