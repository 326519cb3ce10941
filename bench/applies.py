"""Measure applies next to a floor: `python bench/applies.py` prints them.

A small HTTP server on loopback replaces the API. It takes a while for each request, and can limit their rate or how
many are in flight. The floor is the time that the requests of the changes alone must take. The hand-written script
sends them from the same number of threads, without a plan, a record or a check of the result.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

BEAMCTL = str(Path(sys.executable).parent / "beamctl")
LATENCY = 0.05
IN_FLIGHT = 8
BUSY = 429


@dataclass
class Api:
    """The members of each workspace, and the limits.

    Attributes:
        cap: How many requests that change something may be in flight; 0 for any number.
        rate: How many may begin in a second, after as many at once; 0 for any number.
    """

    users: dict[str, dict[str, str]]
    cap: int = 0
    rate: int = 0
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    _in_flight: int = 0
    _filled: float = 0.0
    _tokens: float = 0.0

    def begin(self) -> bool:
        """Whether a request may begin."""
        with self.lock:
            now = time.monotonic()
            self._tokens = min(self.rate, self._tokens + (now - self._filled) * self.rate)
            self._filled = now
            if (self.cap and self._in_flight >= self.cap) or (self.rate and self._tokens < 1):
                self.refused += 1
                return False
            self._in_flight += 1
            self._tokens -= 1
            return True

    def end(self) -> None:
        """A request has ended."""
        with self.lock:
            self._in_flight -= 1


def handler(api: Api) -> type[BaseHTTPRequestHandler]:
    """The routes of members."""

    class Members(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            time.sleep(LATENCY)
            people = api.users.get(self.headers["X-Blaxel-Workspace"], {})
            listed = [{"sub": email, "email": email, "role": role, "accepted": True} for email, role in people.items()]
            self.answer(200, {} if self.path.startswith("/v0/workspaces") else listed)

        def do_PUT(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if not api.begin():
                self.answer(BUSY, {"error": "too many requests"})
                return
            try:
                time.sleep(LATENCY)
                email = unquote(self.path.rpartition("/")[2])
                api.users[self.headers["X-Blaxel-Workspace"]][email] = body["role"]
            finally:
                api.end()
            self.answer(200, {"sub": email, "email": email, "role": body["role"]})

        def answer(self, status: int, data: object) -> None:
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status == BUSY and api.rate:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
            """Do not log requests."""

    return Members


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def serving(api: Api) -> Iterator[str]:
    """Serve it on loopback."""
    with _Server(("127.0.0.1", 0), handler(api)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v0"
        server.shutdown()


def people(workspaces: int, changes: int) -> dict[str, dict[str, str]]:
    """An admin, and a member for each change."""
    members = {"root@example.com": "admin", **{f"p{n}@example.com": "member" for n in range(changes)}}
    return {f"w{number}": dict(members) for number in range(workspaces)}


def by_hand(url: str, workspaces: int, changes: int) -> None:
    """Send the requests of the changes, from as many threads."""
    import httpx

    with httpx.Client(limits=httpx.Limits(max_connections=IN_FLIGHT)) as client:

        def send(number: int) -> None:
            headers = {"X-Blaxel-Workspace": f"w{number // changes}"}
            url_of = f"{url}/users/p{number % changes}@example.com"
            while client.put(url_of, json={"role": "viewer"}, headers=headers).status_code == BUSY:
                time.sleep(0.5)

        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            list(pool.map(send, range(workspaces * changes)))


def measure(name: str, floor: float, workspaces: int, changes: int, cap: int = 0, rate: int = 0) -> None:
    """Print one line."""
    script = Api(people(workspaces, changes), cap, rate)
    with serving(script) as url:
        began = time.perf_counter()
        by_hand(url, workspaces, changes)
        took_script = time.perf_counter() - began
    api = Api(people(workspaces, changes), cap, rate)
    with serving(api) as url, tempfile.TemporaryDirectory() as folder:
        access = Path(folder) / "access"
        access.mkdir()
        members = "".join(f"  p{n}@example.com: viewer\n" for n in range(changes))
        for workspace in api.users:
            head = f"version: 1\nworkspace: {workspace}\nguards: {{maxRemovals: 100%}}\nmembers:\n"
            (access / f"{workspace}.yaml").write_text(f"{head}  root@example.com: admin\n{members}")
        variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        environment = variables | {"BEAMCTL_API_KEY": "made-up", "BEAMCTL_API_URL": url, "HOME": folder}
        command = [BEAMCTL, "apply", "-f", str(access), "--auto-approve", "--max-wait", "600"]
        began = time.perf_counter()
        subprocess.run([*command, "--record", f"{folder}/runs"], env=environment, check=True, capture_output=True)  # noqa: S603 - our own command
        took = time.perf_counter() - began
    made = sum(role == "viewer" for members_of in api.users.values() for role in members_of.values())
    if made != workspaces * changes:
        raise SystemExit(f"{name}: only {made} changes were made")
    print(
        f"{name:48} {took:6.1f} s   floor {floor:5.1f} s   {took / floor:5.2f} x   script {took_script:5.1f} s   "
        f"{api.refused} refused, of the script {script.refused}"
    )


def main() -> None:
    """Measure and print."""
    thousand = 1_000 * LATENCY / IN_FLIGHT
    measure("1,000 changes at 50 ms, 8 in flight", thousand, 1, 1_000)
    measure("1,000 changes, at most 4 in flight", 1_000 * LATENCY / 4, 1, 1_000, cap=4)
    measure("1,000 changes, at most 100 a second", 900 / 100, 1, 1_000, rate=100)
    measure("50 workspaces x 20 changes, 8 in flight", thousand, 50, 20)
    measure("50 workspaces x 20 changes, at most 4 in flight", 1_000 * LATENCY / 4, 50, 20, cap=4)
    measure("50 workspaces x 20 changes, at most 100 a second", 900 / 100, 50, 20, rate=100)


if __name__ == "__main__":
    main()
