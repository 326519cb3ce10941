"""Measure the emulator with 10,000 members and 1,000 workspaces.

`python bench/emulator.py` prints the time of each request, and its ratio to the time with a tenth of the data.
A ratio of ten is linear.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from werkzeug.test import Client

from beamctl.emulator import create_app, load_seed

PEOPLE = 10_000
SPACES = 1_000
TENTH = 10
ROUNDS = 20
LAST = "delete the large one"
"""Deletes the workspace with all members, so it can be measured only once."""
HEADERS = {"Api-Key": "bl_root", "X-Blaxel-Workspace": "w0"}

Request = tuple[str, str, object]


def seed(people: int, spaces: int) -> dict[str, Any]:
    """All people in one workspace, and one admin in all workspaces."""
    everywhere = {f"w{number}": "admin" for number in range(spaces)}
    return {
        "workspaces": [{"name": name} for name in everywhere],
        "users": [
            {"email": "root@example.com", "apiKey": "bl_root", "workspaces": everywhere},
            *[
                {"email": f"p{number}@example.com", "apiKey": f"bl_{number}", "workspaces": {"w0": "member"}}
                for number in range(people)
            ],
        ],
        "agents": [{"workspace": "w0", "name": f"a{number}"} for number in range(people // TENTH)],
    }


def requests() -> Iterator[tuple[str, Callable[[int], Request]]]:
    """The measured requests: a name, and the request of each round."""
    yield "list the members", lambda _: ("GET", "/users", None)
    yield "list the workspaces", lambda _: ("GET", "/workspaces", None)
    yield "a page of agents", lambda _: ("GET", "/agents?limit=50", None)
    yield "count resources", lambda _: ("GET", "/workspaces/w0?countResources=true", None)
    yield "invite", lambda number: ("POST", "/users", {"email": f"n{number}@example.com"})
    yield "set a role", lambda number: ("PUT", f"/users/p{number}@example.com", {"role": "viewer"})
    yield "remove a member", lambda number: ("DELETE", f"/users/p{number}@example.com", None)
    yield "create a workspace", lambda number: ("POST", "/workspaces", {"name": f"n{number}"})
    yield "delete a small one", lambda number: ("DELETE", f"/workspaces/w{number + 1}", None)
    yield LAST, lambda _: ("DELETE", "/workspaces/w0", None)


def measured(people: int, spaces: int) -> dict[str, float]:
    """The time of each request in milliseconds, by name."""
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "plane.db"
        began = time.perf_counter()
        load_seed(db, seed(people, spaces))
        taken = {"load the seed": (time.perf_counter() - began) * 1000}
        client = Client(create_app(db))
        for name, request in requests():
            rounds = 1 if name == LAST else ROUNDS
            began = time.perf_counter()
            for number in range(rounds):
                method, path, body = request(number)
                version = {"Blaxel-Version": "2026-04-28"} if "limit" in path else {}
                response = client.open(f"/v0{path}", method=method, json=body, headers={**HEADERS, **version})
                if response.status_code != 200:  # noqa: PLR2004 - HTTP's OK
                    raise SystemExit(f"{method} {path}: {response.status}")
            taken[name] = (time.perf_counter() - began) * 1000 / rounds
    return taken


def main() -> None:
    """Measure and print a line for each request."""
    measured(PEOPLE // TENTH // TENTH, SPACES // TENTH)  # warm-up
    small, large = measured(PEOPLE // TENTH, SPACES // TENTH), measured(PEOPLE, SPACES)
    print(f"{PEOPLE} members, {SPACES} workspaces, compared with a tenth of that")
    for name, taken in large.items():
        print(f"{name:22} {taken:9.2f} ms  x {taken / small[name]:.1f}")


if __name__ == "__main__":
    main()
