"""The membership of two public organizations over the years, replayed against the emulator through the real client.
Each plan is exactly the delta of its revision, and the resulting state is the revision.

One line is one revision as a delta to the line before: {"n", "date", "set": {e-mail: role}, "del": [e-mail]}.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from beamctl.api.config import LOCAL
from beamctl.api.workspace import Options, WorkspaceApi, open_workspace
from beamctl.emulator import as_operator, as_person, create_app, load_seed
from beamctl.plan.comparison import Situation
from beamctl.plan.plan import Plan
from beamctl.secrets.redaction import Redactor
from tests.fakes.one_workspace import plan
from tests.fakes.runs import all_done, desired
from tests.fakes.runs import apply_through as applied

HERE = Path(__file__).parent
HISTORIES = sorted(HERE.glob("*.jsonl"))
SITUATION = Situation(date(2026, 11, 24), "local")


def revisions(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@contextmanager
def workspace(tmp_path: Path, founder: str) -> Iterator[tuple[WorkspaceApi, Any]]:
    database = tmp_path / "emulator.db"
    app = create_app(database)
    load_seed(
        database, {"workspaces": [{"name": "acme"}], "users": [{"email": founder, "workspaces": {"acme": "admin"}}]}
    )
    with open_workspace(LOCAL, "acme", Options(redactor=Redactor()), wsgi_app=as_operator(app)) as api:
        yield api, app


def document(members: dict[str, str]) -> str:
    lines = "".join(f"  {email}: {role}\n" for email, role in members.items())
    return f"version: 1\nworkspace: acme\nmembers:\n{lines}"


def summary(found: Plan) -> dict[str, tuple[str, str | None]]:
    return {
        change.name: (change.action.value, change.after["role"] if change.after else None) for change in found.changes
    }


def delta(before: dict[str, str], revision: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    wanted: dict[str, tuple[str, str | None]] = dict.fromkeys(revision["del"], ("remove", None))
    for email, role in revision["set"].items():
        if before.get(email) != role:
            wanted[email] = ("set role" if email in before else "invite", role)
    return wanted


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_each_plan_is_the_delta_of_its_revision(path: Path, tmp_path: Path) -> None:
    history = revisions(path)
    founder = next(email for email, role in history[0]["set"].items() if role == "admin")
    members = {founder: "admin"}
    with workspace(tmp_path, founder) as (api, app):
        for revision in history:
            expected = delta(members, revision)
            members |= revision["set"]
            for email in revision["del"]:
                del members[email]
            want = desired(document(members))
            found = plan(want, api.reader(), SITUATION)
            assert summary(found) == expected, f"revision {revision['n']}"
            assert all_done(applied(found, api.reader(), api.sender()))
            for email, (action, _) in expected.items():
                if action == "invite":
                    assert Client(as_person(app, email)).post("/v0/workspaces/acme/join").status_code == 200
            live = {user["email"]: (user["role"], user["accepted"]) for user in api.reader().get("/users")}
            assert live == {email: (role, True) for email, role in members.items()}
        assert plan(want, api.reader(), SITUATION).changes == ()


def test_both_histories_are_found() -> None:
    assert [len(revisions(path)) for path in HISTORIES] == [36, 131]
