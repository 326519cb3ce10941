"""Emulators and their clients in child processes, without the environment variables of the test run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVE = """
import sys
from pathlib import Path
from beamctl.emulator import create_app, serve
app = create_app(Path(sys.argv[1]))
serve(app, "127.0.0.1", 0, lambda url: print(url, flush=True))
print("ended", flush=True)
"""
"""Prints its URL, then serves a database until it is stopped."""


@contextmanager
def running(*command: str, program: str = sys.executable, **variables: str) -> Iterator[subprocess.Popen[str]]:
    plain = {key: value for key, value in os.environ.items() if not key.upper().startswith(("BL_", "BLAXEL", "HTTP"))}
    with subprocess.Popen(
        [program, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**plain, **variables},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def serving(db: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The emulator on a socket, and its URL."""
    with running("-c", SERVE, str(db)) as server:
        assert server.stdout
        yield server, server.stdout.readline().strip()
