"""A clock on which waiting takes no time, a scripted API, and a misbehaving server on a socket."""

import base64
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import httpx

from beamctl.api.clock import Clock
from beamctl.api.config import Connection, era_of
from beamctl.api.credential import ApiKeyCredential, Credential
from beamctl.api.errors import Timeouts
from beamctl.api.workspace import Options, WorkspaceApi, open_workspace
from beamctl.secrets.redaction import Redactor
from tests.fakes import contract

KEY = "bl_canary0000000000000000000000"
URL = "https://api.example.com/v0"
NOON = 1_800_000_000.0


class FakeClock:
    """Time passes only in waits, which return at once."""

    def __init__(self, *, interrupted: bool = False) -> None:
        self.time = 1000.0
        self.waits: list[float] = []
        self.interrupted = interrupted

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return NOON + self.time - 1000.0

    def sleep(self, seconds: float) -> bool:
        self.waits.append(seconds)
        if not self.interrupted:
            self.time += seconds
        return not self.interrupted

    def stopped(self) -> bool:
        return self.interrupted


Step = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Script:
    """An API that returns one response after the other, repeats the last one, and keeps the requests."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path = request.url.raw_path.decode().removeprefix("/v0")
        contract.observe_bytes(request.method, path, request.headers, request.content)
        step = self.steps[0] if len(self.steps) == 1 else self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        if callable(step):
            return step(request)
        return httpx.Response(step.status_code, headers=step.headers, content=step.content)

    @property
    def lines(self) -> list[str]:
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.asked]


def reply(status: int = 200, body: object = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body if body is not None else {"ok": True}, headers=named)


def page(status: int = 200, text: str = "<html><h1>Gateway</h1></html>") -> httpx.Response:
    return httpx.Response(status, content=text.encode(), headers={"content-type": "text/html"})


def connection(credential: Credential | None = None, url: str = URL) -> Connection:
    return Connection(url, era_of(url), credential or ApiKeyCredential(KEY), "default", "BL_API_KEY")


def opened(
    script: Callable[[httpx.Request], httpx.Response],
    clock: FakeClock | None = None,
    *,
    debug: list[str] | None = None,
    to: Connection | None = None,
) -> WorkspaceApi:
    options = Options(
        debug=None if debug is None else debug.append,
        clock=clock or FakeClock(),
        chance=lambda: 1.0,
        transports=lambda: httpx.MockTransport(script),
        redactor=Redactor(),
    )
    return open_workspace(to or connection(), "acme", options)


def networked(url: str, clock: Clock | None = None, read: float = 5.0, connect: float = 5.0) -> WorkspaceApi:
    """The real network, with short timeouts."""
    options = Options(
        timeouts=Timeouts(connect, read), clock=clock or FakeClock(), chance=lambda: 1.0, redactor=Redactor()
    )
    return open_workspace(connection(url=url), "acme", options)


def jwt(**claims: object) -> str:
    parts = ({"alg": "none"}, claims)
    coded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join([*coded, "signature"])


Behaviour = Callable[[socket.socket], None]


def take_request(peer: socket.socket) -> None:
    """Read a whole request. Unread bytes would turn every close into a reset."""
    got = peer.recv(65536)
    while got and b"\r\n\r\n" not in got and b"HTTP" in got:
        got += peer.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    size = re.search(rb"(?i)content-length: *([0-9]+)", head)
    while size and len(body) < int(size[1]):
        body += peer.recv(65536)


def answers(raw: bytes) -> Behaviour:
    def behave(peer: socket.socket) -> None:
        take_request(peer)
        peer.sendall(raw)

    return behave


def resets(peer: socket.socket) -> None:
    take_request(peer)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangs_up(peer: socket.socket) -> None:
    take_request(peer)


def falls_silent(peer: socket.socket) -> None:
    take_request(peer)
    peer.recv(1)  # until the client disconnects


def drips(at_once: bytes, piece: bytes, *, pause: float = 0.02) -> Behaviour:
    """Send the first bytes at once, then one piece after the other, until the client disconnects."""

    def behave(peer: socket.socket) -> None:
        take_request(peer)
        drip(peer, at_once, piece, pause)

    return behave


def drip(peer: socket.socket, at_once: bytes, piece: bytes, pause: float) -> None:
    peer.settimeout(pause)
    with suppress(OSError):
        peer.sendall(at_once)
        while True:
            with suppress(TimeoutError):
                if not peer.recv(65536):
                    return
            peer.sendall(piece)


def http(status: str, body: bytes, *, length: int | None = None, more: str = "") -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n{more}\r\n".encode() + body


@contextmanager
def serving(behaviours: Sequence[Behaviour]) -> Iterator[str]:
    """A server with these behaviors, one for each connection; the last one repeats. Returns its base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    over = threading.Event()

    def serve() -> None:
        left = list(behaviours)
        while not over.is_set():
            try:
                peer, _ = listener.accept()
            except TimeoutError:
                continue
            with peer, suppress(OSError):  # the client may disconnect at any moment
                peer.settimeout(5)
                (left[0] if len(left) == 1 else left.pop(0))(peer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v0"
    finally:
        over.set()
        thread.join()
        listener.close()


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
