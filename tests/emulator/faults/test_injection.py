"""The effect of each fault on the response and on the rows, in process, without connections or waits."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.control_plane import as_operator
from beamctl.emulator.faults import FaultKind
from tests.emulator.world import World, body_of
from tests.fakes.contract import validator
from tests.fakes.faulty_emulator import FaultyEmulator

ZOE = {"email": "zoe@example.com", "role": "viewer"}
PATIENCE = 5.0
ADA = {"X-Blaxel-Authorization": "Bearer bl_ada", "X-Blaxel-Workspace": "acme"}
PAGED = {**ADA, "Blaxel-Version": "2026-04-28"}


class Asker:
    """The emulator with faults, and a client."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faulty = FaultyEmulator(world.app)
        self.client = httpx.Client(
            transport=self.faulty.transport(), base_url="http://localhost/v0", headers=ADA, timeout=PATIENCE
        )

    def ask(self, fault: str, method: str = "GET", path: str = "/users", **more: Any) -> httpx.Response:
        self.faulty.plan(fault)
        answer = self.client.request(method, path, **more)
        self.faulty.plan()
        return answer

    def invite(self, fault: str) -> httpx.Response:
        return self.ask(fault, "POST", json=ZOE)

    @property
    def invited(self) -> bool:
        self.faulty.plan()
        return any(user["email"] == ZOE["email"] for user in self.client.get("/users").json())


@pytest.fixture
def asker(world: World) -> Asker:
    return Asker(world)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_error_before_the_change(asker: Asker, status: int) -> None:
    answer = asker.invite(str(status))
    assert (answer.status_code, answer.json()["code"]) == (status, status)
    assert validator("error").is_valid(answer.json())
    assert not asker.invited


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_error_after_the_change(asker: Asker, status: int) -> None:
    answer = asker.invite(f"{status}-after")
    assert (answer.status_code, answer.json()["code"]) == (status, status)
    assert asker.invited


def test_a_rate_limit(asker: Asker) -> None:
    timed, silent = asker.invite("429:7"), asker.invite("429")
    assert (timed.status_code, timed.headers["Retry-After"]) == (429, "7")
    assert (silent.status_code, "Retry-After" in silent.headers) == (429, False)
    assert asker.ask("429:0").headers["Retry-After"] == "0"
    assert not asker.invited


@pytest.mark.parametrize(("fault", "done"), [("reset", False), ("reset-after", True)])
def test_a_connection_reset(asker: Asker, fault: str, done: bool) -> None:  # noqa: FBT001 - a parameter of the test
    with pytest.raises(httpx.ReadError, match="reset"):
        asker.invite(fault)
    assert asker.invited is done


def test_a_truncated_body(asker: Asker) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="complete"):
        asker.invite("cut-off")
    assert asker.invited


def test_a_garbage_body(asker: Asker) -> None:
    answer = asker.invite("garbage")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="codec"):
        json.loads(answer.content)
    assert asker.invited


def test_a_body_of_the_wrong_type(asker: Asker) -> None:
    assert isinstance(asker.invite("wrong-type").json(), str)
    assert isinstance(asker.ask("wrong-type").json(), str)
    assert asker.invited


