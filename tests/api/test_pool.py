"""What the workspaces of a run share: connections, the bound on requests in flight, throttles and tokens."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from beamctl.api.config import Connection, Era
from beamctl.api.credential import ApiKeyCredential, ClientCredentials, Credential
from beamctl.api.sources import CredentialOrigin
from beamctl.api.workspace import Options, Pool
from beamctl.errors import ApiError, InterruptedRunError, UnauthenticatedError
from beamctl.model.api_call import Reader
from beamctl.secrets.redaction import Redactor
from tests.api.fakes import URL, FakeClock, connection, reply

LONGEST = 30
SERVICE = ClientCredentials("id-1", "canary-secret")
PATHS = ("/users", "/service_accounts", "/policies")
Answer = Callable[[httpx.Request], httpx.Response]


def workspace_of(request: httpx.Request) -> str:
    return str(request.headers.get("X-Blaxel-Workspace", ""))


class Server:
    """Answers requests, and keeps the number of transports and of requests in flight."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.transports = 0
        self.asked: Counter[str] = Counter()
        self.in_flight = 0
        self.most = 0
        self.lock = threading.Lock()

    def transport(self) -> httpx.BaseTransport:
        self.transports += 1
        return httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.asked[workspace_of(request)] += 1
            self.in_flight += 1
            self.most = max(self.most, self.in_flight)
        try:
            return self.answer(request)
        finally:
            with self.lock:
                self.in_flight -= 1


def pool_of(server: Server, in_flight: int = 16, clock: FakeClock | None = None) -> Pool:
    return Pool(
        Options(
            clock=clock or FakeClock(),
            chance=lambda: 1.0,
            transports=server.transport,
            redactor=Redactor(),
            in_flight=in_flight,
        )
    )


def names(count: int) -> list[str]:
    return [f"w{number}" for number in range(count)]


def test_requests_in_flight_are_bounded_over_all_workspaces_and_credentials() -> None:
    """As many as are allowed do run at once: each waits until that many are in flight."""
    full = threading.Barrier(4)

    def answer(_: httpx.Request) -> httpx.Response:
        full.wait(LONGEST)
        return reply(body=[])

    server = Server(answer)
    pool = pool_of(server, in_flight=4)
    keys = [ApiKeyCredential(f"bl_{number}") for number in range(3)]
    readers = [pool.open(connection(keys[n % 3]), name).reader() for n, name in enumerate(names(20))]
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda reader: reader.get("/users"), readers))
    assert (server.most, server.transports) == (4, 4)


def test_opening_a_thousand_workspaces_makes_no_request_thread_or_connection() -> None:
    server = Server(lambda _: reply(body=[]))
    pool, before = pool_of(server), threading.active_count()
    opened = [pool.open(connection(SERVICE), name) for name in names(1000)]
    assert (len(opened), threading.active_count()) == (1000, before)
    assert (server.asked, server.transports) == (Counter(), 0)


def token_or(answer: Answer) -> Answer:
    return lambda request: (
        reply(body={"access_token": "t1", "expires_in": 7200})
        if request.url.path == "/v0/oauth/token"
        else answer(request)
    )


def test_one_token_for_all_workspaces_of_a_credential() -> None:
    server = Server(token_or(lambda _: reply(body=[])))
    pool = pool_of(server)
    readers = [pool.open(connection(SERVICE), name).reader() for name in names(100)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda reader: reader.get("/users"), readers))
    assert server.asked[""] == 1  # the request for a token names no workspace
    assert all(server.asked[name] == 1 for name in names(100))


def test_workspaces_with_other_credentials_or_other_hosts_have_tokens_of_their_own() -> None:
    server = Server(token_or(lambda _: reply(body=[])))
    pool = pool_of(server)
    elsewhere = Connection("https://other.example.com/v0", Era.BLAXEL, SERVICE)
    for to in (connection(SERVICE), connection(ClientCredentials("id-2", "other")), elsewhere, connection(SERVICE)):
        pool.open(to, "acme").reader().get("/users")
    assert server.asked == {"": 3, "acme": 4}


