"""The request log: what it contains, and that it has no secrets."""

import base64
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from beamctl.emulator.app import create_app
from beamctl.emulator.control_plane import as_operator, as_person, ask
from beamctl.emulator.errors import EmulatorError
from beamctl.emulator.faults import FaultScript
from beamctl.emulator.faults.parser import read_rule
from beamctl.emulator.middleware import Entry, MiddlewareOptions, RequestLog, add_middleware, logged_query
from beamctl.emulator.routing import BEARER_HEADERS, KEY_HEADERS
from beamctl.emulator.seed import load_seed
from beamctl.emulator.server import LogFile
from tests.emulator.console.browsing import Browser
from tests.emulator.world import Clock, World

CANARY = "bl_canary0that0nobody0may0see"
SECRET = "CANARY00THAT00NOBODY00MAY00SEE00"
JWT = "eyJhbGciOiJIUzI1NiJ9.canarycanarycanary.canary-canary_canary"
BASIC = base64.b64encode(f"canary-id:{SECRET}".encode()).decode()

USERS = "/v0/users"


class Logged:
    """The emulator with a request log."""

    def __init__(self, world: World, *faults: str) -> None:
        self.world = world
        self.lines: list[bytes] = []
        self.log = RequestLog(self.lines.append)
        add_middleware(world.app, MiddlewareOptions(FaultScript(map(read_rule, faults)), self.log))

    @property
    def last(self) -> Entry:
        return self.log.entries()[-1]

    @property
    def written(self) -> list[Any]:
        return [json.loads(line) for line in self.lines]


def test_a_line_has_the_caller_the_request_and_the_result(world: World) -> None:
    logged = Logged(world)
    world.call("ada", "PUT", "/users/Ann%2BOps@example.com", {"role": "viewer"})
    assert logged.written == [
        {
            "number": 1,
            "time": "2026-03-01T12:00:00.000Z",
            "method": "PUT",
            "path": "/v0/users/<path:who>",
            "who": "ada@example.com",
            "workspace": "acme",
            "status": 200,
            "faults": [],
        }
    ]
    assert logged.lines[0].endswith(b"}\n")
    assert logged.log.entries()[0].fields == logged.written[0]


def test_the_caller_of_a_request(world: World) -> None:
    logged = Logged(world)
    client_id = "cid"
    for who, said, workspace, status in (
        ("max", "max@example.com", "acme", 403),
        ("ci", f"service account {client_id}", "acme", 409),
        ("sam", "sam@example.com", "acme", 403),
        ("unknown", "anonymous", None, 401),
        (None, "anonymous", None, 401),
    ):
        world.call(who, "POST", "/users", {"email": "new@example.com"})
        assert (logged.last.who, logged.last.workspace, logged.last.status) == (said, workspace, status)
    world.call("ada", "GET", "/users", headers={"X-Blaxel-Workspace": "nowhere"})
    assert (logged.last.who, logged.last.workspace, logged.last.status) == ("ada@example.com", None, 404)
    for path in ("/.well-known/openid-configuration", "/nowhere"):
        world.call("ada", "GET", path)
        assert (logged.last.who, logged.last.workspace) == (None, None)
    ask(as_operator(world.app), "GET", "/users", workspace="other")
    assert (logged.last.who, logged.last.workspace) == ("operator", "other")
    ask(as_person(world.app, "max@example.com"), "GET", "/workspaces")
    assert (logged.last.who, logged.last.workspace) == ("max@example.com", None)


def test_requests_that_a_fault_answers_are_logged(world: World) -> None:
    logged = Logged(world, "503@1", "503-after@2", "429:2@3", "latency:1ms@3")
    for _ in range(3):
        Client(world.app).get(USERS, headers={"Api-Key": "bl_ada", "X-Blaxel-Workspace": "acme"})
    logged_entries = [(entry.who, entry.status, entry.faults) for entry in logged.log.entries()]
    assert logged_entries == [
        (None, 503, ("503",)),
        ("ada@example.com", 503, ("503-after",)),
        (None, 429, ("429:2", "latency:1ms")),
    ]


@pytest.mark.parametrize("canary", [CANARY, JWT, SECRET])
def test_credentials_are_not_logged(world: World, canary: str) -> None:
    logged = Logged(world)
    client = Client(world.app)
    for header in BEARER_HEADERS:
        for scheme in ("Bearer ", "bearer ", "Basic ", ""):
            client.get(USERS, headers={header: scheme + canary})
    for header in (*KEY_HEADERS, "Cookie", "X-Blaxel-Workspace", "Blaxel-Version", "User-Agent", "Content-Type"):
        client.get(USERS, headers={header: canary})
    client.post("/v0/oauth/token", headers={"Authorization": f"Basic {BASIC}"}, json={"client_secret": canary})
    for content in ({"client_secret": canary}, {"refresh_token": canary, "grant_type": "refresh_token"}):
        client.post("/v0/oauth/token", json=content)
        client.post("/v0/oauth/token", data=content)
    for query in ("api_key={}", "access_token={}", "token={}", "workspace={}", "limit={}", "sort={}", "anchor={}"):
        client.get(f"{USERS}?{query.format(canary)}")
    for query in ("{}", "{}=1", "q={}", "cursor={}", "externalId={}", "a=1;key={}", "=&&%00{}", "%ff={}"):
        client.get(f"/v0/policies?limit=2&{query.format(canary)}")
    for path in ("/v0/users/{}", "/v0/{}", "/v0/users/Bearer%20{}", "/v0/users/a@b/{}", "/v0/users/x:{}", "/{}"):
        client.get(path.format(canary))
        client.delete(path.format(canary.replace("0", "%30").replace("_", "%5F")))
    client.open(USERS, method=canary.upper())
    assert len(logged.lines) > 40
    said = b"".join(logged.lines).lower()
    assert b"canary" not in said
    assert base64.b64encode(b"canary-id")[:8].lower() not in said


