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
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SCRIPT = str(Path(__file__).parent / "hand_written.py")
BEAMCTL = str(Path(sys.executable).parent / "beamctl")
ROUNDS = 11
ADMINS = 5
START_UP = {"--version": 1.2, "--help": 5.0}
"""Targets: at most so many times `python -c pass`."""
UNCHANGED = {1_000: 1.5, 10_000: 1.7, 100_000: 2.2}
"""Targets by number of unchanged members: at most so many times the hand-written script."""


def role(number: int) -> str:
    """The role of a member."""
    return "admin" if number < ADMINS else "member"


@cache
def listing(people: int) -> bytes:
    """The members of a workspace, as the API returns them."""
    return json.dumps(
        [{"sub": f"u{n}", "email": f"p{n}@example.com", "role": role(n), "accepted": True} for n in range(people)]
    ).encode()


class Listing(BaseHTTPRequestHandler):
    """Responds to every GET below /N with N members."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send the listing."""
        body = listing(int(self.path.split("/")[1]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
        """Do not log requests."""


def seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    """The run time of a command."""
    began = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)  # noqa: S603 - our own commands
    return time.perf_counter() - began


def ratio(command: Sequence[str], baseline: Sequence[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """The median times of a command and of its baseline, and their ratio. They take turns, so noise affects both."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(ROUNDS + 1):
        for each, taken in zip((command, baseline), times, strict=True):
            took = seconds(each, environment)
            if turn:  # the first turn warms the caches
                taken.append(took)
    ours, theirs = map(statistics.median, times)
    return ours, theirs, ours / theirs


def show(name: str, found: tuple[float, float, float], baseline: str, target: float) -> None:
    """Print one line."""
    ours, theirs, times = found
    verdict = "met" if times <= target else "missed"
    compared = f"{ours * 1000:7.0f} ms   {baseline} {theirs * 1000:5.0f} ms   {times:5.2f} x"
    print(f"{name:34} {compared}   at most {target} x: {verdict}")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, ThreadingHTTPServer(("127.0.0.1", 0), Listing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment = variables | {"BEAMCTL_API_KEY": "made-up", "HOME": folder}
        for option, target in START_UP.items():
            base = [sys.executable, "-c", "pass"]
            show(f"beamctl {option}", ratio([BEAMCTL, option], base, environment), "python -c pass", target)
        for people, target in UNCHANGED.items():
            document = Path(folder) / f"{people}.yaml"
            members = "".join(f"  p{n}@example.com: {role(n)}\n" for n in range(people))
            document.write_text(f"version: 1\nworkspace: acme\nmembers:\n{members}")
            url = f"http://127.0.0.1:{server.server_port}/{people}/v0"
            for command, arguments in (("validate", ()), ("plan", (url,))):
                found = ratio(
                    [BEAMCTL, command, "-f", str(document)],
                    [sys.executable, SCRIPT, str(document), *arguments],
                    environment | {"BEAMCTL_API_URL": url},
                )
                show(f"beamctl {command}, {people:,} members", found, "script", target)
        server.shutdown()


if __name__ == "__main__":
    main()
