"""The real command line in its own process, against the emulator on a socket."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

BEAMCTL = (sys.executable, "-m", "beamctl")
KEY = "bl_end_to_end_canary_key"


@dataclass
class Ran:
    code: int
    out: str
    err: str


@dataclass
class Playground:
    directory: Path
    environment: dict[str, str] = field(default_factory=dict)

    def beamctl(self, *arguments: str, stdin: str = "", code: int | None = 0) -> Ran:
        ended = subprocess.run(
            [*BEAMCTL, *arguments],
            cwd=self.directory,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        ran = Ran(ended.returncode, ended.stdout, ended.stderr)
        assert code is None or ran.code == code, ran
        assert "Traceback" not in ran.err
        assert KEY not in ran.out + ran.err
        return ran

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text, "utf-8")


def clean_environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return kept | {"HOME": str(home), "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUTF8": "1"}


@pytest.fixture
def playground(tmp_path: Path) -> Playground:
    return Playground(tmp_path, clean_environment(tmp_path))


@pytest.fixture
def serve(playground: Playground) -> Iterator[Callable[..., str]]:
    servers: list[subprocess.Popen[str]] = []

    def start(seed: str, *options: str) -> str:
        playground.write("seed.yaml", seed)
        arguments = [*BEAMCTL, "emulator", "serve", "--port", "0", "--seed", "seed.yaml", *options]
        server = subprocess.Popen(
            arguments, cwd=playground.directory, env=playground.environment, stdout=subprocess.PIPE, text=True
        )
        servers.append(server)
        assert server.stdout is not None
        words = (word for line in server.stdout for word in line.split())
        url = next(word for word in words if word.startswith("http://"))
        playground.environment |= {"BEAMCTL_API_URL": url, "BEAMCTL_API_KEY": KEY}
        return url

    yield start
    for server in servers:
        server.terminate()
        server.communicate(timeout=20)
