"""Run records in object storage: a real S3 server in this process."""

import json
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest
from moto.server import ThreadedMotoServer

from beamctl.apply.record import Ended, Started, State
from beamctl.errors import RecordError, StalePlanError, UsageError
from beamctl.plan.kind import Outcome, Status
from beamctl.plan.plan import Plan
from beamctl.runs.bucket import ObjectStorage
from beamctl.runs.file import RecordFile
from beamctl.runs.folder import RecordFolder
from beamctl.runs.last_run import last_run
from beamctl.runs.store import NewRecord, applied_before, find_record, new_records
from beamctl.secrets.redaction import OutputRedaction
from tests.cli.loopback import Api
from tests.cli.world import AS_IS, CHANGED, Cli, People, Write
from tests.fakes.redaction import redaction
from tests.fakes.runs import API, planned
from tests.fakes.runs import document as members
from tests.fakes.workspace import FakeWorkspace, person

SECRET = "aws-secret-that-nobody-may-ever-see"
URL = "s3://records/team"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def credential(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("SECRET_ACCESS_KEY", SECRET),
        ("DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)


@pytest.fixture
def bucket(server: str, credential: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[fsspec.AbstractFileSystem]:  # noqa: ARG001
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    files = fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False)
    files.mkdir("records")
    yield files
    files.rm("records", recursive=True)


def plan() -> Plan:
    live = FakeWorkspace.of([person("a@x.io", "admin")])
    return planned(members({"a@x.io": "admin", "b@x.io": "member", "c@x.io": "member"}), live)


def begun(folder: RecordFolder, due: list[NewRecord], redactor: OutputRedaction) -> RecordFile:
    (pending,) = new_records(folder, due, redactor)
    return pending.open()


def objects(bucket: fsspec.AbstractFileSystem) -> list[str]:
    return sorted(path.removeprefix("records/team/") for path in bucket.find("records"))


@pytest.mark.usefixtures("api")
def test_an_apply_is_recorded_as_one_object(
    cli: Cli, write: Write, people: People, bucket: fsspec.AbstractFileSystem, directory: Path
) -> None:
    write("beamctl.yaml", AS_IS + "  kim@example.com: viewer\n")
    ran = cli("apply", "--auto-approve", "--record", URL)
    assert ran.code == 0, ran.err
    (name,) = objects(bucket)
    assert name.endswith(".jsonl")
    assert not (directory / ".beamctl" / "runs").exists()
    listed = cli("runs", "--record", URL, "-o", "json").json["runs"]
    assert [(each["run"], each["interrupted"]) for each in listed] == [(name.removesuffix(".jsonl"), False)]
    assert {each["outcome"] for each in listed[0]["changes"]} == {"done"}
    undone = cli("undo", "last", "--record", URL, "--out", "undo.json")
    assert undone.code == 0, undone.err
    assert cli("apply", "undo.json", "--auto-approve", "--record", URL).code == 0
    assert "kim@example.com" not in people()
    again = cli("apply", "undo.json", "--auto-approve", "--record", URL)
    assert (again.code, "was already applied, in the run" in again.err) == (6, True)


def test_a_killed_run_shows_which_changes_may_have_been_made(bucket: fsspec.AbstractFileSystem) -> None:
    """Nothing is closed, as if the process had been killed."""
    made = plan()
    record = begun(RecordFolder(URL), [NewRecord(made, "", "")], redaction())
    assert len(objects(bucket)) == 1
    first, second = made.changes
    record.on_event(Started(first))
    record.on_event(Ended(first, Outcome(Status.DONE)))
    record.on_event(Started(second))
    record.on_event(Ended(second, Outcome(Status.DONE)))  # not stored yet, so that it is unknown
    assert len(objects(bucket)) == 3
    folder = RecordFolder(URL)
    found = find_record(folder, "last")
    assert [found.state(each) for each in made.changes] == [State.DONE, State.UNKNOWN]
    assert found.ended == ""
    assert folder.storage.is_being_written(folder.names()[0])
    record.end([], interrupted=False)
    (name,) = objects(bucket)
    ended = find_record(RecordFolder(URL), "last")
    assert ([ended.state(each) for each in made.changes], bool(ended.ended)) == ([State.DONE, State.DONE], True)
    after = RecordFolder(URL)
    assert not after.storage.is_being_written(name.removesuffix(".jsonl"))
    assert last_run(after, "acme", API).declared == made.declared


@pytest.mark.usefixtures("bucket")
def test_a_run_that_was_silent_for_long_was_killed() -> None:
    begun(RecordFolder(URL), [NewRecord(plan(), "", "")], redaction())
    for silent, writes in ((timedelta(minutes=10), True), (timedelta(0), False)):
        storage = ObjectStorage("s3", "records/team", silent)
        (name,) = storage.names()
        assert storage.is_being_written(name) is writes


@pytest.mark.usefixtures("bucket")
def test_of_two_runs_at_once_one_applies_a_saved_plan() -> None:
    made, digest = plan(), "sha256:" + "5" * 64
    results: list[str] = []
    ready = threading.Barrier(4)

    def run() -> None:
        folder = RecordFolder(URL)
        assert applied_before(folder, "acme", digest) == ""
        ready.wait()
        try:
            begun(folder, [NewRecord(made, "", digest, once=True)], redaction())
            results.append("began")
        except StalePlanError as error:
            results.append("stale" if "was already applied, in the run" in error.message else error.message)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(results) == ["began", "stale", "stale", "stale"]


def test_changes_that_start_together_share_a_request(bucket: fsspec.AbstractFileSystem) -> None:
    made = plan()
    record = begun(RecordFolder(URL), [NewRecord(made, "", "")], redaction())
    threads = [threading.Thread(target=record.on_event, args=[Started(made.changes[0])]) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    parts = [name for name in objects(bucket) if ".events/" in name]
    lines = b"".join(bucket.cat_file(f"records/team/{name}") for name in parts).splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["started"] * 20
    assert 1 <= len(parts) <= 20


@pytest.mark.usefixtures("local")
def test_a_bucket_that_does_not_exist(
    cli: Cli, write: Write, bucket: fsspec.AbstractFileSystem, people: People
) -> None:
    assert bucket is not None
    write("beamctl.yaml", CHANGED)
    for arguments in (("plan",), ("apply", "--auto-approve"), ("runs",), ("undo", "last")):
        ran = cli(*arguments, "--record", "s3://nothing-here/team")
        assert (ran.code, ran.out) == (3, "")
        assert "cannot read s3://nothing-here/team: The specified bucket does not exist" in ran.err
    assert people()["grace@example.com"] == "member"
    write("beamctl.yaml", AS_IS)
    assert cli("drift", "--record", "s3://nothing-here/team").code == 0


class _ReadOnly(BaseHTTPRequestHandler):
    """Lists an empty bucket, and refuses to write."""

    protocol_version = "HTTP/1.1"  # clients ask for permission before they send an object

    def do_GET(self) -> None:
        self._answer(200, "<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>")

    def do_HEAD(self) -> None:
        self._answer(404, "")

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.usefixtures("credential")
def test_a_bucket_that_refuses_to_store_a_record(
    cli: Cli, write: Write, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _ReadOnly) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        write("beamctl.yaml", CHANGED)
        ran = cli("apply", "--auto-approve", "--record", URL)
        server.shutdown()
    assert ran.code == 3
    assert "so nothing was changed: cannot write s3://records/team/" in ran.err
    assert "Access Denied" in ran.err
    assert SECRET not in ran.err + ran.out
    assert api.writes == []


@pytest.mark.usefixtures("credential", "local")
def test_a_bucket_that_cannot_be_reached(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    write("beamctl.yaml", CHANGED)
    ran = cli("plan", "--record", URL)
    assert (ran.code, SECRET in ran.err) == (3, False)
    assert "cannot read s3://records/team: Could not connect" in ran.err


def test_storage_that_fails_in_between_stops_the_run(bucket: fsspec.AbstractFileSystem) -> None:
    made = plan()
    record = begun(RecordFolder(URL), [NewRecord(made, "", "")], redaction())
    record.on_event(Started(made.changes[0]))
    bucket.rm("records", recursive=True)
    with pytest.raises(RecordError, match="The specified bucket does not exist"):
        record.on_event(Started(made.changes[1]))
    with pytest.raises(RecordError):
        record.on_event(Ended(made.changes[0], Outcome(Status.DONE)))
    with pytest.raises(RecordError):
        record.end([], interrupted=False)
    bucket.mkdir("records")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/x",
        "memory://x",
        "s3://",
        "s3:///x",
        "s3://b/../x",
        "s3://b/x?y=1",
        "s3://KEY:hidden@b/x",
        "s3://b/\nx",
    ],
)
def test_a_url_that_cannot_be_used(cli: Cli, url: str) -> None:
    ran = cli("runs", "--record", url)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("Error: --record: ")
    assert "hidden" not in ran.err


def test_object_storage_needs_the_extra(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    ran = cli("runs", "--record", URL)
    assert ran.code == 3
    assert "Install it:  pip install 'beamctl[cloud]'" in ran.err
    for scheme in ("gs", "az"):
        ran = cli("runs", "--record", f"{scheme}://bucket/x")
        assert (ran.code, "pip install" in ran.err) == (3, True)


@pytest.mark.usefixtures("local")
def test_a_file_url_is_a_folder(cli: Cli, write: Write, tmp_path: Path) -> None:
    write("beamctl.yaml", CHANGED)
    url = f"file://{tmp_path}/kept"
    assert cli("apply", "--auto-approve", "--record", url).code == 0
    assert len(list((tmp_path / "kept").iterdir())) == 1
    assert len(cli("runs", "--record", url, "-o", "json").json["runs"]) == 1
    assert cli("runs", "--record", "file://kept").code == 3


def test_other_objects_are_ignored(bucket: fsspec.AbstractFileSystem) -> None:
    for name in ("readme.txt", "sub/20261130T000000000Z-acme-aaaaaa.jsonl", "x.events/000001.jsonl"):
        bucket.pipe_file(f"records/team/{name}", b"{}")
    bucket.pipe_file("records/team/20261130T000000000Z-acme-aaaaaa.jsonl", b"\xff\x00 not json\n")
    storage = ObjectStorage("s3", "records/team")
    assert storage.names() == ["20261130T000000000Z-acme-aaaaaa"]
    with pytest.raises(UsageError, match="cannot be read"):
        find_record(RecordFolder(URL), "last")
