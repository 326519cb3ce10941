"""The control endpoint: what programs can do with it, and that web pages cannot use it."""

import json
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from beamctl.emulator.app import create_app
from beamctl.emulator.clock import MovableClock
from beamctl.emulator.errors import EmulatorError
from beamctl.emulator.middleware import MiddlewareOptions, add_middleware
from tests.emulator.world import NOON, World


class Controlled:
    """The emulator with a control endpoint and a movable clock."""

    def __init__(self, world: World) -> None:
        clock = MovableClock(real=world.clock)
        self.app = create_app(world.db, now=clock)
        self.options = MiddlewareOptions(clock=clock, control=True, sleep=lambda _: None)
        add_middleware(self.app, self.options)
        self.client = Client(self.app)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> TestResponse:
        content = body if isinstance(body, bytes) or body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(path, method=method, data=content, headers=named)

    def users(self) -> TestResponse:
        return self.client.get("/v0/users", headers={"Api-Key": "bl_ada"})


@pytest.fixture
def plane(world: World) -> Controlled:
    return Controlled(world)


def test_faults_are_set_read_and_cleared(plane: Controlled) -> None:
    put = plane.ask("PUT", "/control/faults", {"faults": ["503@2", {"fault": "429", "value": 7, "method": "POST"}]})
    assert put.status_code == 200
    assert [plane.users().status_code for _ in range(3)] == [200, 503, 200]
    assert plane.ask("GET", "/control/faults").get_json() == {
        "faults": [
            {"fault": "503", "first": 2, "last": 2, "text": "503@2", "counted": 3, "hits": 1},
            {"fault": "429", "value": "7", "method": "POST", "first": 1, "text": "429:7@POST", "counted": 0, "hits": 0},
        ]
    }
    assert plane.ask("DELETE", "/control/faults").get_json() == {"faults": []}
    assert [plane.users().status_code for _ in range(3)] == [200] * 3


def test_an_invalid_request_changes_nothing(plane: Controlled) -> None:
    plane.ask("PUT", "/control/faults", {"faults": ["503@9"]})
    for body, said in (
        ({"faults": ["503", "nonsense"]}, "unknown fault 'nonsense'. The faults are: latency:DURATION, "),
        ({"faults": ["latency"]}, "latency needs a value. Write it like latency:300ms."),
        ({"faults": "503"}, 'the body must look like {"faults": ["503@3"]}'),
        ({"fault": ["503"]}, 'the body must look like {"faults": ["503@3"]}'),
        ({"faults": ["503"] * 1001}, 'the body must look like {"faults": ["503@3"]}'),
        (["503"], "the body must be a JSON object"),
        (b"503", "the body must be a JSON object"),
        (b"", "the body is not valid JSON"),
    ):
        answer = plane.ask("PUT", "/control/faults", body)
        assert answer.status_code == 400
        assert answer.get_json()["error"].startswith(said)
    kept = plane.ask("GET", "/control/faults").get_json()["faults"]
    assert [each["text"] for each in kept] == ["503@9"]


def test_the_clock_is_set_and_moved(plane: Controlled) -> None:
    assert plane.ask("GET", "/control/clock").get_json()["now"] == "2026-03-01T12:00:00.000Z"
    assert plane.ask("PUT", "/control/clock", {"forward": "7d"}).get_json()["now"] == "2026-03-08T12:00:00.000Z"
    assert plane.ask("PUT", "/control/clock", {"forward": "36h"}).get_json()["now"] == "2026-03-10T00:00:00.000Z"
    body = {"now": "2025-01-01T02:00:00+02:00"}
    assert plane.ask("PUT", "/control/clock", body).get_json()["now"] == "2025-01-01T00:00:00.000Z"


def test_an_invitation_expires_when_the_clock_is_moved(plane: Controlled) -> None:
    def expired() -> set[str]:
        return {user["email"] for user in plane.users().get_json() if user.get("expired")}

    assert "new@example.com" not in expired()
    plane.ask("PUT", "/control/clock", {"forward": "8d"})
    assert "new@example.com" in expired()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"now": "soon"},
        {"now": 3},
        {"forward": "soon"},
        {"forward": "-7d"},
        {"forward": "0d"},
        {"forward": "7d", "now": "2027-01-01"},
        {"forward": "7d", "more": 1},
        {"forward": "999999w"},
        {"forward": "999999999w"},
        {"now": "9999-01-01"},
        {"now": "1969-01-01"},
        [],
    ],
)
def test_an_invalid_time_does_not_move_the_clock(plane: Controlled, body: Any) -> None:
    answer = plane.ask("PUT", "/control/clock", body)
    assert (answer.status_code, bool(answer.get_json()["error"])) == (400, True)
    assert plane.options.clock() == NOON


