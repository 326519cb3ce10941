"""The command line in a child process, for tests of signals, terminals, pipes and imports."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

TIMEOUT = 90
"""Seconds after which a hanging process is killed and the test fails."""
RETRY_AFTER = 10
"""Seconds without an effect after which Ctrl-C is pressed again."""
AS_INSTALLED = str(Path(__file__).parent / "as_installed")
"""Hides `rich`: a library of the tests installs it, and httpx imports it if it is installed."""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output, which must be one JSON object."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


def command(prelude: str = "") -> list[str]:
    """The command that starts `beamctl`; `prelude` is Python code that runs before it."""
    code = f"import sys; from beamctl.__main__ import main; {prelude}\nsys.exit(main())"
    return [sys.executable, "-c", code] if prelude else [sys.executable, "-m", "beamctl"]


def room_for(size: int) -> str:
    """A prelude that limits the size of files. Bytecode is not cached, since a truncated cache would be used later."""
    return (
        f"import resource; sys.dont_write_bytecode = True; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
    )


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The test's environment (already cleaned), with this checkout of beamctl importable."""
    path = os.pathsep.join(filter(None, [AS_INSTALLED, *sys.path]))
    return {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", **(changes or {})}


def process(
    *arguments: str,
    prelude: str = "",
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    stdout: int | IO[Any] = subprocess.PIPE,
    stderr: int | IO[Any] = subprocess.PIPE,
    encoding: str = "utf-8",
) -> Ran:
    """Run beamctl until it exits."""
    ended = subprocess.run(
        [*command(prelude), *arguments],
        env=environment(env),
        input=stdin,
        stdout=stdout,
        stderr=stderr,
        encoding=encoding,
        check=False,
        timeout=TIMEOUT,
    )
    return Ran(ended.returncode, ended.stdout or "", ended.stderr or "")


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A running process; it is killed when the block ends or after a timeout."""
    started = subprocess.Popen(
        [*command(), *arguments],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    watchdog = threading.Timer(TIMEOUT, started.kill)
    watchdog.start()
    try:
        yield started
    finally:
        watchdog.cancel()
        started.kill()
        started.communicate()


@contextmanager
def terminal(
    *arguments: str, env: Mapping[str, str] | None = None, stdin: int | None = None, stdout: int | None = None
) -> Iterator["Terminal"]:
    """A process on its own pseudo-terminal; standard input and output may be redirected."""
    ours, theirs = pty.openpty()
    started = subprocess.Popen(
        [*command(), *arguments],
        env=environment({"TERM": "xterm-256color", **(env or {})}),
        stdin=theirs if stdin is None else stdin,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(started, ours)
    finally:
        started.kill()
        started.wait()
        os.close(ours)


class Terminal:
    """The screen and the keyboard of a terminal."""

    def __init__(self, started: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = started
        self._descriptor = descriptor
        self._seen = b""

    def read_until(self, text: str) -> str:
        """Read until this text appears, or to the end."""
        while text.encode() not in self._seen and self._read():
            pass
        assert text in self.seen
        return self.seen

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C until it has an effect: Python misses one that arrives just before it waits for a line."""
        while True:
            self.process.send_signal(signal.SIGINT)
            if select.select([self._descriptor], [], [], RETRY_AFTER)[0]:
                return

    def end(self) -> tuple[int, str]:
        """The exit code and everything that was shown."""
        while self._read():
            pass
        return self.process.wait(TIMEOUT), self.seen

    @property
    def seen(self) -> str:
        return self._seen.decode().replace("\r\n", "\n")

    def _read(self) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], TIMEOUT)
        assert ready, f"nothing more came after: {self.seen}"
        try:
            piece = os.read(self._descriptor, 65536)
        except OSError:  # how Linux reports that the other side is closed
            return False
        self._seen += piece
        return bool(piece)
