"""A run over many workspaces shares connections, so that neither descriptors nor threads grow with their number."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from beamctl.api.sources import Sources
from beamctl.document.yaml_loader import parse_plain
from beamctl.emulator import as_operator, create_app, load_seed
from beamctl.workflow.connection import Access, open_link
from tests.cli.process import process
from tests.cli.world import CANARY, SEED, Write
from tests.fakes.redaction import redaction

WORKSPACES = 300
DESCRIPTORS = 40
ADMIN = {"email": "ada@example.com", "role": "admin", "accepted": True, "sub": "u1"}
FEW_DESCRIPTORS = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({DESCRIPTORS}, {DESCRIPTORS}))"


class Connections(ThreadingHTTPServer):
    """Keeps connections open, and counts them.

    Attributes:
        open: How many are open.
        most: The most that were open at once.
        requests: The workspaces of all requests.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.open = self.most = 0
        self.requests: list[str] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v0"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Connections

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.open += 1
            self.server.most = max(self.server.most, self.server.open)

    def finish(self) -> None:
        super().finish()
        with self.server.lock:
            self.server.open -= 1

    def do_GET(self) -> None:
        self.server.requests.append(self.headers["X-Blaxel-Workspace"])
        body = json.dumps([ADMIN]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called
        pass


@pytest.fixture
def server() -> Iterator[Connections]:
    with Connections() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_300_workspaces_with_40_descriptors(
    write: Write, server: Connections, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    names = [f"w{number:03}" for number in range(WORKSPACES)]
    each = "version: 1\nworkspace: {}\nmembers: {{ada@example.com: admin}}\n"
    write("beamctl.yaml", "---\n".join(each.format(name) for name in names))
    monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
    ran = process(command, "--api-url", server.url, "--parallelism", "4", prelude=FEW_DESCRIPTORS)
    assert (ran.code, ran.err) == (0, "")
    assert sorted(set(server.requests)) == names
    assert 1 <= server.most <= 4


def test_the_emulator_in_this_process_is_opened_once(tmp_path: Any) -> None:
    (seed,), _ = parse_plain(SEED.encode(), "seed.yaml")
    load_seed(tmp_path / "plane.db", seed)
    opened = []

    def app() -> Any:
        opened.append(1)
        return as_operator(create_app(tmp_path / "plane.db"))

    access = Access(Sources(api_url="local"), 60, None, redaction().redactor, app)
    for name in ("acme", "labs", "acme"):
        with open_link(access, name) as link:
            assert link.reader.get("/users")
            assert link.api_url == "local"
    assert opened == [1]
    access.pool.close()
