"""Requests that never reach the application get JSON errors like those of the API, and oversized bodies are not
read."""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from beamctl.emulator.server import LARGEST_BODY
from tests.cli.process import running

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    db: Path = tmp_path_factory.mktemp("served") / "plane.db"
    with running("emulator", "serve", "--port", "0", "--db", str(db)) as server:
        assert server.stdout is not None
        line = next(line for line in server.stdout if "listens on" in line)
        url = urlsplit(line.split(" on ")[1].split()[0])
        yield url.hostname or "", url.port or 0
        server.send_signal(signal.SIGTERM)
        assert (server.communicate()[1], server.returncode) == ("", 0)


def answer(address: tuple[str, int], sent: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """The status line, headers and body of the response."""
    came = b""
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(sent)
        with suppress(ConnectionResetError):  # the connection ends like this if sent bytes are left unread
            while piece := connection.recv(65536):
                came += piece
    head, _, body = came.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    return status, dict(line.lower().split(b": ", 1) for line in lines), body


REQUESTS = {
    400: b"GET /v0/users HTTP/1.1\r\nHost: localhost\r\ncanary\r\n\r\n",
    413: b"POST /v0/users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000000\r\n\r\n",
    431: b"GET /v0/users HTTP/1.1\r\nHost: localhost\r\nX-Much: " + b"canary" * 43_690 + b"\r\n\r\n",
    501: b"POST /v0/users HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: canary\r\n\r\n",
}
"""By the status of the response; the headers of the third exceed the limit."""


@pytest.mark.parametrize("status", REQUESTS)
def test_an_error_of_the_server_looks_like_one_of_the_api(address: tuple[str, int], status: int) -> None:
    line, headers, body = answer(address, REQUESTS[status])
    assert line.split(b" ")[1] == str(status).encode()
    assert headers[b"content-type"] == b"application/json"
    said = json.loads(body)
    assert said["code"] == status
    assert said["error"] == line.split(b" ", 2)[2].decode()
    assert b"canary" not in body


def test_a_body_that_is_too_large_is_not_read(address: tuple[str, int]) -> None:
    """The response arrives before any byte of the body was sent; below the limit, the server waits for the body."""
    head = "POST /v0/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n"
    assert b" 413 " in answer(address, head.format(LARGEST_BODY).encode())[0]
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(head.format(2 * MEBIBYTE).encode())
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_the_application_refuses_a_slightly_too_large_body(address: tuple[str, int]) -> None:
    head = f"POST /v0/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {2 * MEBIBYTE}\r\n\r\n"
    line, _, body = answer(address, head.encode() + b" " * (2 * MEBIBYTE))
    assert (line, json.loads(body)["code"]) == (b"HTTP/1.1 413 REQUEST ENTITY TOO LARGE", 413)
