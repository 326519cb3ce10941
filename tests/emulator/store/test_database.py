"""The database file: permissions, durability, concurrency, constraints and errors."""

import gc
import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from werkzeug.test import Client

from beamctl.emulator.app import create_app
from beamctl.emulator.control_plane import as_operator
from beamctl.emulator.errors import EmulatorError
from beamctl.emulator.seed import load_seed
from beamctl.emulator.store import Database
from tests.emulator.world import RESOURCES, SEED, World, body_of, every_file

INVITE = """
import os, sys
from pathlib import Path
from werkzeug.test import Client
from beamctl.emulator import as_operator, create_app
client = Client(as_operator(create_app(Path(sys.argv[1]))))
for number in range(int(sys.argv[2])):
    answer = client.post("/v0/users?workspace=acme", json={"email": f"p{number}@example.com"})
    print(answer.status_code, flush=True)
os._exit(3)
"""


def process(db: Path, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", INVITE, str(db), str(count)], stdout=subprocess.PIPE, text=True)


def test_the_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    load_seed(tmp_path / "plane.db", SEED)
    assert Client(as_operator(create_app(tmp_path / "plane.db"))).get("/v0/workspaces").status_code == 200
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_answered_requests_survive_a_killed_process(world: World) -> None:
    with process(world.db, 5) as dying:
        out, _ = dying.communicate(timeout=60)
    assert dying.returncode == 3
    assert out.split() == ["200"] * 5
    again = Client(as_operator(create_app(world.db)))
    emails = {user["email"] for user in again.get("/v0/users?workspace=acme").get_json()}
    assert {f"p{number}@example.com" for number in range(5)} <= emails


def test_several_processes_can_share_a_file(world: World) -> None:
    running = [process(world.db, 20) for _ in range(3)]
    answers = []
    for one in running:
        with one:
            answers += one.communicate(timeout=60)[0].split()
    assert (answers.count("200"), answers.count("409")) == (20, 40)


def test_several_threads_can_create_the_same_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(10):
            path = tmp_path / f"{number}.db"
            for database in list(pool.map(Database, [path] * 8)):
                with database.reading() as rows:
                    assert rows.execute("SELECT count(*) FROM meta").fetchone()[0] == 1
                    assert rows.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
                database.close()


def test_a_failed_request_is_rolled_back(tmp_path: Path) -> None:
    database = Database(tmp_path / "plane.db")

    def fail() -> None:
        with database.writing() as rows:
            rows.execute("INSERT INTO meta VALUES ('x', x'00')")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.reading() as rows:
        assert rows.execute("SELECT count(*) FROM meta").fetchone()[0] == 1
    database.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"this is not a database, it is a text " * 40, "cannot open .* as an emulator database"), (None, "cannot open")],
)
def test_a_file_that_is_not_a_database_is_an_error(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "plane.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(EmulatorError, match=says):
        create_app(path)
    with pytest.raises(EmulatorError, match=says):
        load_seed(path, {})


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match="No such file or directory"):
        create_app(tmp_path / "missing" / "plane.db")


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("PRAGMA application_id = 7", "is a SQLite database of another application"),
        ("PRAGMA user_version = 99", "created by another version of the emulator .schema 99, this one is 5."),
    ],
)
def test_a_database_of_another_program_is_an_error(world: World, statement: str, says: str) -> None:
    connection = sqlite3.connect(world.db)
    connection.execute(statement)
    connection.close()
    with pytest.raises(EmulatorError, match=says):
        create_app(world.db)


def test_an_empty_file_can_become_a_database(tmp_path: Path) -> None:
    (tmp_path / "plane.db").touch()
    assert load_seed(tmp_path / "plane.db", SEED)


def test_the_database_schema_refuses_inconsistent_rows(world: World) -> None:
    connection = sqlite3.connect(world.db, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    for statement in (
        "UPDATE membership SET role = ''",
        "UPDATE membership SET source = 'nowhere'",
        "UPDATE membership SET invitation = 'the same'",
        "INSERT INTO membership VALUES (99, 'nobody', 'admin', NULL, '', '', NULL)",
        "UPDATE person SET folded = 'x'",
        "UPDATE workspace SET labels = '[]'",
        "UPDATE api_key SET sub = NULL, client_id = NULL",
        "UPDATE api_key SET expires_in = '1d'",
        "UPDATE resource SET spec = '[]'",
        "UPDATE resource SET name = 'same', kind = 'same', workspace_id = 1",
        "INSERT INTO invitation SELECT 1, 1, email, folded, 'x', '', '', '', '', '' FROM person WHERE email LIKE 'a%'",
        "INSERT INTO membership SELECT 1, sub, 'member', NULL, '', '', NULL FROM invitation JOIN person USING (folded)",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)
    connection.close()


def test_deleting_a_workspace_leaves_no_rows_in_any_table(world: World) -> None:
    """Every table except those that outlive a workspace; read from the file, so that a new table is not forgotten."""
    for path in RESOURCES:
        assert world.call("ada", "POST", path, body_of(path, "a"), {"X-Beamlit-Workspace": "acme"}).status_code == 200
    assert world.call("ada", "POST", "/run/acme/models/a", {"inputs": "Hello"}).status_code == 200
    assert world.call("ada", "POST", "/images", {"name": "a", "resourceType": "agent"}).status_code == 200
    assert world.call("ada", "POST", "/images/agent/a/share", {"targetWorkspace": "other"}).status_code == 200
    connection = sqlite3.connect(world.db, isolation_level=None)
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('meta', 'person', 'device_login')"
    tables = [name for (name,) in connection.execute(query)]

    def count(table: str) -> int:
        which = "WHERE client_id IS NOT NULL" if table == "api_key" else ""
        return int(connection.execute(f"SELECT count(*) FROM {table} {which}").fetchone()[0])  # noqa: S608

    def counts() -> dict[str, int]:
        return {table: count(table) for table in tables}

    assert len(tables) >= 6
    assert all(counts().values())
    for who, workspace in (("ada", "acme"), ("alan", "other")):
        assert world.call(who, "DELETE", f"/workspaces/{workspace}").status_code == 200
    assert set(counts().values()) == {0}
    assert connection.execute("SELECT count(*) FROM api_key").fetchone()[0] == 7  # people keep their accounts
    connection.close()


def test_a_broken_database_is_503(world: World, caplog: pytest.LogCaptureFixture) -> None:
    connection = sqlite3.connect(world.db, isolation_level=None)
    connection.execute("DROP TABLE api_key")
    connection.close()
    answer = Client(world.app).get("/v0/workspaces", headers={"Api-Key": "bl_ada"})
    assert answer.status_code == 503
    assert answer.get_json()["code"] == 503
    assert "bl_ada" not in caplog.text


def test_keys_are_not_stored_in_the_file(world: World) -> None:
    world.call("ada", "POST", "/users", {"email": "zoe@example.com"})
    for content in every_file(world.db.parent):
        for secret in (b"bl_ada", b"bl_ci", b"bl_foreign"):
            assert secret not in content


def test_connections_are_closed_with_the_application(world: World) -> None:
    def open_files() -> int:
        descriptors = Path("/proc/self/fd")
        if not descriptors.exists():
            pytest.skip("there is no list of open files here")
        return sum(os.path.realpath(entry).startswith(str(world.db)) for entry in descriptors.iterdir())

    world.users()
    assert open_files() > 0
    world.app = create_app(world.db.with_name("elsewhere.db"))
    gc.collect()
    assert open_files() == 0
