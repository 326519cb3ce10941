"""`apply` of twenty workspaces: what goes wrong in one does not affect the others, whatever it is."""

import json
import re
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from beamctl.cli.apply_screen import ApplyScreen, ScreenSettings
from beamctl.cli.main import run
from beamctl.cli.output import Output
from beamctl.emulator import create_app
from beamctl.workflow.apply_view import ApplyProgress
from tests.cli.loopback import serving
from tests.cli.process import process, room_for, running, terminal
from tests.cli.world import CANARY, Cli, Write, document
from tests.fakes.redaction import redaction

NAMES = [f"w{number:02}" for number in range(20)]
ADA = "ada@example.com: admin"
NEW = "kim@example.com: viewer, lee@example.com: viewer"
SEED = "\n".join(
    [
        f"workspaces: [{', '.join(f'{{name: {name}}}' for name in NAMES)}]",
        "users:",
        f"  - {{email: ada@example.com, apiKey: {CANARY}, workspaces: {{{', '.join(f'{n}: admin' for n in NAMES)}}}}}",
        f"  - {{email: eve@example.com, workspaces: {{{', '.join(f'{n}: member' for n in NAMES)}}}}}",
    ]
)
Respond = Callable[[str, int], tuple[str, bytes] | None]
"""The response to a request, given as `METHOD /path` and how many of its kind came before; None for the real one."""


def refuses(status: str, start: str = "", after: int = 0) -> Respond:
    """Answer requests that start with this, except the first ones."""
    return lambda call, before: (status, b"{}") if call.startswith(start) and before >= after else None


def loses_connection(call: str, _: int) -> tuple[str, bytes] | None:
    return ("200 OK", b"lost") if call.startswith("POST") else None


