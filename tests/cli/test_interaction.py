"""Ctrl-C and SIGTERM, against an API that holds requests back until the test releases them."""

import signal
import socket
import subprocess
import threading

import pytest

from tests.api.fakes import Behaviour, drip, drips
from tests.api.fakes import serving as dripping
from tests.cli.loopback import Api
from tests.cli.process import Ran, running
from tests.cli.world import AS_IS, CANARY, Cli, People, Write, error_in

INVITES = AS_IS.replace("  eve@example.com: member\n", "") + "  k1@example.com: viewer\n  k2@example.com: viewer\n"
FIRST = "Stopping after the calls in flight. Interrupt again to stop at once.\n"
SECOND = "Stopped. Changes in flight may or may not have been made. To check, run `beamctl plan`.\n"
SOON = 5
"""Seconds that "within a second" may take on a busy machine. The servers here would take much longer."""
SIGNALS = [signal.SIGINT, signal.SIGTERM]


def ended(started: subprocess.Popen[str]) -> Ran:
    out, err = started.communicate()
    assert "Traceback" not in err
    return Ran(started.returncode, out, err)


def line(started: subprocess.Popen[str]) -> str:
    """Read the next line of messages."""
    assert started.stderr is not None
    return started.stderr.readline()


@pytest.mark.parametrize(("number", "output"), [(signal.SIGINT, "text"), (signal.SIGTERM, "json")])
def test_the_first_signal_stops_after_the_calls_in_flight(
    write: Write, api: Api, people: People, number: signal.Signals, output: str
) -> None:
    write("beamctl.yaml", INVITES)
    api.hold = "POST"
    with running("apply", "--auto-approve", "--parallelism", "1", "-o", output) as started:
        assert api.arrived.acquire(timeout=20)
        started.send_signal(number)
        assert line(started) == FIRST
        api.gate.set()
        ran = ended(started)
    assert (ran.code, ran.err) == (130, "")
    assert api.writes == ["POST /users"]
    assert people()["k1@example.com"] == "viewer"
    assert "k2@example.com" not in people()
    assert "eve@example.com" in people()
    if output == "text":
        assert "  ✓ invite k1@example.com  viewer\n" in ran.out
        assert "  ○ invite k2@example.com  not attempted: interrupted\n" in ran.out
        assert "  ○ remove eve@example.com  not attempted: interrupted\n" in ran.out
        assert "\nApply to acme is incomplete: 1 done, 2 not attempted.\nRun `beamctl apply` again. " in ran.out
    else:
        assert ran.json["summary"] == {"done": 1, "deferred": 0, "failed": 0, "not_attempted": 2, "not_confirmed": 0}


@pytest.mark.parametrize("number", SIGNALS)
def test_the_second_signal_stops_at_once(write: Write, api: Api, number: signal.Signals) -> None:
    write("beamctl.yaml", INVITES)
    api.hold = "POST"
    with running("apply", "--auto-approve") as started:
        assert api.arrived.acquire(timeout=20)
        started.send_signal(number)
        assert line(started) == FIRST
        started.send_signal(number)
        ran = ended(started)
    assert (ran.code, ran.err) == (130, SECOND)
    assert "Applied" not in ran.out


def test_a_signal_ends_a_pause_requested_by_the_api(write: Write, api: Api) -> None:
    write("beamctl.yaml", INVITES)
    api.hold = "POST"
    api.override = lambda call: ("429 Too Many Requests", "Retry-After: 50", b"{}") if call.startswith("POST") else None
    with running("apply", "--auto-approve", "--parallelism", "1") as started:
        assert api.arrived.acquire(timeout=20)
        api.gate.set()
        assert line(started) == "Waiting 50 s: the API limits requests.\n"
        started.send_signal(signal.SIGINT)
        assert line(started) == FIRST
        ran = ended(started)
    assert ran.code == 130
    assert "✗ invite k1@example.com" in ran.out
    assert api.writes == ["POST /users"]


def test_the_next_workspace_is_not_started_after_a_signal(write: Write, api: Api) -> None:
    labs = "---\nversion: 1\nworkspace: labs\nmembers: {ada@example.com: admin, k3@example.com: viewer}\n"
    write("beamctl.yaml", INVITES + labs)
    api.hold = "POST"
    with running("apply", "--auto-approve", "--parallelism", "1") as started:
        assert api.arrived.acquire(timeout=20)
        started.send_signal(signal.SIGINT)
        assert line(started) == FIRST
        api.gate.set()
        ran = ended(started)
    assert ran.code == 130
    assert "\nApply to labs is incomplete: 0 done, 1 not attempted.\n" in ran.out
    assert api.writes == ["POST /users"]


@pytest.mark.parametrize(
    ("command", "output"), [("plan", "text"), ("apply", "json"), ("drift", "text"), ("show", "json")]
)
def test_control_c_while_reading(write: Write, api: Api, command: str, output: str) -> None:
    write("beamctl.yaml", INVITES)
    api.hold = "GET"
    with running(command, "-o", output) as started:
        assert api.arrived.acquire(timeout=20)
        started.send_signal(signal.SIGINT)
        ran = ended(started)
    assert ran.code == 130
    assert ran.err == "\nError: interrupted\n"
    assert ran.out == "" if output == "text" else error_in(ran)["message"] == "interrupted"
    assert api.writes == []


def announced(behave: Behaviour, arrived: threading.Event) -> Behaviour:
    def behaviour(peer: socket.socket) -> None:
        arrived.set()
        behave(peer)

    return behaviour


@pytest.mark.parametrize(
    ("command", "stage"),
    [
        ("plan", drips(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n")),
        ("drift", drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
        ("show", drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")),
        ("export", lambda peer: drip(peer, b"\x16\x03\x03\x40\x00", b"\x02", 0.1)),
    ],
)
def test_control_c_while_a_response_trickles_in(
    write: Write, monkeypatch: pytest.MonkeyPatch, command: str, stage: Behaviour
) -> None:
    write("beamctl.yaml", INVITES)
    monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
    monkeypatch.setenv("BEAMCTL_WORKSPACE", "acme")
    arrived = threading.Event()
    with dripping([announced(stage, arrived)]) as url:
        monkeypatch.setenv("BEAMCTL_API_URL", url.replace("http:", "https:") if command == "export" else url)
        with running(command) as started:
            assert arrived.wait(20)
            started.send_signal(signal.SIGINT)
            out, err = started.communicate(timeout=SOON)
    assert (started.returncode, out, err) == (130, "", "\nError: interrupted\n")


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_stops_the_recheck(write: Write, api: Api, people: People, number: signal.Signals) -> None:
    """Members are read again before eve is removed, and the API does not respond."""
    write("beamctl.yaml", INVITES)

    def override(call: str) -> None:
        if call.startswith("POST"):
            api.hold = "GET"

    api.override = override
    with running("apply", "--auto-approve") as started:
        assert api.arrived.acquire(timeout=20)
        started.send_signal(number)
        assert line(started) == FIRST
        out, err = started.communicate(timeout=SOON)
        api.hold = "nothing"
    assert (started.returncode, err) == (130, "")
    assert "  ○ remove eve@example.com  not attempted: interrupted\n" in out
    assert "eve@example.com" in people()


def test_signal_handlers_are_restored(cli: Cli, write: Write, api: Api) -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    write("beamctl.yaml", INVITES)
    assert cli("apply", "--auto-approve").code == 0
    assert len(api.writes) == 3
    assert [signal.getsignal(number) for number in SIGNALS] == before