def test_console_pages_are_logged_by_their_route(world: World) -> None:
    logged = Logged(world)
    client = Client(world.app)
    assert client.get("/invitation/i/a-one-time-link?and=more").status_code == 403
    assert (logged.last.number, logged.last.path, logged.last.status) == (
        None,
        "/invitation/<invitation_id>/<key>",
        403,
    )
    client.get("/sign-in/a-one-time-token")
    assert (logged.last.path, logged.last.who) == ("/sign-in/<shown_token>", None)
    browser = Browser(world).signed_in("ada")
    browser.get("/workspaces/acme/team")
    page = logged.last
    assert (page.path, page.who, page.workspace) == ("/workspaces/<name>/team", "ada@example.com", "acme")
    client.get("/elsewhere/a-one-time-link")
    assert (logged.last.number, logged.last.path, logged.last.status) == (None, "/…", 404)
    client.get("/v0")
    assert (logged.last.number, logged.last.path) == (1, "/v0")
    client.get("/v0x")
    assert logged.last.number is None


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/v0/workspaces/acme", "/v0/workspaces/<name>"),
        ("HEAD", "/v0/users?limit=2", "/v0/users?limit=2"),
        ("PUT", "/v0/users/zo%C3%AB@example.com", "/v0/users/<path:who>"),
        ("PUT", "/v0/users/a%20b%1B%5B31m/c", "/v0/users/<path:who>"),
        ("PUT", "/v0/users/a%0Ab", "/v0/…"),
        ("DELETE", "/v0/users/%FF", "/v0/users/<path:who>"),
        ("GET", "/v0/users/zo%C3%AB@example.com", "/v0/…"),
        ("GET", "/v0/users/", "/v0/users"),
        ("GET", f"/v0/{CANARY}", "/v0/…"),
        ("DELETE", f"/v0/service_accounts/cid/api_keys/{CANARY}", "/v0/service_accounts/<client_id>/api_keys/<key_id>"),
        ("GET", "/v0/openapi.json", "/v0/openapi.json"),
    ],
)
def test_requests_are_logged_by_their_route(world: World, method: str, path: str, route: str) -> None:
    logged = Logged(world, "503@2")
    for _ in range(2):  # a fault changes nothing
        Client(world.app).open(path, method=method)
    assert [entry.path for entry in logged.log.entries()] == [route, route]


def test_a_huge_query_is_cut_in_linear_time() -> None:
    assert len(logged_query("limit=1&" * 100_000)) < 5000


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ""),
        ("limit=2&sort=name:asc", "?limit=2&sort=name:asc"),
        ("limit=2&cursor=abc", "?limit=2&…"),
        ("countResources=false&withReason=true&anchor=end", "?countResources=false&withReason=true&anchor=end"),
        ("limit=many", "?…"),
        ("&", "?…"),
    ],
)
def test_the_query_in_the_log(query: str, shown: str) -> None:
    assert logged_query(query) == shown


def test_the_log_in_memory_is_limited(world: World) -> None:
    log = RequestLog(most=3)
    add_middleware(world.app, MiddlewareOptions(log=log))
    for _ in range(5):
        world.call("ada", "GET", "/users")
    assert [entry.number for entry in log.entries()] == [3, 4, 5]
    log.clear()
    world.call("ada", "GET", "/users")
    assert [entry.number for entry in log.entries()] == [6]


def test_an_unwritable_log_does_not_fail_requests(
    world: World, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def full(_line: bytes) -> None:
        raise OSError(28, "No space left on device")

    file = LogFile(tmp_path / "log.jsonl")
    file.close()
    for write in (full, file.write):
        caplog.clear()
        app = create_app(world.db, now=world.clock)
        log = RequestLog(write)
        add_middleware(app, MiddlewareOptions(log=log))
        for _ in range(3):
            assert Client(app).get(USERS, headers={"Api-Key": "bl_ada"}).status_code == 200
        assert len(log.entries()) == 3
        assert len(caplog.messages) == 1, "logged once"
        assert caplog.messages[0].startswith("the request log cannot be written: ")


def test_the_file_is_private_and_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for line in (b"1\n", b"2\n"):
        file = LogFile(path)
        file.write(line)
        assert path.read_bytes().endswith(line), "at once"
        file.close()
    assert path.read_bytes() == b"1\n2\n"
    assert path.stat().st_mode & 0o777 == 0o600 & ~_umask()


def test_concurrent_requests_write_complete_lines(tmp_path: Path) -> None:
    load_seed(tmp_path / "plane.db", {"workspaces": [{"name": "acme"}]})
    app = create_app(tmp_path / "plane.db", now=Clock())
    file = LogFile(tmp_path / "log.jsonl")
    add_middleware(app, MiddlewareOptions(log=RequestLog(file.write)))
    threads = [threading.Thread(target=lambda: [Client(app).get("/v0/x") for _ in range(20)]) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file.close()
    numbers = [json.loads(line)["number"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert sorted(numbers) == list(range(1, 101))


def test_an_invalid_log_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match="the request log cannot be written to "):
        LogFile(tmp_path)
    with pytest.raises(EmulatorError, match="No such file or directory"):
        LogFile(tmp_path / "missing" / "log")


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
