"""Faults, the control endpoint and the log over real connections to an emulator in another process."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from tests.cli.process import running
from tests.emulator.world import SEED

ZOE = {"email": "zoe@example.com"}


class ServedEmulator:
    """An emulator in another process, and a client."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(
            base_url=url, headers={"Api-Key": "bl_ada", "X-Blaxel-Workspace": "acme"}, timeout=20, trust_env=False
        )

    def control(self, method: str, what: str, body: object = None) -> Any:
        answer = self.client.request(method, self.url.removesuffix("/v0") + f"/control/{what}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def plan(self, *faults: str) -> None:
        self.control("PUT", "faults", {"faults": faults})

    @property
    def invited(self) -> bool:
        self.plan()
        return any(user["email"] == ZOE["email"] for user in self.client.get("/users").json())


def read_into(got: bytearray, answer: httpx.Response) -> None:
    for piece in answer.iter_raw():
        got += piece


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedEmulator]:
    here = tmp_path_factory.mktemp("served")
    (here / "seed.yaml").write_text(yaml.safe_dump(SEED))
    files = ["--seed", str(here / "seed.yaml"), "--db", str(here / "plane.db"), "--log", str(here / "log.jsonl")]
    with running("emulator", "serve", "--port", "0", "--control", *files) as server:
        assert server.stdout is not None
        line = next(line for line in server.stdout if "listens on" in line)
        emulator = ServedEmulator(line.split(" on ")[1].split()[0])
        yield emulator
        emulator.client.close()
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate()
        assert (server.returncode, err) == (0, ""), "requested faults are not logged by the server"
    entries = [json.loads(line) for line in (here / "log.jsonl").read_text().splitlines()]
    assert sorted(entry["number"] for entry in entries) == list(range(1, len(entries) + 1))


@pytest.fixture
def emulator(served: ServedEmulator) -> Iterator[ServedEmulator]:
    served.plan()
    yield served
    served.plan()
    served.client.delete(f"/users/{ZOE['email']}")


def test_a_reset_before_or_after_the_change(emulator: ServedEmulator) -> None:
    emulator.plan("reset@1")
    with pytest.raises(httpx.ReadError, match="reset"):
        emulator.client.post("/users", json=ZOE)
    emulator.plan("reset-after@2")
    assert ZOE["email"] not in emulator.client.get("/users").text
    with pytest.raises(httpx.ReadError, match="reset"):
        emulator.client.post("/users", json=ZOE)
    assert emulator.invited


def test_the_reset_is_one_of_tcp(emulator: ServedEmulator) -> None:
    emulator.plan("reset")
    url = httpx.URL(emulator.url)
    with socket.create_connection((url.host, url.port or 0), timeout=20) as peer:
        peer.sendall(b"GET /v0/users HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            peer.recv(1)


def test_a_truncated_body(emulator: ServedEmulator) -> None:
    emulator.plan("cut-off")
    with emulator.client.stream("GET", "/users") as answer:
        promised, got = int(answer.headers["Content-Length"]), bytearray()
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            read_into(got, answer)
    assert len(got) == promised // 2


def test_a_body_that_is_sent_slowly(emulator: ServedEmulator) -> None:
    emulator.plan("drip:150ms")
    began = time.monotonic()
    with emulator.client.stream("GET", "/users") as answer:
        pieces = list(answer.iter_raw())
    assert time.monotonic() - began >= 0.15
    assert len(pieces) > 3
    assert len(json.loads(b"".join(pieces))) == 8


def test_a_latency_delays_the_response(emulator: ServedEmulator) -> None:
    emulator.plan("latency:60ms@GET")
    began = time.monotonic()
    assert emulator.client.get("/users").status_code == 200
    assert time.monotonic() - began >= 0.06
    with pytest.raises(httpx.ReadTimeout):
        emulator.client.get("/users", timeout=0.01)


def test_errors_pages_and_short_listings(emulator: ServedEmulator) -> None:
    emulator.plan("429:3@1", "503@2", "html@3", "short-list:2@4", "empty-list@5", "duplicate@6", "garbage@7")
    answers = [emulator.client.get("/users") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [429, 503, 502, 200, 200]
    assert answers[0].headers["Retry-After"] == "3"
    assert answers[2].text.startswith("<!doctype html>")
    assert [len(answer.json()) for answer in answers[3:]] == [2, 0]
    assert emulator.client.post("/users", json=ZOE).status_code == 409
    assert not emulator.client.get("/users").content.endswith(b"}")
    assert emulator.invited


def test_the_connection_is_reused_after_an_error(emulator: ServedEmulator) -> None:
    url = httpx.URL(emulator.url)
    emulator.plan("503@1")
    with socket.create_connection((url.host, url.port or 0), timeout=20) as peer:
        for expected in (b"HTTP/1.1 503 ", b"HTTP/1.1 401 "):
            peer.sendall(b"GET /v0/users HTTP/1.1\r\nHost: localhost\r\n\r\n")
            got = b""
            while not got.endswith(b"}"):
                got += peer.recv(4096)
            assert got.startswith(expected)


def test_the_clock_can_be_moved_while_it_serves(emulator: ServedEmulator) -> None:
    emulator.client.post("/users", json=ZOE)

    def expired() -> list[str]:
        return [user["email"] for user in emulator.client.get("/users").json() if user.get("expired")]

    assert ZOE["email"] not in expired()
    shown = emulator.control("PUT", "clock", {"forward": "8d"})
    assert shown["now"] > shown["real"]
    assert ZOE["email"] in expired()
    emulator.control("PUT", "clock", {"now": shown["real"]})
    assert ZOE["email"] not in expired()


def test_a_request_is_in_the_log_once_it_is_answered(emulator: ServedEmulator) -> None:
    emulator.control("DELETE", "requests")
    emulator.plan("reset-after@POST:/users")
    emulator.client.get("/users?limit=7")
    with pytest.raises(httpx.ReadError):
        emulator.client.post("/users?limit=7", json=ZOE)
    kept = emulator.control("GET", "requests")["requests"]
    mine = [each for each in kept if each["path"] == "/v0/users?limit=7"]
    assert [(each["method"], each["status"], each["faults"]) for each in mine] == [
        ("GET", 200, []),
        ("POST", None, ["reset-after"]),
    ]


def test_a_client_that_disconnects_does_no_harm(emulator: ServedEmulator) -> None:
    emulator.plan("latency:50ms@1", "drip:100ms@2")
    url = httpx.URL(emulator.url)
    for _ in range(2):
        with socket.create_connection((url.host, url.port or 0), timeout=20) as peer:
            peer.sendall(b"GET /v0/users HTTP/1.1\r\nHost: localhost\r\nApi-Key: bl_ada\r\n\r\n")
    assert emulator.client.get("/users").status_code == 200
