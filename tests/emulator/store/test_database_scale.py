"""Requests do not get slower than necessary with the number of rows, measured by SQL statements and query plans, not
by time."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from beamctl.emulator.control_plane import plane_of
from beamctl.emulator.seed import load_seed
from tests.emulator.test_permission import TABLE, prepared
from tests.emulator.world import RESOURCES, SEED, Clock, World, body_of

MANY = 30
ERA = {"X-Beamlit-Workspace": "acme"}
PAGES = {"Blaxel-Version": "2026-04-28"}
DEVICE = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"}

OTHERS: list[tuple[str, str, str, object, dict[str, str]]] = [
    ("ivy", "GET", "/profile/invitations", None, {}),
    ("ivy", "POST", "/workspaces/acme/join", None, {}),
    ("ada", "GET", "/workspaces/acme?countResources=true", None, {}),
    ("ada", "PUT", "/users/new@example.com", {"role": "viewer"}, {}),
    ("ada", "DELETE", "/users/late@example.com", None, {}),
    ("ada", "POST", "/users", {"email": "late@example.com"}, {}),
    ("ada", "POST", "/oauth/token", DEVICE, {}),
    *[
        ("ada", "GET", f"/policies?{query}", None, PAGES)
        for query in ("sort=name:asc", "sort=createdAt:asc&limit=1", "q=made", "anchor=end", "externalId=x")
    ],
]
"""Requests that are not in the permission table as an admin: who, method, path, body, headers."""


def large_seed() -> dict[str, Any]:
    """The seed of the tests with many more rows that belong to others."""
    numbers = range(MANY)
    return {
        **SEED,
        "workspaces": [*SEED["workspaces"], *[{"name": f"w{n}"} for n in numbers]],
        "users": [
            *SEED["users"],
            *[{"email": f"m{n}@example.com", "apiKey": f"bl_m{n}", "workspaces": {"acme": "member"}} for n in numbers],
            {"email": "wide@example.com", "apiKey": "bl_wide", "workspaces": {f"w{n}": "admin" for n in numbers}},
        ],
        "invitations": [
            *SEED["invitations"],
            *[{"workspace": "acme", "email": f"i{n}@example.com"} for n in numbers],
            *[{"workspace": f"w{n}", "email": "ivy@example.com"} for n in numbers],
        ],
        "serviceAccounts": [
            *SEED["serviceAccounts"],
            *[{"workspace": "acme", "name": f"s{n}", "apiKey": f"bl_s{n}"} for n in numbers],
        ],
        "policies": [{"workspace": "acme", "name": f"p{n}", "spec": {"type": "location"}} for n in numbers],
        "agents": [{"workspace": "acme", "name": f"a{n}", "spec": {"policies": [f"p{n}"]}} for n in numbers],
    }


@contextmanager
def recorded_statements(world: World) -> Iterator[list[str]]:
    """The statements that SQLite runs; one thread always gets back the connection it returned."""
    statements: list[str] = []
    with plane_of(world.app).database.reading() as rows:
        rows.set_trace_callback(statements.append)
    statements.clear()
    yield statements
    with plane_of(world.app).database.reading() as rows:
        rows.set_trace_callback(None)


def requests() -> Iterator[tuple[str, str, str, object, dict[str, str]]]:
    for (method, _), (path, body, _) in TABLE.items():
        yield "ada", method, path, body, ERA
    yield from OTHERS


def statements_of(db: Path, seed: object) -> dict[str, list[str]]:
    """The statements of each request, each in a fresh world."""
    found = {}
    load_seed(db, seed, now=Clock())
    for number, (who, method, path, body, headers) in enumerate(requests()):
        world = World(Path(shutil.copy(db, db.with_name(f"{number}.db"))), seed={})
        here = prepared(world, path)
        if "/policies" in path:
            world.call("ada", "POST", "/policies", body_of("/policies", "one-more"))
        with recorded_statements(world) as statements:
            world.call(who, method, here, body, headers)
        assert statements, f"{method} {path}"
        # SQLite reports a statement again for each row that it deletes by cascade
        found[f"{method} {path}"] = [one for one, _ in groupby(statements) if not one.startswith("--")]
    return found


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    return statements_of(tmp_path_factory.mktemp("small") / "plane.db", SEED)


def test_the_number_of_statements_does_not_depend_on_the_number_of_rows(
    tmp_path: Path, small: dict[str, list[str]]
) -> None:
    large = statements_of(tmp_path / "plane.db", large_seed())
    assert {name: len(asked) for name, asked in large.items()} == {name: len(asked) for name, asked in small.items()}


def test_no_statement_scans_a_table(world: World, small: dict[str, list[str]]) -> None:
    """No statement scans a table; one that sorts or parses works only on the rows that it found."""
    connection = sqlite3.connect(world.db, isolation_level=None)
    scans = {}
    for statement in {one for asked in small.values() for one in asked if not one.startswith(("BEGIN", "COMMIT"))}:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
        wide = [step for step in plan if step.startswith("SCAN") and "VIRTUAL TABLE" not in step]
        if wide:
            scans[statement] = wide
    connection.close()
    assert scans == {}


def test_cascading_deletes_use_an_index(world: World) -> None:
    """Every foreign key has an index that starts with it, so deleting a workspace reads only what it deletes."""
    connection = sqlite3.connect(world.db)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        firsts = {
            connection.execute(f"SELECT name FROM pragma_index_info('{row[1]}')").fetchone()[0]  # noqa: S608 - our names
            for row in connection.execute(f"PRAGMA index_list({table})")
        }
        references = {row[3] for row in connection.execute(f"PRAGMA foreign_key_list({table})")}
        assert references <= firsts, table
    connection.close()


def test_a_large_listing_is_complete(tmp_path: Path) -> None:
    world = World(tmp_path / "plane.db", seed=large_seed())
    assert len(world.users()) == 8 + 2 * MANY
    assert len(world.call("wide", "GET", "/workspaces").get_json()) == MANY
    for path in ("/policies", "/agents"):
        assert RESOURCES[path]
        assert len(world.call("ada", "GET", path).get_json()) == MANY
