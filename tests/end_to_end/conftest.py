"""The command line in its own process, against the emulator on a socket."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from beamctl.cli.main import run
from beamctl.emulator import BehaviorFlag, create_app
from tests.cli.loopback import serving
from tests.cli.process import AS_INSTALLED
from tests.fakes import contract

LOG = "requests.jsonl"
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
            timeout=120,
        )
        ran = Ran(ended.returncode, ended.stdout, ended.stderr)
        self.check(ran, code)
        return ran

    def check(self, ran: Ran, code: int | None) -> None:
        """Check the exit code, and that the output has no traceback and no key."""
        assert code is None or ran.code == code, ran
        assert "Traceback" not in ran.err
        assert KEY not in ran.out + ran.err

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text, "utf-8")


@dataclass
class AtOnce(Playground):
    """The same in this process, to save the start-up."""

    monkeypatch: pytest.MonkeyPatch = field(kw_only=True)
    streams: pytest.CaptureFixture[str] = field(kw_only=True)

    def beamctl(self, *arguments: str, stdin: str = "", code: int | None = 0) -> Ran:
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
        self.streams.readouterr()
        ran = Ran(run(arguments), *self.streams.readouterr())
        self.check(ran, code)
        return ran

    @contextmanager
    def serving(self, seed: str, quirks: frozenset[BehaviorFlag] = frozenset()) -> Iterator[None]:
        """Serve the emulator with these quirks, as the default API."""
        self.write("seed.yaml", seed)
        self.beamctl("emulator", "seed", "seed.yaml")
        app = create_app(self.directory / ".beamctl" / "emulator.db", flags=quirks)
        with serving(app) as server:
            self.monkeypatch.setenv("BEAMCTL_API_URL", server.url)
            self.monkeypatch.setenv("BEAMCTL_API_KEY", KEY)
            yield


def clean_environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join(filter(None, [AS_INSTALLED, *sys.path])),
        "PYTHONUTF8": "1",
    }


@pytest.fixture
def playground(tmp_path: Path) -> Playground:
    return Playground(tmp_path, clean_environment(tmp_path))


@pytest.fixture
def at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> AtOnce:
    monkeypatch.chdir(tmp_path)
    for name in set(os.environ) - set(clean_environment(tmp_path)):
        monkeypatch.delenv(name)
    for name, value in clean_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    return AtOnce(tmp_path, monkeypatch=monkeypatch, streams=capfd)


@pytest.fixture
def serve(playground: Playground) -> Iterator[Callable[..., str]]:
    servers: list[subprocess.Popen[str]] = []

    def start(seed: str, *options: str) -> str:
        playground.write("seed.yaml", seed)
        arguments = [*BEAMCTL, "emulator", "serve", "--port", "0", "--seed", "seed.yaml", "--log", LOG, *options]
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
    for line in (playground.directory / LOG).read_text("utf-8").splitlines():
        entry = json.loads(line)
        contract.observe_logged(entry["method"], entry["path"].removeprefix("/v0"), entry["status"])
