"""Every request has one deadline for all its stages, and interrupts can end it sooner."""

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from beamctl.api.clock import SystemClock
from beamctl.errors import InterruptedRunError, UnreachableError
from beamctl.model.api_call import ApiCall, Method, Response
from tests.api.fakes import (
    Behaviour,
    FakeClock,
    answers,
    drip,
    drips,
    falls_silent,
    http,
    networked,
    serving,
    take_request,
)
from tests.fakes.wording import lost

SECONDS = 0.3
LATE = lost(f"no complete response from 127.0.0.1 within {SECONDS} s")
UNCONNECTED = lost(f"no connection to 127.0.0.1 within {SECONDS} s")
SLACK = 2.0
"""Seconds that a busy machine may need. Without a deadline, every case here takes until the peer gives up."""
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
FINE = http("200 OK", b"[]")
STAGES: dict[str, Behaviour] = {
    "no answer": falls_silent,
    "status line": drips(b"HTTP/1.1 200 ", b"O"),
    "header name": drips(OK, b"X"),
    "headers": drips(OK, b"X-A: b\r\n"),
    "100 Continue": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "102 Processing": drips(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "103 Early Hints": drips(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "flood of 1xx": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000, pause=0.0001),
    "body": drips(OK + b"Content-Length: 100000\r\n\r\n[", b" "),
    "body without length": drips(OK + b"\r\n[", b" "),
    "compressed body": drips(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff"),
    "chunk size": drips(CHUNKED, b"0"),
    "chunk extension": drips(CHUNKED + b"1;", b"a"),
    "chunks": drips(CHUNKED, b"1\r\n \r\n"),
    "trailers": drips(CHUNKED + b"2\r\n[]\r\n0\r\n", b"X-A: b\r\n"),
    "error body": drips(b"HTTP/1.1 503 No\r\nContent-Length: 100000\r\n\r\n[", b" "),
}


@contextmanager
def timed(least: float = SECONDS) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert least <= time.monotonic() - began < least + SLACK


def test_a_request_ends_at_its_deadline_at_every_stage() -> None:
    with ExitStack() as stack, ThreadPoolExecutor(len(STAGES)) as pool:
        urls = {stage: stack.enter_context(serving([behave])) for stage, behave in STAGES.items()}
        apis = {stage: stack.enter_context(networked(url, read=2 * SECONDS)) for stage, url in urls.items()}
        with timed(least=2 * SECONDS):
            sent = {stage: pool.submit(api.deleter().delete_workspace) for stage, api in apis.items()}
            ended = {stage: each.result() for stage, each in sent.items()}
    late = lost(f"no complete response from 127.0.0.1 within {2 * SECONDS} s")
    assert ended == dict.fromkeys(STAGES, late)


def test_each_request_has_its_own_deadline() -> None:
    slow = drips(OK + b"Connection: close\r\nContent-Length: 6\r\n\r\n[", b" ]   ", pause=SECONDS / 2)
    with serving([slow, slow, slow, STAGES["body"]]) as url, networked(url, read=SECONDS) as api:
        for _ in range(3):
            assert api.deleter().delete_workspace() == Response(200, [])
        with timed():
            assert api.deleter().delete_workspace() == LATE


def test_a_reused_connection_has_a_deadline() -> None:
    def behave(peer: socket.socket) -> None:
        take_request(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        STAGES["headers"](peer)

    with serving([behave]) as url, networked(url, read=SECONDS) as api:
        assert api.deleter().delete_workspace() == Response(200, [])
        with timed():
            assert api.deleter().delete_workspace() == LATE


def test_a_server_that_reads_slowly_hits_the_deadline() -> None:
    over = threading.Event()

    def sips(peer: socket.socket) -> None:
        with suppress(OSError):
            while peer.recv(4096):
                over.wait(0.02)

    call = ApiCall(Method.POST, "/policies", {"metadata": {"name": "p"}, "spec": {"text": "x" * 15_000_000}})
    with serving([sips]) as url, networked(url, read=0.5) as api:
        with timed(least=0.5):
            assert api.sender().send(call) == lost("no complete response from 127.0.0.1 within 0.5 s")
        over.set()


def secure(certificate: Path, behave: Behaviour) -> Behaviour:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def over_tls(peer: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(peer, server_side=True) as shielded:
            behave(shielded)

    return over_tls


def stalls(peer: socket.socket) -> None:
    drip(peer, b"", b"", pause=5)


def drips_handshake(peer: socket.socket) -> None:
    peer.recv(65536)
    drip(peer, b"\x16\x03\x03\x40\x00", b"\x02", pause=0.02)


@pytest.mark.parametrize("behave", [stalls, drips_handshake])
def test_a_handshake_ends_at_the_deadline(behave: Behaviour) -> None:
    with serving([behave]) as url, networked(url.replace("http:", "https:"), read=SECONDS) as api, timed():
        assert api.deleter().delete_workspace() == UNCONNECTED


@pytest.mark.parametrize("stage", ["headers", "body"])
def test_a_deadline_over_tls(certificate: Path, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    behaviour = secure(certificate, STAGES[stage])
    with serving([behaviour]) as url, networked(url.replace("http:", "https:"), read=SECONDS) as api, timed():
        assert api.deleter().delete_workspace() == LATE


def tunnels(behave: Behaviour) -> Behaviour:
    def proxy(peer: socket.socket) -> None:
        take_request(peer)
        peer.sendall(OK + b"\r\n")
        behave(peer)

    return proxy


@pytest.mark.parametrize(
    ("behave", "why"),
    [
        (falls_silent, "no connection through the proxy {} set by HTTPS_PROXY"),
        (STAGES["headers"], "no connection through the proxy {} set by HTTPS_PROXY"),
        (tunnels(stalls), "no connection to api.example.com"),
        (tunnels(drips_handshake), "no connection to api.example.com"),
    ],
)
def test_a_deadline_through_a_proxy(behave: Behaviour, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving([behave]) as url:
        address = url.removeprefix("http://").removesuffix("/v0")
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        with networked("https://api.example.com/v0", read=SECONDS) as api, timed():
            assert api.deleter().delete_workspace() == lost(f"{why.format(address)} within {SECONDS} s")


def test_no_proxy_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "beamctl.invalid")
    with networked("https://beamctl.invalid/v0") as api, pytest.raises(UnreachableError, match="cannot be found"):
        api.reader().get("/users")


@pytest.fixture
def no_name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Looking up a host takes until the test is over."""
    over = threading.Event()

    def look_up(*_: object, **__: object) -> object:
        over.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield
    over.set()


@pytest.mark.usefixtures("no_name_server")
def test_a_host_lookup_ends_at_the_deadline() -> None:
    with networked("https://api.example.com/v0", read=SECONDS) as api, timed():
        assert api.deleter().delete_workspace() == lost(f"no connection to api.example.com within {SECONDS} s")


def stopping() -> tuple[SystemClock, threading.Event]:
    stop = threading.Event()
    return SystemClock(stop), stop


def test_an_interrupt_ends_a_read_at_every_stage() -> None:
    """All at once, since each one takes its grace period."""
    clock, stop = stopping()
    stop.set()
    with ExitStack() as stack, ThreadPoolExecutor(len(STAGES) + 2) as pool:
        urls = [stack.enter_context(serving([behave])) for behave in STAGES.values()]
        urls += [stack.enter_context(serving([each])).replace("p:", "ps:") for each in (stalls, drips_handshake)]
        readers = [stack.enter_context(networked(url, clock, read=30, connect=0.7)).reader() for url in urls]
        with timed(least=0.5):
            for read in [pool.submit(reader.get, "/users") for reader in readers]:
                assert isinstance(read.exception(), InterruptedRunError)


@pytest.mark.usefixtures("no_name_server")
def test_an_interrupt_ends_a_host_lookup() -> None:
    clock, stop = stopping()
    stop.set()
    with (
        networked("https://api.example.com/v0", clock, read=30) as api,
        timed(least=0.5),
        pytest.raises(InterruptedRunError),
    ):
        api.sender().send(ApiCall(Method.DELETE, "/users/a"))  # it was not sent


def test_an_interrupt_ends_a_read_in_progress() -> None:
    clock, stop = stopping()

    def behave(peer: socket.socket) -> None:
        take_request(peer)
        threading.Timer(0.6, stop.set).start()
        drip(peer, OK, b"X-A: b\r\n", 0.02)

    with (
        serving([behave]) as url,
        networked(url, clock, read=30) as api,
        timed(least=0.6),
        pytest.raises(InterruptedRunError),
    ):
        api.reader().get("/users")


def test_a_read_that_is_answered_promptly_succeeds_after_an_interrupt() -> None:
    clock, stop = stopping()
    stop.set()
    with serving([answers(FINE)]) as url, networked(url, clock) as api:
        assert api.reader().get("/users") == []


def test_an_interrupt_leaves_a_change_in_flight_its_deadline() -> None:
    clock, stop = stopping()
    slow = drips(OK + b"Connection: close\r\nContent-Length: 36\r\n\r\n[]", b" ")
    with serving([slow, STAGES["headers"]]) as url, networked(url, clock, read=1.0) as api:
        stop.set()
        assert api.deleter().delete_workspace() == Response(200, [])
        with timed(least=1.0):
            assert api.deleter().delete_workspace() == lost("no complete response from 127.0.0.1 within 1 s")


def test_a_trickling_server_costs_a_read_at_most_two_deadlines() -> None:
    clock = DrippedClock()
    with (
        serving([STAGES["headers"]]) as url,
        networked(url, clock, read=0.05) as api,
        pytest.raises(UnreachableError) as caught,
    ):
        api.reader().get("/users")
    assert caught.value.hint == "Try again later, or allow more time with --timeout."
    assert clock.waits == [0.5]  # two deadlines of 60 s, not six


class DrippedClock(FakeClock):
    """Each reading of the clock is 60 s later, the length of a deadline."""

    def now(self) -> float:
        self.time += 30
        return self.time
