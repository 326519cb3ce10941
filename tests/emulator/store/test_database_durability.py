"""Acknowledged changes survive the process: real servers on one file, clients over HTTP, and SIGKILL during
requests."""

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Any

import httpx
import pytest
from werkzeug.test import Client

from beamctl.emulator.app import create_app
from beamctl.emulator.control_plane import as_operator
from beamctl.emulator.seed import load_seed
from tests.emulator.process import serving

WRITERS = 4
PEOPLE = 200
ENOUGH = 60
"""Acknowledged changes after which a server is killed."""
LONGEST = 60

GONE, THERE, INVITED = "gone", "there", "invited"
Target = tuple[str, str]
"""`workspace` and its name, or `person` and a number."""


@dataclass(frozen=True)
class Change:
    """One request and the object that it creates or changes."""

    target: Target
    before: str
    after: str
    key: str
    method: str
    path: str
    body: object = None


@dataclass
class Journal:
    """The states that may be in the file: for each object, the one after the last response and, before that, both."""

    may_be: dict[Target, set[str]] = field(default_factory=dict)
    acknowledged: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)
    people: deque[int] = field(default_factory=lambda: deque(range(PEOPLE)))

    def make(self, http: httpx.Client, change: Change) -> None:
        with self.changed:
            self.may_be[change.target] = {change.before, change.after}
        answer = http.request(change.method, change.path, json=change.body, headers={"Api-Key": change.key})
        assert answer.status_code == 200, answer.text
        with self.changed:
            self.may_be[change.target] = {change.after}
            self.acknowledged += 1
            self.changed.notify_all()

    def wait_for(self, more: int) -> None:
        with self.changed:
            wanted = self.acknowledged + more
            assert self.changed.wait_for(lambda: self.acknowledged >= wanted, LONGEST)


@dataclass(frozen=True)
class Writer:
    """A client with its own names that makes changes of several rows until its server is gone."""

    name: str
    base: str
    journal: Journal
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> str:
        """Returns the reason why it ended."""
        with httpx.Client(base_url=self.base, timeout=LONGEST) as http:
            try:
                for step in count():
                    for change in self._changes(step):
                        self.journal.make(http, change)
                    if self.stop.is_set():
                        break
            except httpx.TransportError:
                return "killed"
        return "stopped"

    def _changes(self, step: int) -> Iterator[Change]:
        """Create a workspace, let a user join acme, delete the workspace of the previous step."""
        name, before = (f"{self.name}-{number}" for number in (step, step - 1))
        yield Change(("workspace", name), GONE, THERE, "bl_ada", "POST", "/workspaces", {"name": name})
        with suppress(IndexError):  # until no one is left
            person = str(self.journal.people.popleft())
            yield Change(("person", person), INVITED, THERE, f"bl_{person}", "POST", "/workspaces/acme/join")
        if step:
            yield Change(("workspace", before), THERE, GONE, "bl_ada", "DELETE", f"/workspaces/{before}")


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "plane.db"
    people = [{"email": f"p{number}@example.com", "apiKey": f"bl_{number}"} for number in range(PEOPLE)]
    ada = {"email": "ada@example.com", "apiKey": "bl_ada", "workspaces": {"acme": "admin"}}
    invitations = [{"workspace": "acme", "email": person["email"], "role": "viewer"} for person in people]
    load_seed(path, {"workspaces": [{"name": "acme"}], "users": [ada, *people], "invitations": invitations})
    return path


def check(db: Path, journal: Journal) -> None:
    """Everything acknowledged is there, each change is complete, and the file is intact."""
    operator = Client(as_operator(create_app(db)))

    def asked(path: str, workspace: str) -> Any:
        return operator.get(f"/v0{path}", headers={"X-Beamlit-Workspace": workspace}).get_json()

    spaces = {space["name"] for space in asked("/workspaces", "")}
    team = {user["email"]: user for user in asked("/users", "acme")}
    assert len(team) == PEOPLE + 1
    for (kind, name), states in journal.may_be.items():
        if kind == "workspace":
            assert (THERE if name in spaces else GONE) in states, name
        else:
            person = team[f"p{name}@example.com"]
            assert (THERE if person["accepted"] else INVITED) in states, name
            assert person["role"] == "viewer"
    for name in spaces:
        assert "ada@example.com" in {user["email"] for user in asked("/users", name)}
        assert len(asked("/environments", name)) == 2
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_killed_server_keeps_acknowledged_changes_and_no_partial_ones(db: Path) -> None:
    journal = Journal()
    for number in range(2):
        with ThreadPoolExecutor(WRITERS) as pool, serving(db) as (server, base):
            ended = [pool.submit(Writer(f"w{number}-{one}", base, journal).run) for one in range(WRITERS)]
            journal.wait_for(ENOUGH)
            server.kill()
            assert {future.result(LONGEST) for future in ended} == {"killed"}
        check(db, journal)


def test_killing_one_of_two_servers_does_not_stop_the_other(db: Path) -> None:
    journal, stop = Journal(), threading.Event()
    with ThreadPoolExecutor(WRITERS) as pool, serving(db) as (first, one), serving(db) as (_, other):
        bases = cycle((one, other))
        ended = [pool.submit(Writer(f"w{number}", next(bases), journal, stop).run) for number in range(WRITERS)]
        journal.wait_for(ENOUGH)
        first.kill()
        journal.wait_for(ENOUGH)
        stop.set()
        assert [future.result(LONGEST) for future in ended] == ["killed", "stopped"] * (WRITERS // 2)
        check(db, journal)
