"""Measure start-up, `validate` and `plan` as ratios within one run. `python bench/run.py` prints them.

A small HTTP server on loopback replaces the emulator, so that only beamctl is measured.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
TARGETS = {1_000: 1.5, 10_000: 1.7}
"""Unchanged members, and the most that a command may take compared with the hand-written script."""
ROUNDS = 11
ADMINS = 5


class Listing(BaseHTTPRequestHandler):
    """Responds to every GET with the same members."""

    protocol_version = "HTTP/1.1"
    body = b"[]"

    def do_GET(self) -> None:
        """Send the listing."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
        """Do not log requests."""


def seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    """The run time of a command."""
    began = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)  # noqa: S603 - our own commands
    return time.perf_counter() - began


def compare(commands: dict[str, Sequence[str]], environment: dict[str, str]) -> dict[str, float]:
    """The median time of each command. Commands take turns, so that noise affects all of them."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for command in commands.values():
        seconds(command, environment)  # warm the caches
    for _ in range(ROUNDS):
        for name, command in commands.items():
            times[name].append(seconds(command, environment))
    return {name: statistics.median(each) for name, each in times.items()}


def listing(people: int) -> bytes:
    """The members as the API returns them."""
    rows = ({"sub": f"u{n}", "email": f"p{n}@example.com", "role": role_of(n), "accepted": True} for n in range(people))
    return json.dumps(list(rows)).encode()


def role_of(number: int) -> str:
    """The role of a member."""
    return "admin" if number < ADMINS else "member"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, ThreadingHTTPServer(("127.0.0.1", 0), Listing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/v0"
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment = variables | {"BEAMCTL_API_URL": url, "BEAMCTL_API_KEY": "made-up", "HOME": folder}
        script = str(Path(sys.executable).parent / "beamctl")
        commands: dict[str, Sequence[str]] = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "beamctl --version": [script, "--version"],
            "beamctl --help": [script, "--help"],
        }
        base, version, help_text = compare(commands, environment).values()
        print(f"python -c pass: {base * 1000:.1f} ms")
        print(f"--version: {version / base:.2f} x python -c pass (target 1.2)")
        print(f"--help: {help_text / base:.2f} x python -c pass (target 5)")
        for people, target in TARGETS.items():
            Listing.body = listing(people)
            document = Path(folder) / f"{people}.yaml"
            lines = (f"  p{n}@example.com: {role_of(n)}\n" for n in range(people))
            document.write_text("version: 1\nworkspace: acme\nmembers:\n" + "".join(lines))
            commands = {
                "script": [sys.executable, str(HERE / "hand_written.py"), str(document), url],
                "validate": [script, "validate", "-f", str(document)],
                "plan": [script, "plan", "-f", str(document), "--detailed-exitcode"],
            }
            floor, validate, plan = compare(commands, environment).values()
            print(f"{people:,} unchanged members: the hand-written script takes {floor * 1000:.0f} ms")
            for name, taken in (("validate", validate), ("plan", plan)):
                print(f"  {name}: {taken / floor:.2f} x the script (target {target})")
        server.shutdown()


if __name__ == "__main__":
    main()
