"""The command line as users run it: an empty directory, an empty environment, and three streams."""

import io
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from beamctl.cli.main import run
from beamctl.emulator import create_app
from tests.cli.loopback import Api, serving
from tests.cli.process import Ran
from tests.cli.world import CANARY, GRACE, SEED, Cli, People, Write


@pytest.fixture(autouse=True)
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty current directory and home, and an environment without settings."""
    for name in list(os.environ):
        if name.startswith(("PYTHON", "TERM")):
            monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def write(directory: Path) -> Write:
    def into(name: str, text: str) -> None:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    return into


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Run beamctl in this process. The output never has a traceback, an escape code in a pipe, or a secret."""

    def call(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        capfd.readouterr()
        code = run(arguments)
        ran = Ran(code, *capfd.readouterr())
        for shown in (ran.out, ran.err):
            assert "Traceback" not in shown
            assert "has a bug" not in shown
            assert "\x1b" not in shown
            assert CANARY not in shown
            assert GRACE not in shown
        return ran

    return call


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run beamctl as a step: both streams are pipes to the runner."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(), "utf-8"))

    def call(*arguments: str) -> Ran:
        streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2)]
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            code = run(arguments)
            assert (sys.stdout, sys.stderr) == (streams[0], streams[1])
        for each in streams:
            each.flush()
        return Ran(code, *(each.buffer.getvalue().decode() for each in streams))

    return call


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database seeded once by `beamctl emulator seed`, to be copied."""
    base = tmp_path_factory.mktemp("seeded")
    (base / "seed.yaml").write_text(SEED)
    assert run(["emulator", "seed", str(base / "seed.yaml"), "--db", str(base / "db" / "emulator.db")]) == 0
    return base / "db"


@pytest.fixture
def database(seeded: Path, directory: Path) -> Path:
    shutil.copytree(seeded, directory / ".beamctl")
    return directory / ".beamctl" / "emulator.db"


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch, database: Path) -> Path:
    """Use the emulator in this process as the API."""
    monkeypatch.setenv("BEAMCTL_API_URL", "local")
    return database


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, database: Path) -> Iterator[Api]:
    """Use the emulator on a socket as the API, with ada's key."""
    with serving(create_app(database)) as server:
        monkeypatch.setenv("BEAMCTL_API_URL", server.url)
        monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
        yield server


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of beamctl take no time: waits with a timeout return at once."""
    wait = threading.Event.wait
    monkeypatch.setattr(
        threading.Event, "wait", lambda event, timeout=None: event.is_set() if timeout is not None else wait(event)
    )


@pytest.fixture
def people(cli: Cli, database: Path) -> People:
    """Read the emulator's members directly, not through the API under test."""

    def look(workspace: str = "acme") -> Mapping[str, str]:
        assert database.exists()
        shown = cli("show", "-w", workspace, "-o", "json", "--api-url", "local").json
        return {row["email"]: row["role"] for row in shown["members"]}

    return look
