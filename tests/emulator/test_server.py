"""Serving on a socket until a signal arrives."""

import http.client
import json
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from beamctl.emulator.app import create_app
from beamctl.emulator.errors import EmulatorError
from beamctl.emulator.server import serve
from tests.emulator.process import SERVE, serving
from tests.emulator.world import World


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_on_a_socket_until_a_signal(world: World, stop: signal.Signals) -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", SERVE, str(world.db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            url = urlsplit(server.stdout.readline().strip())
            assert (url.hostname, url.path) == ("127.0.0.1", "/v0")
            connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=30)
            headers = {"Authorization": "Bearer bl_ada"}
            for path in ("/v0/users/Ann%2BOps%40example.com", "/v0/users/ann+ops@example.com"):
                connection.request("PUT", path, json.dumps({"role": "viewer"}), headers)
                assert json.loads(connection.getresponse().read())["email"] == "Ann+Ops@example.com"
            connection.request("GET", "/v0/users", headers=headers)
            assert len(json.loads(connection.getresponse().read())) == 8
            server.send_signal(stop)  # while the connection is kept open
            out, err = server.communicate(timeout=30)
            connection.close()
        finally:
            server.kill()  # with the signal ignored, as a parent process may have set it
    assert (server.returncode, out, err) == (0, "ended\n", "")


def test_a_port_in_use_is_an_error(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmulatorError, match=f"cannot listen on 127.0.0.1, port {port}"):
            serve(create_app(world.db), "127.0.0.1", port, lambda _: None)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 99999), ("not a host", 0)])
def test_an_invalid_address_is_an_error(world: World, host: str, port: int) -> None:
    with pytest.raises(EmulatorError, match="cannot listen on"):
        serve(create_app(world.db), host, port, lambda _: None)


def test_hundreds_of_connections_are_kept_open(world: World) -> None:
    headers = {"X-Blaxel-Authorization": "Bearer bl_ada", "X-Blaxel-Workspace": "acme"}
    with serving(world.db) as (_, served), ExitStack() as stack:
        url = urlsplit(served)
        opened = [http.client.HTTPConnection(url.hostname or "", url.port, timeout=30) for _ in range(320)]
        for connection in opened:
            stack.callback(connection.close)
            connection.connect()
        for connection in (opened[-1], *opened[::40], opened[-1]):
            connection.request("GET", "/v0/users", headers=headers)
            assert len(json.loads(connection.getresponse().read())) == 8
