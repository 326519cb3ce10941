"""Run records: what every apply writes, however it ends, and how `runs` and the next plan use it."""

import json
import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from beamctl.apply.record import NotAttempted, Started, State
from beamctl.cli.main import run
from beamctl.emulator import FaultScript, MiddlewareOptions, add_middleware, create_app, read_rule
from beamctl.errors import RecordError
from beamctl.runs.folder import RecordFolder, stamp_of
from beamctl.runs.store import NewRecord, find_record, new_records
from tests.cli.loopback import Api, serving
from tests.cli.process import process, room_for, running
from tests.cli.world import AS_IS, CANARY, CHANGED, Cli, People, Write, document, error_in
from tests.fakes.redaction import redaction
from tests.fakes.runs import document as members
from tests.fakes.runs import planned
from tests.fakes.schemas import problems_with
from tests.fakes.wording import failure
from tests.fakes.workspace import FakeWorkspace, person

RUNS = Path(".beamctl") / "runs"
TWO = AS_IS.replace("  eve@example.com: member\n", "") + "  k1@example.com: viewer\n  k2@example.com: viewer\n"
"""Two invitations and a removal."""


def lines(path: Path) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert [problem for line in found for problem in problems_with("run", line)] == []
    return found


def the_record() -> list[dict[str, Any]]:
    (path,) = RUNS.iterdir()
    return lines(path)


