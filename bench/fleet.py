"""Measure plans of many workspaces: the time against a hand-written script and against the ideal, how it grows, and
the memory and file descriptors. `python bench/fleet.py` prints them.

The API is a small server in a process of its own, which answers after a given latency.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SCRIPT = str(Path(__file__).parent / "hand_written.py")
ROUNDS = 1
IN_FLIGHT = 16
KINDS = 4
LATENCY = 0.05
LATE = (200, 50, 1.25)
"""Workspaces, members of each, and the target: at most so many times the ideal of a plan that only waits."""
BUSY = (1_000, 100, 2.0)
"""The same without latency; the target compares with the script."""
GROWTH = (50, 100, 200)
MOST_GROWTH = 1.1
"""Target: at most this exponent from the first to the last number of workspaces."""
SIZES = (50, 300)
"""Numbers of workspaces for memory and descriptors."""
PEAK = """
import os, resource, sys, threading
most = 0
def watch(ended=threading.Event()):
    global most
    while not ended.wait(0.005):
        most = max(most, len(os.listdir("/proc/self/fd")) - 1)
threading.Thread(target=watch, daemon=True).start()
from beamctl.cli.main import run
code = run(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, most, file=sys.stderr)
"""
"""Runs beamctl, then prints the exit code, the peak of memory in KiB, and the most open descriptors."""


class Fleet(BaseHTTPRequestHandler):
    """Answers as an API in which all workspaces have the same members. The first part of a path is their number, the
    second the latency in milliseconds."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # the head and the body in one packet

    def do_GET(self) -> None:
        """Answer one read."""
        _, people, latency, _, *path = self.path.partition("?")[0].split("/")
        time.sleep(int(latency) / 1000)
        match path:
            case ["users"]:
                users = [{"sub": f"u{n}", "email": email, "role": role} for n, (email, role) in members(int(people))]
                body: object = [{**user, "accepted": True} for user in users]
            case ["workspaces", name]:
                body = {"name": name, "displayName": name}
            case _:
                body = []
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Do not log requests."""


class Server(ThreadingHTTPServer):
    """With room for all connections at once."""

    request_queue_size = 128


def members(people: int) -> Iterator[tuple[int, tuple[str, str]]]:
    """The members of each workspace: number, address and role."""
    return enumerate((f"p{n}@example.com", "admin" if n < 5 else "member") for n in range(people))  # noqa: PLR2004


@contextmanager
def serving() -> Iterator[str]:
    """The server in a process of its own; its URL without the part that says what it answers."""
    ours, theirs = os.pipe()
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(command, stdout=theirs) as server, open(ours, encoding="ascii") as output:  # noqa: S603, PTH123 - ours
        os.close(theirs)
        try:
            yield f"http://127.0.0.1:{output.readline().strip()}"
        finally:
            server.terminate()


def write_documents(folder: Path, workspaces: int, people: int) -> Path:
    """A document for each workspace."""
    into = folder / f"{workspaces}-{people}"
    into.mkdir(exist_ok=True)
    lines = "".join(f"  {email}: {role}\n" for _, (email, role) in members(people))
    for number in range(workspaces):
        head = f"version: 1\nworkspace: w{number}\nsettings: {{displayName: w{number}}}\n"
        text = f"{head}serviceAccounts: {{}}\npolicies: {{}}\nmembers:\n{lines}"
        (into / f"w{number}.yaml").write_text(text)
    return into


def seconds(command: Sequence[str], environment: dict[str, str]) -> tuple[float, str]:
    """The shortest run time of a command, because other load only adds to it; and its error output."""
    times, shown = [], ""
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ran = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)  # noqa: S603 - ours
        times.append(time.perf_counter() - began)
        shown = ran.stderr
    return min(times), shown


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name, serving() as url:
        folder = Path(name)
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        root = str(Path(__file__).parent.parent)
        environment = variables | {"BEAMCTL_API_KEY": "made-up", "HOME": name, "PYTHONPATH": root}

        def plan(workspaces: int, people: int, latency: float, *, by: Sequence[str] = ()) -> float:
            api = f"{url}/{people}/{latency * 1000:.0f}/v0"
            documents = str(write_documents(folder, workspaces, people))
            ours = [sys.executable, "-m", "beamctl", "plan", "-f", documents]
            theirs = [*by, documents, api]
            return seconds(theirs if by else ours, environment | {"BEAMCTL_API_URL": api})[0]

        by = (sys.executable, SCRIPT)
        workspaces, people, most = LATE
        ideal = workspaces * KINDS / IN_FLIGHT * LATENCY
        for what, took in (
            ("beamctl", plan(workspaces, people, LATENCY)),
            ("script", plan(workspaces, people, LATENCY, by=by)),
        ):
            show(f"{what}, {workspaces} workspaces, {LATENCY * 1000:.0f} ms latency", took, ideal, "ideal", most)
        workspaces, people, most = BUSY
        took, floor = plan(workspaces, people, 0), plan(workspaces, people, 0, by=by)
        show(f"beamctl, {workspaces:,} workspaces of {people} members", took, floor, "script", most)
        times = [plan(each, people, 0) for each in GROWTH]
        exponent = math.log(times[-1] / times[0]) / math.log(GROWTH[-1] / GROWTH[0])
        verdict = "met" if exponent <= MOST_GROWTH else "missed"
        print(f"growth from {GROWTH[0]} to {GROWTH[-1]} workspaces: {exponent:.2f}, at most {MOST_GROWTH}: {verdict}")
        for each in SIZES:
            api = f"{url}/{people}/5/v0"
            command = [sys.executable, "-c", PEAK, "plan", "-f", str(write_documents(folder, each, people)), "-q"]
            shown = seconds(command, environment | {"BEAMCTL_API_URL": api})[1]
            _, memory, descriptors = map(int, re.findall(r"\d+", shown.splitlines()[-1]))
            print(f"{each} workspaces: {memory / 1024:.0f} MiB, {descriptors} descriptors")


def show(name: str, took: float, baseline: float, which: str, most: float) -> None:
    """Print one line."""
    verdict = "met" if took / baseline <= most else "missed"
    print(
        f"{name:45} {took:6.2f} s   {which} {baseline:6.2f} s   {took / baseline:5.2f} x   at most {most} x: {verdict}"
    )


def serve() -> None:
    """Run the server and print its port."""
    with Server(("127.0.0.1", 0), Fleet) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
