"""Secrets that declared objects create and need: for every kind that has one, every destination and source, and every
end of an apply, a secret appears only in its destination, and the next apply repairs what was left."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest

from beamctl.emulator import create_app, load_seed
from tests.cli.loopback import Api, serving
from tests.cli.probe import Probe, assert_unseen
from tests.cli.process import command, environment
from tests.cli.world import Write

OURS = "bl_canary_of_whoever_runs_beamctl"
NEEDED = "sk-canary-0123456789-of-a-connection"
SEED = {
    "workspaces": [{"name": "acme"}],
    "users": [{"email": "ada@example.com", "apiKey": OURS, "workspaces": {"acme": "admin"}}],
}
STORES = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
PRINTS_AND_FAILS = "import sys; s = sys.stdin.read(); print(s); print(s, file=sys.stderr); sys.exit(s)"
SINKS: dict[str, Callable[[str], dict[str, Any]]] = {
    "file": lambda name: {"file": f"kept/{name}"},
    "command": lambda name: {"command": [sys.executable, "-c", STORES, f"kept/{name}"]},
    "keyring": lambda name: {"keyring": {"service": "beamlit", "user": name}},
}
SOURCES: dict[str, dict[str, Any]] = {
    "file": {"file": "needed"},
    "command": {"command": [sys.executable, "-c", "print(open('needed').read())"]},
    "keyring": {"env": "NEEDED"},  # no source reads the keyring
}
COMMANDS = (
    ["validate"],
    ["plan"],
    ["plan", "--out", "plan.json"],
    ["drift"],
    ["show", "-w", "acme"],
    ["runs"],
    ["runs", "last"],
    ["undo", "last"],
)
MADE = {"client_secret", "apiKey"}


@dataclass
class RecordingApp:
    """The application, and every secret that it returned.

    Attributes:
        secrets: The secrets.
        earlier: The number of secrets returned before the current command.
        respond: Called with `METHOD /path` and the response; returns the response to send.
        ended: `METHOD /path` of every completed request.
    """

    app: Callable[..., Iterable[bytes]]
    secrets: list[str] = field(default_factory=list)
    earlier: int = 0
    respond: Callable[[str, Any], Any] = lambda _, body: body
    ended: SimpleQueue[str] = field(default_factory=SimpleQueue)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        status: list[str] = []
        body = b"".join(self.app(environ, lambda line, *_: status.append(line)))
        data = json.loads(body) if body else None
        self.secrets += [data[name] for name in MADE & data.keys()] if isinstance(data, dict) else []
        call = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO'].removeprefix('/v0')}"
        self.ended.put(call)
        data = self.respond(call, data)
        if isinstance(data, tuple):
            status[0], data = data
        content = json.dumps(data).encode()
        start_response(status[0], [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
        return [content]


@dataclass
class World:
    """Attributes:
    app: The recording application.
    api: The application on a socket.
    probe: Runs commands.
    directory: The current directory.
    shift: How far the clock of the application is behind.
    rings: The keyring.
    """

    app: RecordingApp
    api: Api
    probe: Probe
    directory: Path
    shift: list[timedelta]
    rings: dict[str, str]

    def run(self, *arguments: str) -> int:
        """Run a command; no secret that was created or is needed may appear in its output."""
        secrets = [*self.app.secrets, NEEDED, OURS]
        self.probe.secrets, self.app.earlier = secrets, len(self.app.secrets)
        code = self.probe(*arguments)
        self.probe.secrets = [*self.app.secrets, NEEDED, OURS]
        created = [text for text in self.app.secrets if text not in secrets]
        assert_unseen(self.probe.seen, created, "what an apply said")
        return code

    def stored(self) -> dict[str, str]:
        """The stored secrets by name."""
        kept = self.directory / "kept"
        files = {path.name: path.read_text() for path in kept.iterdir()} if kept.is_dir() else {}
        return files | self.rings

    def check_stored(self) -> None:
        """Each stored secret is valid, the API has no unused one, and the next plan is empty."""
        found = self.stored()
        assert set(found) == {"ci", "hub"}
        assert json.loads(found["ci"])["clientSecret"] in self.app.secrets
        assert found["hub"] in self.app.secrets
        pair, key = json.loads(found["ci"]), found["hub"]
        for credential in (f"{pair['clientId']}:{pair['clientSecret']}", key):
            variable = "BEAMCTL_CLIENT_CREDENTIALS" if ":" in credential else "BEAMCTL_API_KEY"
            with pytest.MonkeyPatch.context() as patch:
                patch.delenv("BEAMCTL_API_KEY")
                patch.setenv(variable, credential)
                assert self.run("show", "-w", "acme") == 0
        assert self.run("plan", "--detailed-exitcode") == 0


def document(sink: str) -> str:
    """One service account with a key, and a connection; their secrets are all in one sort of place."""
    place = SINKS[sink]
    key = {"expiresIn": "90d", "rotateBefore": "14d", "keepOld": "3d", "secretTo": place("hub")}
    data = {
        "version": 1,
        "workspace": "acme",
        "serviceAccounts": {"ci": {"role": "admin", "secretTo": place("ci"), "apiKeys": {"hub": key}}},
        "integrations": {"ai": {"integration": "openai", "secret": {"apiKey": SOURCES[sink]}}},
        "guards": {"maxRemovals": 9},
    }
    return json.dumps(data)


@pytest.fixture
def world(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], directory: Path, write: Write
) -> Iterator[World]:
    database = directory / "emulator.db"
    load_seed(database, SEED)
    shift: list[timedelta] = [timedelta()]
    app = RecordingApp(create_app(database, now=lambda: datetime.now(UTC) - shift[0]))
    rings: dict[str, str] = {}
    ring = SimpleNamespace(
        get_keyring=lambda: SimpleNamespace(priority=5),
        set_password=lambda _, user, text: rings.update({user: text}),
        get_password=lambda _, user: rings.get(user),
    )
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setenv("NEEDED", NEEDED)
    write("needed", NEEDED)
    (directory / "kept").mkdir()
    probe = Probe(capfd, directory)
    probe.planted = {"needed", "ci", "hub"}
    with serving(app) as api:
        monkeypatch.setenv("BEAMCTL_API_URL", api.url)
        monkeypatch.setenv("BEAMCTL_API_KEY", OURS)
        yield World(app, api, probe, directory, shift, rings)


def every_command(world: World) -> set[int]:
    """Every command in every format, with --debug if it makes requests; returns their exit codes."""
    codes = set()
    for asked in COMMANDS:
        for output in ("text", "json"):
            debug = [] if asked[0] in ("validate", "runs") else ["--debug"]
            codes.add(world.run(*asked, "-o", output, *debug))
    codes.add(world.run("export", "-w", "acme", "--debug"))
    codes.add(world.run("export", "-w", "acme", "--split", "exported"))
    return codes


@pytest.mark.parametrize(("sink", "output"), [("file", "text"), ("command", "json"), ("keyring", "text")])
def test_every_command_before_and_after_an_apply(world: World, write: Write, sink: str, output: str) -> None:
    write("beamctl.yaml", document(sink))
    world.shift[0] = timedelta(days=80)  # the key is dated so far back that it is rotated now
    assert every_command(world) <= {0, 2, 3}
    assert world.run("apply", "--auto-approve", "--debug", "-o", output) == 0
    first = world.stored()["hub"]
    assert every_command(world) <= {0, 2, 3, 5}
    world.shift[0] = timedelta()
    assert world.run("plan", "--out", "renew.json", "--debug") == 0
    assert world.run("apply", "renew.json", "--auto-approve", "--debug", "-o", output) == 0
    assert world.stored()["hub"] != first
    world.check_stored()
    write("beamctl.yaml", document(sink).replace('"apiKey":', '"version": 2, "apiKey":'))
    assert world.run("apply", "--auto-approve", "--debug", "-o", output) == 0
    assert every_command(world) <= {0, 2, 3, 5}
    assert len(world.app.secrets) == 3


@pytest.mark.parametrize("sink", SINKS)
def test_a_destination_that_fails(monkeypatch: pytest.MonkeyPatch, world: World, write: Write, sink: str) -> None:
    """A failing destination quotes the secret in its error, which is hidden. The created secret is revoked, and the
    next apply creates another."""

    def fail_with(*arguments: Any) -> None:
        raise OSError(28, f"no room for {arguments}")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_with)
        patch.setattr(sys.modules["keyring"], "set_password", fail_with)
        write("beamctl.yaml", document(sink).replace(json.dumps(STORES)[1:-1], PRINTS_AND_FAILS))
        assert world.run("apply", "--auto-approve", "--debug") == 7
        assert world.run("apply", "--auto-approve", "-o", "json") == 7
    assert len(world.app.secrets) >= 2
    assert world.run("runs", "last") == 0
    assert world.stored() == {}
    write("beamctl.yaml", document(sink))
    assert world.run("apply", "--auto-approve", "--debug") == 0
    world.check_stored()


def echo(world: World, calls: Sequence[str]) -> None:
    """Return a known secret as an error of these calls."""

    def respond(call: str, body: Any) -> Any:
        created = world.app.secrets[world.app.earlier :]
        known = [*created, *([NEEDED] if not world.app.earlier else [])]  # later, nothing needs it any more
        wrong = ("400 Bad Request", {"error": f"you sent {' '.join(known)}"})
        return wrong if created and call.startswith(tuple(calls)) else body

    world.app.respond = respond


@pytest.mark.usefixtures("made_up_requests", "no_pauses")
@pytest.mark.parametrize("calls", [["PUT"], ["GET"], ["DELETE", "PUT"]])
def test_an_api_that_returns_secrets_it_created(world: World, write: Write, calls: list[str]) -> None:
    write("beamctl.yaml", document("file"))
    echo(world, calls)
    assert world.run("apply", "--auto-approve", "--debug") == 7
    assert world.run("apply", "--auto-approve", "--debug", "-o", "json") in (0, 7)
    world.app.respond = lambda _, body: body
    assert world.run("apply", "--auto-approve", "--debug") == 0
    world.check_stored()


@pytest.mark.usefixtures("made_up_requests")
def test_an_api_that_returns_a_secret_in_an_unknown_field(world: World, write: Write) -> None:
    """A secret in a field with an unknown name cannot be stored, and is not shown either."""

    def respond(_: str, body: Any) -> Any:
        return (
            {name + "Value" * (name in MADE): text for name, text in body.items()} if isinstance(body, dict) else body
        )

    write("beamctl.yaml", document("file"))
    world.app.respond = respond
    assert world.run("apply", "--auto-approve", "--debug") == 7
    assert world.app.secrets
    world.app.respond = lambda _, body: body
    assert world.run("apply", "--auto-approve", "--debug") == 0
    world.check_stored()


KILLED = "import os; os.fsync = lambda _: os.kill(os.getpid(), 9)"
"""A prelude: the process is killed while it writes a file."""
HANGS = "import os, sys; s = sys.stdin.read(); os.kill(os.getppid(), 9)"
"""A command that kills its parent process."""


def killed(world: World, prelude: str = "", hold: str = "") -> None:
    """An apply in a child process that is killed, by itself or when a request arrives."""
    world.api.hold = hold or "nothing"
    with subprocess.Popen(
        [*command(prelude), "apply", "--auto-approve", "--debug"],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as started:
        if hold:
            assert world.api.arrived.acquire(timeout=30)
            started.kill()
        assert started.stdout is not None
        seen = started.stdout.read().decode()
    world.api.hold = "nothing"
    world.api.gate.set()
    while hold and not world.app.ended.get(timeout=30).startswith(hold):
        pass  # requests that were held are completed now
    assert started.returncode == -9
    assert_unseen(seen, [*world.app.secrets, NEEDED, OURS], "a killed apply")


@pytest.mark.usefixtures("made_up_requests")  # a killed process may leave half a request
@pytest.mark.parametrize(
    ("sink", "how", "at"),
    [
        ("file", "", "POST /service_accounts"),
        ("file", "", "PUT /service_accounts"),
        ("file", "in the file", ""),
        ("command", "in the command", ""),
    ],
)
def test_a_killed_apply(world: World, write: Write, sink: str, how: str, at: str) -> None:
    """Killed before, while and after the secret is stored. Git would not add what is left."""
    subprocess.run(["git", "init", "--quiet"], check=True)
    write(".gitignore", "kept/ci\nkept/hub\nneeded\nemulator.db*\n")
    write(
        "beamctl.yaml", document(sink).replace(json.dumps(STORES)[1:-1], HANGS if how == "in the command" else STORES)
    )
    killed(world, prelude=KILLED if how == "in the file" else "", hold=at)
    subprocess.run(["git", "add", "--all"], check=True)
    for name in subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout.split():
        assert_unseen((world.directory / name).read_text(), world.app.secrets, name)
    write("beamctl.yaml", document(sink))
    world.probe.planted |= {"secret"} if how == "in the file" else set()
    assert world.run("apply", "--auto-approve", "--debug") in (0, 7)
    assert world.run("apply", "--auto-approve", "--debug") == 0
    world.probe.planted -= {"secret"}
    world.check_stored()
    assert sorted(path.name for path in (world.directory / "kept").iterdir()) == ["ci", "hub"]
