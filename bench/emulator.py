"""Measure the emulator with 10,000 members and 1,000 workspaces.

`python bench/emulator.py` prints the time of each request, and its ratio to the time with a tenth of the data.
A ratio of ten is linear. Then it asks a server over one and over hundreds of connections.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
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
ASKED = 3_000
"""Requests over all connections together."""
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


async def served(url: str, connections: int) -> tuple[float, float]:
    """The requests per second over kept-alive connections that all ask at once, and the seconds of the slowest."""
    host, port = url.removeprefix("http://").removesuffix("/v0").split(":")
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    message = f"GET /v0/users HTTP/1.1\r\nHost: {host}\r\n{head}\r\n".encode()
    slowest = 0.0

    async def ask() -> None:
        nonlocal slowest
        reader, writer = await asyncio.open_connection(host, port)
        for _ in range(ASKED // connections):
            began = time.perf_counter()
            writer.write(message)
            answer = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(answer.lower().split(b"content-length:")[1].split()[0]))
            slowest = max(slowest, time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(connections)))
    return ASKED / (time.perf_counter() - began), slowest


def compare_connections() -> None:
    """Print a line for each number of connections, each with a new server."""
    for connections in (1, 16, 300):
        with tempfile.TemporaryDirectory() as folder:
            load_seed(Path(folder) / "plane.db", seed(4, 1))
            command = [sys.executable, "-m", "beamctl", "emulator", "serve", "--port", "0", "--db", "plane.db"]
            with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - our own program
                words = (word for line in server.stdout or () for word in line.split())
                url = next(word for word in words if word.startswith("http://") and word.endswith("/v0"))
                rate, slowest = asyncio.run(served(url, connections))
                server.terminate()
        print(f"{connections:4} connections {rate:9.0f} requests/s, slowest {slowest * 1000:6.0f} ms")


def main() -> None:
    """Measure and print a line for each request."""
    measured(PEOPLE // TENTH // TENTH, SPACES // TENTH)  # warm-up
    small, large = measured(PEOPLE // TENTH, SPACES // TENTH), measured(PEOPLE, SPACES)
    print(f"{PEOPLE} members, {SPACES} workspaces, compared with a tenth of that")
    for name, taken in large.items():
        print(f"{name:22} {taken:9.2f} ms  x {taken / small[name]:.1f}")
    compare_connections()


if __name__ == "__main__":
    main()