def test_many_workspaces_that_reject_a_token_renew_it_once() -> None:
    server = Server(token_or(lambda _: reply(401, {"error": "Unauthorized"})))
    pool = pool_of(server)
    for name in names(50):
        with pytest.raises(UnauthenticatedError):
            pool.open(connection(SERVICE), name).reader().get("/users")
    assert server.asked[""] == 2


def test_a_rejected_credential_is_sent_once_and_each_error_says_where_it_came_from() -> None:
    server = Server(lambda _: reply(401, {"error": "no"}))
    pool = pool_of(server)
    for name in names(3):
        place = f"~/.blaxel/config.yaml, workspace {name}"
        to = Connection(URL, Era.BLAXEL, SERVICE, "default", place, CredentialOrigin.LOGIN)
        with pytest.raises(UnauthenticatedError) as caught:
            pool.open(to, name).reader().get("/users")
        assert f"workspace {name}: no" in caught.value.message
        assert f"bl login {name}." in caught.value.hint
    assert sum(server.asked.values()) == 1


def refusing(workspace: str, **headers: str) -> Answer:
    return lambda request: (
        reply(429, {"error": "slow down"}, **headers) if workspace_of(request) == workspace else reply(body=[])
    )


@pytest.mark.parametrize("headers", [{}, {"retry_after": "1"}, {"retry_after": "3600"}])
@pytest.mark.parametrize("credential", [ApiKeyCredential("bl_shared"), SERVICE])
def test_a_workspace_that_is_always_limited_fails_alone(headers: dict[str, str], credential: Credential) -> None:
    server = Server(token_or(refusing("w3", **headers)))
    pool = pool_of(server)
    calls = [(pool.open(connection(credential), name).reader(), name, path) for path in PATHS for name in names(6)]

    def failed(call: tuple[Reader, str, str]) -> str:
        reader, name, path = call
        try:
            assert reader.get(path) == []
        except ApiError:
            return name
        return ""

    with ThreadPoolExecutor(6) as threads:
        assert list(filter(None, threads.map(failed, calls))) == ["w3"] * len(PATHS)


def test_a_workspace_that_is_always_limited_does_not_make_the_others_sequential() -> None:
    """Its refusals are counted as its own after a few. So many requests of the others still run at once."""
    server = Server(refusing("w0", retry_after="0"))
    pool = pool_of(server, in_flight=16)
    full = threading.Barrier(4)
    with pytest.raises(ApiError):
        pool.open(connection(), "w0").reader().get("/users")

    def answer(_: httpx.Request) -> httpx.Response:
        full.wait(LONGEST)
        return reply(body=[])

    server.answer = answer
    readers = [pool.open(connection(), name).reader() for name in names(9)[1:]]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda reader: reader.get("/users"), readers))


def test_an_interrupt_ends_the_wait_for_a_slot() -> None:
    clock, arrived, gate = FakeClock(), threading.Event(), threading.Event()

    def answer(_: httpx.Request) -> httpx.Response:
        arrived.set()
        gate.wait(LONGEST)
        return reply(body=[])

    pool = pool_of(Server(answer), in_flight=1, clock=clock)
    first, second = (pool.open(connection(), name).reader() for name in names(2))
    with ThreadPoolExecutor(2) as threads:
        running = threads.submit(first.get, "/users")
        assert arrived.wait(LONGEST)
        waiting = threads.submit(second.get, "/users")
        clock.interrupted = True
        assert isinstance(waiting.exception(LONGEST), InterruptedRunError)
        gate.set()
        assert running.result(LONGEST) == []


def test_workspaces_whose_token_is_rejected_at_the_same_time_renew_it_once() -> None:
    both, given = threading.Barrier(2), Counter[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v0/oauth/token":
            given["tokens"] += 1
            return reply(body={"access_token": f"t{given['tokens']}", "expires_in": 7200})
        if request.headers["X-Blaxel-Authorization"] == "Bearer t1":
            both.wait(LONGEST)
            return reply(401)
        return reply(body=[])

    pool = pool_of(Server(answer))
    readers = [pool.open(connection(SERVICE), name).reader() for name in names(2)]
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda reader: reader.get("/users"), readers)) == [[], []]
    assert given["tokens"] == 2