@pytest.mark.parametrize("status", [200, 404, 502, 504, 599])
def test_an_html_page(asker: Asker, status: int) -> None:
    answer = asker.invite("html" if status == 502 else f"html:{status}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert answer.text.startswith("<!doctype html>")
    assert not asker.invited
    assert asker.invite(f"html-after:{status}").status_code == status
    assert asker.invited


def test_a_latency_is_simulated_and_hits_the_timeout(asker: Asker) -> None:
    began = time.monotonic()
    assert asker.ask("latency:4s").status_code == 200
    with pytest.raises(httpx.ReadTimeout):
        asker.invite("latency:6s")
    assert time.monotonic() - began < PATIENCE - 1
    assert asker.invited


def test_a_body_that_is_sent_slowly(asker: Asker) -> None:
    usual = asker.ask("503@9")
    dripped = asker.ask("drip:200s")
    assert (dripped.json(), dripped.headers["Content-Length"]) == (usual.json(), usual.headers["Content-Length"])
    with pytest.raises(httpx.ReadTimeout):
        asker.ask("drip:1h")


def test_a_duplicated_request(asker: Asker) -> None:
    answer = asker.invite("duplicate")
    assert (answer.status_code, asker.invited) == (409, True)
    made = asker.ask("duplicate", "POST", "/service_accounts", json={"name": "twin", "role": "viewer"})
    accounts = [each for each in asker.ask("503@9", path="/service_accounts").json() if each["name"] == "twin"]
    assert len(accounts) == 2
    assert made.json()["client_id"] in {each["client_id"] for each in accounts}


def test_empty_and_short_listings(asker: Asker) -> None:
    full = asker.ask("503@9").json()
    assert len(full) == 8
    assert asker.ask("empty-list").json() == []
    assert asker.ask("short-list").json() == full[:4]
    assert asker.ask("short-list:7").json() == full[:7]
    assert asker.ask("short-list:99").json() == full


def test_empty_and_short_pages(asker: Asker) -> None:
    for name in "abcde":
        asker.ask("503@9", "POST", "/policies", json=body_of("/policies", name))
    pages: Callable[[str], Any] = lambda fault: asker.ask(fault, path="/policies?limit=4", headers=PAGED).json()  # noqa: E731
    full = pages("503@9")
    assert full["meta"]["hasMore"]
    for fault, count in (("empty-list", 0), ("short-list", 2), ("short-list:3", 3)):
        short = pages(fault)
        assert short["data"] == full["data"][:count]
        assert short["meta"] == {"hasMore": False, "nextCursor": "", "total": count}
        assert validator("policy_page").is_valid(short)


@pytest.mark.parametrize("fault", ["empty-list", "short-list"])
def test_a_response_that_is_not_a_listing_is_unchanged(asker: Asker, fault: str) -> None:
    assert asker.ask(fault, path="/workspaces/acme").json()["name"] == "acme"
    assert asker.ask(fault, path="/profile/invitations").status_code == 404
    assert asker.invite(fault).json()["email"] == ZOE["email"]


def test_a_latency_can_be_combined_with_another_fault(asker: Asker) -> None:
    asker.faulty.plan("503", "latency:6s")
    with pytest.raises(httpx.ReadTimeout):
        asker.client.get("/users")
    assert asker.faulty.log.entries()[0].status == 503


@pytest.mark.parametrize("kind", FaultKind)
def test_the_next_request_after_any_fault_is_normal(asker: Asker, kind: FaultKind) -> None:
    asker.faulty.plan(f"{kind.example}@1")
    client = asker.client
    with suppress(httpx.TransportError):
        client.get("/users")
    assert len(client.get("/users").json()) == 8
    assert [len(entry.faults) for entry in asker.faulty.log.entries()] == [1, 0]


def test_faults_hit_the_operator_and_whoever_else_is_inside(world: World) -> None:
    faulty = FaultyEmulator(world.app)
    faulty.plan("reset-after@1")
    operator = httpx.Client(
        transport=faulty.transport(as_operator(world.app)),
        base_url="http://localhost/v0",
        headers={"X-Blaxel-Workspace": "acme"},
    )
    with pytest.raises(httpx.ReadError):
        operator.delete("/users/max@example.com")
    assert "max@example.com" not in world.users()
    assert [entry.who for entry in faulty.log.entries()] == ["operator", "ada@example.com"]


def test_behavior_flags_and_faults_can_be_combined(with_flags: Callable[..., World]) -> None:
    asker = Asker(with_flags(BehaviorFlag.INVITE_IGNORES_ROLE))
    assert asker.invite("latency:1s").json()["role"] == "member"


def test_a_run_costs_little_to_set_up(world: World) -> None:
    faulty = FaultyEmulator(world.app)
    began = time.perf_counter()
    for number in range(1, 101):
        faulty.plan(f"reset-after@{number}")
        faulty.transport()
    assert (time.perf_counter() - began) / 100 < 0.005