def test_the_log_is_read_and_cleared(plane: Controlled) -> None:
    plane.users()
    kept = plane.ask("GET", "/control/requests").get_json()["requests"]
    assert [(each["number"], each["path"], each["who"]) for each in kept] == [(1, "/v0/users", "ada@example.com")]
    assert plane.ask("DELETE", "/control/requests").get_json() == {"requests": []}
    plane.users()
    assert [each["number"] for each in plane.ask("GET", "/control/requests").get_json()["requests"]] == [2]


def test_faults_neither_count_nor_affect_control_requests(plane: Controlled) -> None:
    plane.ask("PUT", "/control/faults", {"faults": ["503"]})
    assert plane.ask("GET", "/control/clock").status_code == 200
    assert plane.ask("GET", "/control/requests").get_json() == {"requests": []}


@pytest.mark.parametrize("path", ["/control/faults", "/control/clock", "/control/requests", "/control"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_control_is_404_without_the_flag(world: World, method: str, path: str) -> None:
    add_middleware(world.app, MiddlewareOptions())
    assert Client(world.app).open(path, method=method).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/control", 404),
        ("GET", "/control/", 404),
        ("GET", "/control/nonsense", 404),
        ("GET", "/control/faults/", 404),
        ("GET", "/controls", 404),
        ("POST", "/control/faults", 405),
        ("OPTIONS", "/control/faults", 405),
        ("DELETE", "/control/clock", 405),
        ("HEAD", "/control/requests", 405),
    ],
)
def test_unknown_paths_and_methods(plane: Controlled, method: str, path: str, status: int) -> None:
    answer = plane.ask(method, path)
    assert answer.status_code == status
    assert ("Allow" in answer.headers) is (status == 405)
    assert not any(name.startswith("Access-Control-") for name, _ in answer.headers)


BROWSERS: dict[str, dict[str, str]] = {
    "a page of another site": {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"},
    "a page of another port here": {"Origin": "http://127.0.0.1:3000", "Sec_Fetch_Site": "same-site"},
    "a page of our own": {"Origin": "http://localhost", "Sec_Fetch_Site": "same-origin"},
    "a sandboxed frame": {"Origin": "null"},
    "a link that a user follows": {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"},
    "the bar for addresses": {"Sec_Fetch_Site": "none"},
    "a rebound name": {"Host": "evil.example:8080"},
    "a rebound name in an old browser": {"Host": "127.0.0.1.evil.example"},
    "a name like ours": {"Host": "localhost.evil.example"},
    "a name below ours": {"Host": "evil.localhost:8080"},
    "no name at all": {"Host": ""},
    "a broken name": {"Host": "[::1"},
}


@pytest.mark.parametrize("headers", BROWSERS.values(), ids=BROWSERS)
@pytest.mark.parametrize("call", ["GET requests", "PUT faults", "DELETE faults", "PUT clock", "POST faults"])
def test_a_web_page_cannot_use_it(plane: Controlled, call: str, headers: dict[str, str]) -> None:
    plane.users()
    method, _, what = call.partition(" ")
    body = {"faults": {"faults": ["503"]}, "clock": {"forward": "7d"}}.get(what)
    answer = plane.ask(method, f"/control/{what}", body, **headers)
    assert answer.status_code == 403
    assert "example.com" not in answer.get_data(as_text=True)
    assert plane.options.clock() == NOON
    assert plane.users().status_code == 200


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "LocalHost:1", "127.0.0.1:80", "[::1]:80", "10.0.0.5"])
def test_programs_can_use_it_by_address_or_as_localhost(plane: Controlled, host: str) -> None:
    assert plane.ask("GET", "/control/clock", Host=host).status_code == 200


def test_a_body_that_is_too_large_is_413(plane: Controlled) -> None:
    assert plane.ask("PUT", "/control/faults", b" " * (1024 * 1024 + 1)).status_code == 413


def test_middleware_keeps_the_response_of_the_application(world: World) -> None:
    theirs = world.call("ada", "GET", "/policies?limit=2")
    ours = Controlled(world).client.get("/v0/policies?limit=2", headers={"Api-Key": "bl_ada"})
    assert ours.get_data() == theirs.get_data()
    assert sorted(ours.headers) == sorted(theirs.headers)


def test_a_fixed_clock_cannot_be_moved(world: World) -> None:
    with pytest.raises(EmulatorError, match="clock_of"):
        add_middleware(world.app, MiddlewareOptions(control=True))
