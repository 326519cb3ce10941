"""Measure start-up and planning as ratios within one run. `python bench/run.py` prints them.

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
PEOPLE = 10_000
ROUNDS = 11
ADMINS = 5


class Listing(BaseHTTPRequestHandler):
    """Responds to every GET with the same members."""

    protocol_version = "HTTP/1.1"
    body = json.dumps(
        [
            {
                "sub": f"u{n}",
                "email": f"p{n}@example.com",
                "role": "admin" if n < ADMINS else "member",
                "accepted": True,
            }
            for n in range(PEOPLE)
        ]
    ).encode()

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


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, ThreadingHTTPServer(("127.0.0.1", 0), Listing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        document = Path(folder) / "access.yaml"
        lines = (f"  p{n}@example.com: {'admin' if n < ADMINS else 'member'}\n" for n in range(PEOPLE))
        document.write_text("version: 1\nworkspace: acme\nmembers:\n" + "".join(lines))
        url = f"http://127.0.0.1:{server.server_port}/v0"
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment = variables | {"BEAMCTL_API_URL": url, "BEAMCTL_API_KEY": "made-up", "HOME": folder}
        script = Path(sys.executable).parent / "beamctl"
        found = compare(
            {
                "python -c pass": [sys.executable, "-c", "pass"],
                "beamctl --version": [str(script), "--version"],
                "beamctl --help": [str(script), "--help"],
                "hand-written script": [sys.executable, str(HERE / "hand_written.py"), str(document), url],
                "beamctl plan": [str(script), "plan", "-f", str(document), "--detailed-exitcode"],
            },
            environment,
        )
        server.shutdown()
    base, script_time = found["python -c pass"], found["hand-written script"]
    for name, taken in found.items():
        print(f"{name:22} {taken * 1000:7.1f} ms   {taken / base:5.2f} x python -c pass")
    print(f"\n--version: {found['beamctl --version'] / base:.2f} x python -c pass (target 1.5)")
    print(f"--help:    {found['beamctl --help'] / base:.2f} x python -c pass (target 6)")
    print(f"plan of {PEOPLE:,} unchanged members: {found['beamctl plan'] / script_time:.2f} x the script (target 2)")


if __name__ == "__main__":
    main()