class Fleet:
    """The emulator, with other responses for some workspaces.

    Attributes:
        faults: By workspace.
        writes: The requests that change something, with the workspace.
        most: The most requests that were in progress at the same time.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.faults: dict[str, Respond] = {}
        self.writes: list[tuple[str, str]] = []
        self.most = 0
        self._now = 0
        self._seen: dict[tuple[str, str], int] = {}
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/v0")
        name = environ.get("HTTP_X_BLAXEL_WORKSPACE", "")
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            before = self._seen.get((name, method), 0)
            self._seen[name, method] = before + 1
            bent = self.faults[name](f"{method} {path}", before) if name in self.faults else None
            if method != "GET":
                self.writes.append((name, f"{method} {path}"))
            if bent is None:
                return self._app(environ, start_response)
            status, body = bent
            missing = 10 if body == b"lost" else 0
            start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body) + missing))])
            return [body]
        finally:
            self._now -= 1


@pytest.fixture(scope="module")
def seeded_fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("fleet")
    (base / "seed.yaml").write_text(SEED)
    assert run(["emulator", "seed", str(base / "seed.yaml"), "--db", str(base / "emulator.db")]) == 0
    return base / "emulator.db"


@pytest.fixture
def fleet(seeded_fleet: Path, directory: Path, monkeypatch: pytest.MonkeyPatch, write: Write) -> Iterator[Fleet]:
    """Twenty workspaces, each with a document that invites two people."""
    (directory / ".beamctl").mkdir()
    database = directory / ".beamctl" / "emulator.db"
    database.write_bytes(seeded_fleet.read_bytes())
    for name in NAMES:
        write(f"access/{name}.yaml", document(name, f"{{{ADA}, {NEW}, eve@example.com: member}}"))
    served = Fleet(create_app(database))
    with serving(served) as server:
        monkeypatch.setenv("BEAMCTL_API_URL", server.url)
        monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
        yield served


def unchanged(cli: Cli, names: Iterable[str]) -> bool:
    """Whether the documents of these workspaces are in effect."""
    picked = [part for name in names for part in ("-w", name)]
    return cli("plan", *picked, "--detailed-exitcode").code == 0


FAULTS = {
    "w01": refuses("500 Internal Server Error", "GET /users"),
    "w02": refuses("403 Forbidden"),
    "w03": refuses("403 Forbidden", "POST"),
    "w04": refuses("401 Unauthorized", "POST", after=1),
    "w05": refuses("500 Internal Server Error", "POST"),
    "w06": loses_connection,
}
REFUSED = "w07"
MIDWAY = ("w03", "w04", "w05", "w06")


@pytest.mark.usefixtures("no_pauses")
def test_whatever_goes_wrong_in_one_workspace_the_others_are_applied(cli: Cli, write: Write, fleet: Fleet) -> None:
    write(f"access/{REFUSED}.yaml", document(REFUSED, f"{{{ADA}, {NEW}}}", "guards: {maxRemovals: 0}\n"))
    fleet.faults = dict(FAULTS)
    ran = cli("apply", "--auto-approve")
    others = [name for name in NAMES if name not in FAULTS and name != REFUSED]
    assert ran.code == 7
    for name in others:
        assert f"Applied to {name}: 2 done.\n" in ran.out
    for name in MIDWAY:
        assert f"Apply to {name} is incomplete: " in ran.out
    for name in ("w01", "w02", REFUSED):
        assert f"Error: {name} (access/{name}.yaml:2): " in ran.err
        assert name not in {workspace for workspace, _ in fleet.writes}
    assert "Error: the API does not allow any of these changes to w03\n" in ran.err
    assert f"{REFUSED} (access/{REFUSED}.yaml:2): refused, nothing changed: mass-removal\n" in ran.err
    assert f"  To allow it in this plan only:  --allow {REFUSED}:mass-removal=1\n" in ran.err
    assert re.findall(r"^Appl.* to (w\d\d)", ran.out, re.MULTILINE) == sorted([*others, *MIDWAY])
    records = {path.name.split("-")[1]: path.read_text() for path in Path(".beamctl/runs").iterdir()}
    assert set(records) == {*others, *MIDWAY}
    assert all(json.loads(text.splitlines()[-1])["event"] == "end" for text in records.values())
    fleet.faults = {}
    assert unchanged(cli, others)
    again = cli("apply", "--auto-approve", "-q", "--allow", f"{REFUSED}:mass-removal=1")
    assert (again.code, again.err) == (0, "")
    assert unchanged(cli, NAMES)


def test_a_stale_workspace_of_a_saved_plan_does_not_affect_the_others(cli: Cli, fleet: Fleet) -> None:
    assert cli("plan", "--out", "p.json").code == 0
    call = ["emulator", "call", "--as", "ada@example.com", "-w", "w05", "POST", "/users"]
    assert cli(*call, '{"email": "kim@example.com", "role": "admin"}').code == 0
    ran = cli("apply", "p.json", "--auto-approve")
    assert ran.code == 6
    assert "Error: w05 (access/w05.yaml): w05 changed since p.json was made, so nothing was changed\n" in ran.err
    assert "w05" not in {name for name, _ in fleet.writes}
    assert unchanged(cli, [name for name in NAMES if name != "w05"])


def test_what_was_not_applied_is_asked_about_by_name(write: Write, fleet: Fleet) -> None:
    write("access/w03.yaml", document("w03", f"{{{ADA}}}", "guards: {maxRemovals: 0}\n"))
    fleet.faults = {"w04": refuses("403 Forbidden")}
    with terminal("apply", "--no-color", "-w", "w02", "-w", "w03", "-w", "w04", "-w", "w05") as screen:
        seen = screen.read_until("accepted: ")
        told = seen[seen.index("Not changed:") :]
        assert told.index("  w03: refused, nothing changed: mass-removal\n") < told.index("  w04: ")
        assert told.endswith("\nMake 4 changes to w02, w05? Only 'yes' is accepted: ")
        assert fleet.writes == []
        screen.type("yes\n")
        code, seen = screen.end()
    assert code == 4  # worse than 5
    assert {name for name, _ in fleet.writes} == {"w02", "w05"}


def test_an_allowance_without_a_hazard_refuses_only_its_workspace(cli: Cli, fleet: Fleet) -> None:
    ran = cli("apply", "--auto-approve", "-w", "w02", "-w", "w03", "--allow", "w03:mass-removal=1")
    assert ran.code == 5
    assert "w03 (access/w03.yaml:2): no hazard of the plan matches --allow w03:mass-removal=1" in ran.err
    assert {name for name, _ in fleet.writes} == {"w02"}
    assert cli("apply", "--auto-approve", "-w", "w03", "--allow", "w02:mass-removal=1").code == 3
    assert cli("plan", "-w", "w03", "--allow", ":mass-removal=1").code == 3


def test_two_secrets_for_one_file_refuse_only_their_workspaces(cli: Cli, write: Write, fleet: Fleet) -> None:
    accounts = "serviceAccounts: {ci: {role: member, secretTo: {file: ../ci.json}}}\n"
    for name in ("w02", "w04"):
        write(f"access/{name}.yaml", document(name, f"{{{ADA}, {NEW}, eve@example.com: member}}", accounts))
    ran = cli("apply", "--auto-approve", "-w", "w02", "-w", "w03", "-w", "w04")
    assert ran.code == 5
    assert ran.err.count("the secrets of ci in w02 and of ci in w04 would both be stored in the file ../ci.json") == 2
    assert {name for name, _ in fleet.writes} == {"w03"}


def test_the_progress_on_a_terminal_counts_the_changes_of_all_workspaces(fleet: Fleet) -> None:
    with terminal("apply", "--auto-approve", "--no-color") as screen:
        code, seen = screen.end()
    assert (code, len(fleet.writes), "40/40" in seen, "✓" in seen) == (0, 40, True, False), seen
    assert re.findall(r"Applied to (w\d\d)", seen) == NAMES


def test_an_output_that_is_full_stops_no_workspace(fleet: Fleet, cli: Cli) -> None:
    size = len(cli("plan").out) + 100
    with Path("out").open("w") as full:
        ran = process("apply", "--auto-approve", prelude=room_for(size), stdout=full)
    assert ran.code == 1
    assert ran.err == (
        "Error: cannot write the output: File too large\n"
        "  The apply was not stopped by this. Run `beamctl plan` to see what is left to do.\n"
    )
    assert len(fleet.writes) == 40
    assert unchanged(cli, NAMES)


@pytest.mark.usefixtures("fleet")
def test_a_log_without_a_terminal_has_a_line_a_minute(capfd: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    settings = ScreenSettings(saved=False, asks=False, no_input="", verbose=False)
    screen = ApplyScreen(Output(redaction()), threading.Event(), settings, lambda: now[0])
    for second in (0, 1, 59, 60, 61, 119, 121):
        now[0] = second
        screen.progress(ApplyProgress(second * 10, 4000, second // 10, 200))
    assert capfd.readouterr().err == (
        "600 of 4,000 changes made, 6 of 200 workspaces done\n1,210 of 4,000 changes made, 12 of 200 workspaces done\n"
    )


def test_a_workspace_that_changed_during_the_prompt_does_not_affect_the_others(cli: Cli, fleet: Fleet) -> None:
    with terminal("apply", "--no-color", "-w", "w02", "-w", "w03") as screen:
        screen.read_until("accepted: ")
        call = ["emulator", "call", "--as", "ada@example.com", "-w", "w03", "PUT", "/users/eve@example.com"]
        assert cli(*call, '{"role": "viewer"}').code == 0
        screen.type("yes\n")
        code, seen = screen.end()
    assert code == 6
    assert "Error: w03 (access/w03.yaml:2): w03 changed while waiting for approval, so nothing was changed\n" in seen
    assert {name for name, _ in fleet.writes} == {"w02"}


@pytest.mark.parametrize("parallelism", [1, 3])
def test_requests_in_flight_are_bounded_over_the_whole_run(cli: Cli, fleet: Fleet, parallelism: int) -> None:
    ran = cli("apply", "--auto-approve", "--parallelism", str(parallelism))
    assert (ran.code, fleet.most) == (0, parallelism)
    assert re.findall(r"^Applied to (w\d\d)", ran.out, re.MULTILINE) == NAMES


def test_an_interrupt_stops_all_workspaces_and_ends_each_record(fleet: Fleet, cli: Cli) -> None:
    with serving(fleet, hold="POST") as held, running("apply", "--auto-approve", "--api-url", held.url) as started:
        assert held.arrived.acquire(timeout=20)
        started.send_signal(signal.SIGINT)
        assert started.stderr is not None
        assert started.stderr.readline().startswith("Stopping after the calls in flight.")
        held.gate.set()
        out, _ = started.communicate()
    assert started.returncode == 130
    assert "Apply to w19 is incomplete: 0 done, 2 not attempted." in out
    made = len(fleet.writes)
    assert 0 < made <= 8
    ends = [json.loads(path.read_text().splitlines()[-1]) for path in Path(".beamctl/runs").iterdir()]
    assert [(end["event"], end["interrupted"]) for end in ends] == [("end", True)] * len(NAMES)
    assert cli("apply", "--auto-approve").code == 0
    assert unchanged(cli, NAMES)


def test_a_second_interrupt_stops_at_once_and_the_rest_is_applied_later(fleet: Fleet, cli: Cli) -> None:
    with serving(fleet, hold="POST") as held, running("apply", "--auto-approve", "--api-url", held.url) as started:
        assert held.arrived.acquire(timeout=20)
        assert started.stderr is not None
        started.send_signal(signal.SIGINT)
        assert started.stderr.readline().startswith("Stopping after the calls in flight.")
        started.send_signal(signal.SIGINT)  # while the responses are held
        assert started.wait(timeout=20) == 130
        assert "Changes in flight may or may not have been made. To check, run `beamctl plan`." in started.stderr.read()
        held.gate.set()
    assert "killed or still running, 1 unknown, 1 not attempted" in cli("runs").out
    assert cli("apply", "--auto-approve").code == 0
    assert unchanged(cli, NAMES)


def test_after_a_killed_process_the_rest_is_applied(fleet: Fleet, cli: Cli) -> None:
    with serving(fleet, hold="POST") as held, running("apply", "--auto-approve", "--api-url", held.url) as started:
        assert held.arrived.acquire(timeout=20)
        started.kill()
        started.wait()
        held.gate.set()
        assert cli("apply", "--auto-approve").code == 0
        assert unchanged(cli, NAMES)