@pytest.fixture
def applied(cli: Cli, write: Write, local: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Apply CHANGED once and return the name of the run."""
    monkeypatch.setenv("GITHUB_ACTOR", "octo\u202ecat")
    write("beamctl.yaml", CHANGED)
    assert local.exists()
    assert cli("apply", "--auto-approve").code == 0
    (path,) = RUNS.iterdir()
    return path.stem


def test_apply_writes_a_record(cli: Cli, applied: str, directory: Path) -> None:
    record = the_record()
    first, last = record[0], record[-1]
    assert [line["event"] for line in record] == ["run", *["started", "done"] * 2, *["confirmed"] * 2, "end"]
    assert (first["run"], first["workspace"], first["api_url"]) == (applied, "acme", "local")
    assert (first["actor"], first["commit"], first["seen"]) == ("octo\u202ecat", "", {"member": 4})
    assert [change["name"] for change in first["changes"]] == ["grace@example.com", "kim@example.com"]
    assert first["changes"][0]["change"]["before"]["role"] == "member"
    assert (last["interrupted"], last["left"]) == (False, {"member": 5})
    (path,) = RUNS.iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert (directory / ".beamctl" / ".gitignore").read_text() == "*\n"
    assert cli("apply", "--auto-approve").code == 0  # no changes, so no record
    assert len(list(RUNS.iterdir())) == 1


def test_runs_lists_and_shows_records(cli: Cli, applied: str) -> None:
    listed = cli("runs")
    assert (listed.code, listed.err) == (0, "")
    head, row = listed.out.splitlines()
    assert head.split() == ["run", "workspace", "commit", "by", "result"]
    assert row.split(maxsplit=4) == [applied, "acme", "-", "octo\\u202ecat", "2 done"]
    for name in (applied, applied[:20], "last"):
        shown = cli("runs", name)
        assert shown.out.startswith(f"{applied} · acme · local\n")
        assert "  ✓ role grace@example.com  member → admin\n" in shown.out
        assert shown.out.endswith("\n\n2 done\n")
    machine = cli("runs", "-o", "json").json
    assert machine == cli("runs", applied, "-o", "json").json
    assert machine["more"] == 0
    assert [change["outcome"] for change in machine["runs"][0]["changes"]] == ["done", "done"]


def test_a_missing_run_is_an_error(cli: Cli, applied: str) -> None:
    for output in ("text", "json"):
        ran = cli("runs", "1999", "-o", output)
        assert ran.code == 3
        assert ran.err == ("Error: no run '1999' is recorded in .beamctl/runs\n  See:  beamctl runs\n")
        assert output == "text" or error_in(ran)
    (RUNS / f"{applied}-more.jsonl").write_text("")
    assert cli("runs", applied[:5]).err.startswith(f"Error: 2 runs begin with '{applied[:5]}'\n")
    assert cli("runs", applied).code == 0
    assert cli("undo", "1999").code == 3
    assert cli("runs", "1999", "--record", "elsewhere").err.endswith("  See:  beamctl runs --record elsewhere\n")


def test_runs_without_records(cli: Cli, directory: Path) -> None:
    assert cli("runs", "last").err.startswith("Error: no apply is recorded in .beamctl/runs\n")
    assert cli("runs").out == "No applies are recorded in .beamctl/runs.\n"
    assert cli("runs", "-o", "json").json["runs"] == []
    (directory / ".beamctl").write_text("a file")
    assert cli("runs").out == "No applies are recorded in .beamctl/runs.\n"


def test_only_the_latest_runs_are_listed(cli: Cli, applied: str) -> None:
    content = (RUNS / f"{applied}.jsonl").read_bytes()
    for number in range(21):
        (RUNS / f"19990101T0000{number:02}-acme-x.jsonl").write_bytes(content)
    listed = cli("runs").out.splitlines()
    assert len(listed) == 22
    assert listed[1].startswith(applied)
    assert listed[-1] == "and 2 more (use --all to show them)"
    assert len(cli("runs", "--all").out.splitlines()) == 23
    machine = cli("runs", "-o", "json").json
    assert (len(machine["runs"]), machine["more"]) == (20, 2)


GARBAGE = [b"", b"\0" * 50, b"\xff\n", b"[" * 5000, b'{"event": "run"}\n', b"[]\n", b"{}", b'{"event": "end"}\n']


def test_other_files_in_the_folder_break_nothing(cli: Cli, write: Write, applied: str) -> None:
    write("beamctl.yaml", CHANGED + "  zoe@example.com: viewer\n")
    assert cli("plan", "--out", "p.json").code == 0
    digest = json.loads(Path("p.json").read_text())["saved"]["digest"].encode()
    for number, content in enumerate(GARBAGE):
        (RUNS / f"0{number}-acme-x.jsonl").write_bytes(content)
        (RUNS / f"1z{number}-acme-x.jsonl").write_bytes(content + digest)
    os.mkfifo(RUNS / "1zz-acme-pipe.jsonl")
    (RUNS / "1zz-acme-folder.jsonl").mkdir()
    (RUNS / "1zz-acme-loop.jsonl").symlink_to("1zz-acme-loop.jsonl")
    (RUNS / "1zz-acme-\udcff\x1b[2J.jsonl").write_text("x")
    (RUNS / "notes.txt").write_text("x")
    listed = cli("runs", "--all")
    assert listed.code == 0
    assert listed.out.count("cannot be read: ") == 2 * len(GARBAGE) + 4
    assert f"{applied} " in listed.out
    assert cli("runs", "--all", "-o", "json").code == 0
    assert cli("runs", "1zz-acme-pipe").err.startswith("Error: ")
    assert cli("plan").code == 0
    assert cli("apply", "p.json", "--auto-approve").code == 0


@pytest.mark.parametrize("which", ["read-only", "a file", "full"])
@pytest.mark.usefixtures("api")
def test_nothing_is_changed_if_no_record_can_be_started(
    write: Write, people: People, directory: Path, api: Api, which: str
) -> None:
    write("beamctl.yaml", CHANGED)
    before, prelude = people(), ""
    options: list[str] = []
    if which == "a file":
        (directory / "records").write_text("x")
        options = ["--record", "records/inside"]
    elif which == "read-only":
        options = ["--record", "/proc/nowhere"]
    else:
        prelude = room_for(100)
    for output in ("text", "json"):
        ran = process("apply", "--auto-approve", "-o", output, *options, prelude=prelude)
        assert ran.code == 3
        assert ran.err.startswith("Error: the record of this run cannot be written, so nothing was changed: ")
        assert ran.err.endswith("\n  Name a writable directory:  beamctl apply --record DIR\n")
    assert api.writes == []
    assert people() == before
    assert not RUNS.exists() or list(RUNS.iterdir()) == []


@pytest.mark.parametrize("link", [".beamctl", ".beamctl/runs"])
def test_records_do_not_follow_a_link_from_a_checkout(
    cli: Cli, write: Write, api: Api, directory: Path, link: str
) -> None:
    write("beamctl.yaml", CHANGED)
    elsewhere = directory.parent / "elsewhere"
    if link == ".beamctl":
        (directory / link).rename(elsewhere)  # with the database of the emulator
    else:
        elsewhere.mkdir()
    (directory / link).symlink_to(elsewhere)
    ran = cli("apply", "--auto-approve")
    assert ran.code == 3
    assert f"nothing was changed: {link} is a symbolic link, which may come from a checkout\n" in ran.err
    assert [path.name for path in elsewhere.iterdir() if not path.name.startswith("emulator.db")] == []
    assert api.writes == []


@pytest.mark.usefixtures("api")
def test_a_record_that_cannot_be_started_keeps_only_its_workspace_from_being_changed(write: Write, api: Api) -> None:
    labs = document("labs", "{ada@example.com: admin, " + ", ".join(f"k{n}@x.io: viewer" for n in range(20)) + "}")
    write("beamctl.yaml", f"{CHANGED}---\n{labs}")
    ran = process("apply", "--auto-approve", prelude=room_for(3000))
    assert ran.code == 1
    assert "Error: labs (beamctl.yaml:11): the record of this run cannot be written, so nothing was changed" in ran.err
    assert sorted(api.writes) == ["POST /users", "PUT /users/grace@example.com"]
    (path,) = RUNS.iterdir()
    assert "-acme-" in path.name


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_record_that_is_cut_off_by_a_full_disk(cli: Cli, write: Write, people: People, api: Api, output: str) -> None:
    write("beamctl.yaml", AS_IS + "  k1@example.com: viewer\n  k2@example.com: viewer\n")
    assert cli("apply", "--auto-approve", "--parallelism", "1", "--record", "whole").code == 0
    (whole,) = Path("whole").iterdir()
    for who in ("k1", "k2"):
        cli("emulator", "call", "--as", "ada@example.com", "-w", "acme", "DELETE", f"/users/{who}@example.com")
    api.calls.clear()
    most = (
        sum(map(len, whole.read_bytes().splitlines(keepends=True)[:3])) + 20
    )  # half of the second record's first line
    ran = process("apply", "--auto-approve", "--parallelism", "1", "-o", output, prelude=room_for(most))
    assert ran.code == 7
    assert api.writes == ["POST /users"]
    assert {"k1@example.com", "k2@example.com"} & people().keys() == {"k1@example.com"}
    assert ran.err.startswith("Warning: the record .beamctl/runs/")
    if output == "text":
        assert "  ✓ invite k1@example.com  viewer\n" in ran.out
        assert "  ○ invite k2@example.com  not attempted: the record .beamctl/runs/" in ran.out
        assert "\nApply to acme is incomplete: 1 done, 1 not attempted.\n" in ran.out
    else:
        assert [each["outcome"] for each in ran.json["results"]] == ["done", "not attempted"]
    shown = cli("runs", "last", "-o", "json").json["runs"][0]
    assert (shown["ended"], [each["outcome"] for each in shown["changes"]]) == (None, ["done", "not attempted"])
    assert cli("apply", "--auto-approve").code == 0
    assert "k2@example.com" in people()


@pytest.mark.parametrize("how", ["killed", "second Ctrl-C"])
def test_a_killed_run_is_recognized(cli: Cli, write: Write, api: Api, people: People, how: str) -> None:
    write("beamctl.yaml", TWO)
    api.hold = "POST"
    with running("apply", "--auto-approve", "--parallelism", "1") as started:
        assert api.arrived.acquire(timeout=20)
        if how == "killed":
            started.kill()
        else:
            started.send_signal(signal.SIGINT)
            assert started.stderr is not None
            started.stderr.readline()
            started.send_signal(signal.SIGINT)
        started.communicate()
    api.gate.set()
    assert [line["event"] for line in the_record()] == ["run", "started"]
    listed = cli("runs").out
    assert listed.endswith("killed or still running, 1 unknown, 2 not attempted\n")
    shown = cli("runs", "last").out
    assert "  ended   not recorded\n" in shown
    assert "  ? invite k1@example.com  viewer\n" in shown
    assert "  ○ invite k2@example.com  viewer\n" in shown
    outcomes = [change["outcome"] for change in cli("runs", "last", "-o", "json").json["runs"][0]["changes"]]
    assert outcomes == ["unknown", "not attempted", "not attempted"]
    assert "eve@example.com" in people()


def test_an_interrupted_run_is_recorded_as_interrupted(cli: Cli, write: Write, api: Api) -> None:
    write("beamctl.yaml", TWO)
    api.hold = "POST"
    with running("apply", "--auto-approve", "--parallelism", "1") as started:
        assert api.arrived.acquire(timeout=20)
        started.send_signal(signal.SIGINT)
        assert started.stderr is not None
        started.stderr.readline()
        api.gate.set()
        started.communicate()
    assert cli("runs").out.endswith("interrupted, 1 done, 2 not attempted\n")
    assert the_record()[-1]["left"] == {"member": 5}


@pytest.mark.parametrize("fault", ["short-list", "empty-list"])
def test_a_listing_that_lost_members_since_a_run_is_a_hazard(
    cli: Cli, write: Write, database: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    script = FaultScript()
    app = create_app(database)
    add_middleware(app, MiddlewareOptions(script))
    with serving(app) as api:
        monkeypatch.setenv("BEAMCTL_API_URL", api.url)
        monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
        write("beamctl.yaml", CHANGED)
        assert cli("apply", "--auto-approve").code == 0
        script.set([read_rule(fault)])
        asked = len(api.writes)
        ran = cli("apply", "--auto-approve")
        assert ran.code == 5
        assert "\nRefused (exit 5): live-shrank — since the last recorded run, the API shows only " in ran.out
        assert " of 5 members.\n" in ran.out
        elsewhere = cli("plan", "--record", "elsewhere")
        assert "live-shrank" not in elsewhere.out
        assert len(api.writes) == asked


@pytest.mark.usefixtures("local")
def test_drift_needs_no_records(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    told = cli("drift")
    RUNS.parent.mkdir(exist_ok=True)
    RUNS.symlink_to(RUNS.name)  # it cannot be read
    assert cli("plan").code == 3
    again = cli("drift")
    assert (again.code, again.out) == (told.code, told.out)
    assert again.err.startswith(f"Note: run records were not read: cannot read {RUNS}: ")
    assert told.code == 2


@pytest.mark.usefixtures("local")
def test_members_removed_by_a_killed_run_are_not_missing(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS + "  kim@example.com: viewer\n")
    assert cli("apply", "--auto-approve").code == 0
    (before,) = RUNS.iterdir()
    few = document(members="{ada@example.com: admin, kim@example.com: viewer}")
    write("beamctl.yaml", few)
    flags = ["--allow", "mass-removal=3", "--allow", "removes-admin=bob@example.com"]
    assert cli("apply", "--auto-approve", *flags).code == 0
    (killed,) = set(RUNS.iterdir()) - {before}
    first, *rest = killed.read_bytes().splitlines(keepends=True)
    write("beamctl.yaml", few.replace("}", ", zoe@example.com: viewer}"))
    rest = [line for line in rest if b"confirmed" not in line]
    killed.write_bytes(b"".join([first, *rest[:-2]]) + rest[-2][:9])  # as the last response came
    assert cli("runs", "last").out.endswith("killed or still running, 2 done, 1 unknown\n")
    ran = cli("plan")
    assert (ran.code, "live-shrank" in ran.out) == (0, False)
    killed.write_bytes(first)
    assert "live-shrank — since the last recorded run, the API shows only 2 of 5 members." in cli("plan").out


@pytest.mark.usefixtures("local")
def test_the_latest_run_is_known_even_if_the_clock_was_set_back(cli: Cli, write: Write, applied: str) -> None:
    later = datetime.now(UTC) + timedelta(minutes=4)
    ahead = f"{stamp_of(later)}{applied[19:]}"
    (RUNS / f"{applied}.jsonl").rename(RUNS / f"{ahead}.jsonl")
    write("beamctl.yaml", CHANGED + "  zoe@example.com: viewer\n")
    assert cli("apply", "--auto-approve").code == 0
    (name,) = {path.stem for path in RUNS.iterdir()} - {ahead}
    assert name > ahead
    assert "invite zoe@example.com" in cli("runs", "last").out
    assert name.startswith(stamp_of(later + timedelta(milliseconds=1)))


@pytest.mark.usefixtures("local")
def test_a_record_dated_in_the_future_is_ignored(cli: Cli, write: Write, applied: str) -> None:
    """Later runs are not named after the future either."""
    later = [
        f"{stamp_of(datetime.now(UTC) + timedelta(minutes=6))}{applied[19:]}",
        "99991231T235959999Z-acme-x",
        "zz-acme-x",
    ]
    for name in later:
        (RUNS / f"{name}.jsonl").write_bytes((RUNS / f"{applied}.jsonl").read_bytes())
    (RUNS / f"{applied}.jsonl").unlink()
    write("beamctl.yaml", CHANGED + "  zoe@example.com: viewer\n")
    ran = cli("apply", "--auto-approve")
    assert ran.code == 0
    for name in later:
        assert f"Note: {RUNS / name}.jsonl is not used as a run record: its name is dated in the future.\n" in ran.err
        for command in ("runs", "undo"):
            refused = cli(command, name, "-o", "json")
            assert refused.code == 3
            assert error_in(refused)["message"].endswith("is not used as a run record: its name is dated in the future")
    (name,) = {path.stem for path in RUNS.iterdir()} - set(later)
    assert name < later[0]
    assert "invite zoe@example.com" in cli("runs", "last", "-q").out
    assert cli("runs", "-q").out.count("\n") == 2


def test_listing_runs_does_not_read_their_changes(cli: Cli, applied: str) -> None:
    path = RUNS / f"{applied}.jsonl"
    path.write_text(path.read_text().replace('"stage": "', '"stage": "un'))
    assert cli("runs").out.splitlines()[1].endswith(" 2 done")
    assert " cannot be read: " in cli("runs", "last").err
    assert cli("undo", "last").code == 3
    assert "error" in cli("runs", "-o", "json").json["runs"][0]


def git(*arguments: str) -> str:
    who = ["-c", "user.name=n", "-c", "user.email=e@x.io", "-c", "commit.gpgsign=false"]
    ran = subprocess.run(["git", *who, *arguments], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


@pytest.mark.usefixtures("local")
def test_a_record_has_the_commit_of_the_documents(cli: Cli, write: Write) -> None:
    write("access/acme.yaml", CHANGED)
    write("access/labs.yaml", document("labs", "{ada@example.com: admin, kim@example.com: viewer}"))
    git("init", "-q")
    git("add", "access")
    git("commit", "-q", "-m", "access")
    commit = git("rev-parse", "HEAD")

    def saved() -> str:
        assert cli("plan", "--out", "p.json").code == 0
        found: str = json.loads(Path("p.json").read_text())["saved"]["commit"]
        return found

    assert saved() == commit
    write("access/other.txt", "not one of the documents")
    assert saved() == commit
    write("access/labs.yaml", document("labs", "{ada@example.com: admin, zoe@example.com: viewer}"))
    assert saved() == f"{commit}-dirty"
    assert cli("apply", "--auto-approve").code == 0
    commits = {each["workspace"]: each["commit"] for each in cli("runs", "-o", "json").json["runs"]}
    assert commits == {"acme": commit, "labs": f"{commit}-dirty"}
    assert f" {commit[:8]}-dirty  " in cli("runs").out
    assert git("status", "--porcelain", ".beamctl") == ""
    for name in ("new.yaml", "ignored.yaml", ":(glob)*.yaml"):
        write(name, CHANGED)
        write(".gitignore", "ignored.yaml\n")
        assert cli("plan", "-f", name, "--out", "p.json").code == 0
        assert json.loads(Path("p.json").read_text())["saved"]["commit"] == f"{commit}-dirty"


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("variables", "actor"),
    [
        ({"GITHUB_ACTOR": "octocat"}, "octocat"),
        ({"GITLAB_USER_LOGIN": "tanuki"}, "tanuki"),
        ({"GITHUB_ACTOR": "", "CIRCLE_USERNAME": "circle"}, "circle"),
        ({"LOGNAME": "ann"}, "ann"),
    ],
)
def test_a_record_has_the_user_who_started_the_run(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], actor: str
) -> None:
    for name in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CIRCLE_USERNAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    write("beamctl.yaml", CHANGED)
    assert cli("apply", "--auto-approve").code == 0
    assert the_record()[0]["actor"] == actor


@pytest.mark.usefixtures("local")
def test_a_report_that_cannot_be_written_does_not_look_like_a_killed_run(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    told = "  ✓ role grace@example.com  member → admin\n  ✓ invite kim@example.com  viewer\n"
    room = len((cli("plan").out + told).encode()) + 5
    Path("report").write_bytes(b"." * (1_000_000 - room))
    with Path("report").open("a") as report:
        ran = process("apply", "--auto-approve", stdout=report, prelude=room_for(1_000_000))
    assert ran.code == 1
    assert the_record()[-1]["event"] == "end"
    assert run(["runs"]) == 0


@contextmanager
def limited_file_size(size: int) -> Iterator[None]:
    """Limit the size of files that this process can write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_nothing_is_written_after_half_a_line() -> None:
    """Also if there is room again: text after half a line would make the whole record unreadable."""
    plan = planned(members({"a@x.io": "admin", "b@x.io": "member"}), FakeWorkspace.of([person("a@x.io", "admin")]))
    (pending,) = new_records(RecordFolder(Path("kept")), [NewRecord(plan, "", "")], redaction())
    record = pending.open()
    (path,) = Path("kept").iterdir()
    with limited_file_size(path.stat().st_size + 10), pytest.raises(RecordError, match="File too large"):
        record.on_event(Started(plan.changes[0]))
    with pytest.raises(RecordError, match="File too large"):
        record.on_event(NotAttempted(plan.changes[0], failure("the record cannot be written")))
    with pytest.raises(RecordError, match="File too large"):
        record.end([], interrupted=False)
    found = find_record(RecordFolder(Path("kept")), "last")
    assert (found.changes, found.ended, found.count(State.WAITING)) == (plan.changes, "", 1)


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("command", [("plan", "--out", "p.json"), ("apply", "--auto-approve")])
def test_a_commit_that_is_not_known_is_said_in_ci(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    write("beamctl.yaml", CHANGED)
    said = "Note: the commit of the documents is not known."
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("GITHUB_SHA", "a" * 40)
    assert said not in cli("plan", "--out", "known.json").err
    assert json.loads(Path("known.json").read_text())["saved"]["commit"] == "a" * 40
    monkeypatch.delenv("GITHUB_SHA")
    assert said in cli(*command).err
    monkeypatch.setenv("CI", "false")
    assert said not in cli(*command).err
