"""Rate limits: which responses count, how long they ask to wait, and how a run waits."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.utils import formatdate

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.clock import MOST_WAITING, WaitBudget, http_date
from beamctl.api.credential import ClientCredentials
from beamctl.api.messages import is_limit, requested_wait, until_text
from beamctl.api.workspace import Options, WorkspaceApi, open_workspace
from beamctl.errors import ApiError, ForbiddenError, UnauthenticatedError
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.secrets.redaction import Redactor
from tests.api.fakes import NOON, FakeClock, Script, connection, opened, reply

INVITE = ApiCall(Method.POST, "/users", {"email": "bob@example.com", "role": "member"})
PROMOTE = ApiCall(Method.PUT, "/users/bob%40example.com", {"role": "admin"})
DEMOTE = ApiCall(Method.PUT, "/users/eve%40example.com", {"role": "member"})
REMOVE = ApiCall(Method.DELETE, "/users/bob%40example.com")

LIMITS: list[tuple[int, dict[str, str], bool]] = [
    (429, {}, True),
    (429, {"x-ratelimit-remaining": "7"}, True),
    (403, {}, False),
    (403, {"retry-after": "30"}, True),
    (403, {"retry-after": formatdate(NOON + 30, usegmt=True)}, True),
    (403, {"retry-after": " "}, False),
    (403, {"retry-after-ms": "900"}, True),
    (403, {"x-ratelimit-remaining": "0"}, True),
    (403, {"x-rate-limit-remaining": "0"}, True),
    (403, {"ratelimit-remaining": "0"}, True),
    (403, {"ratelimit-remaining": "0;w=60"}, True),
    (403, {"ratelimit-remaining": "40, 0"}, True),
    (403, {"x-ratelimit-remaining-minute": "0"}, True),
    (403, {"x-ratelimit-remaining": "57"}, False),
    (403, {"x-ratelimit-remaining": "none"}, False),
    (403, {"x-ratelimit-limit": "0"}, False),
    (403, {"ratelimit": '"default";r=0;t=30'}, True),
    (403, {"ratelimit": "limit=10, remaining=0, reset=30"}, True),
    (403, {"ratelimit": '"default";r=10;t=30'}, False),
    (401, {"retry-after": "30"}, False),
    (404, {"x-ratelimit-remaining": "0"}, False),
    (503, {"retry-after": "30"}, False),
    (200, {"x-ratelimit-remaining": "0"}, False),
]


@pytest.mark.parametrize(("status", "headers", "limit"), LIMITS)
def test_which_replies_are_a_rate_limit(status: int, headers: Mapping[str, str], limit: bool) -> None:  # noqa: FBT001 - the table's
    assert is_limit(status, headers) is limit


@pytest.mark.parametrize(("status", "headers", "limit"), [each for each in LIMITS if each[0] in (403, 429)])
def test_a_403_that_is_a_rate_limit_is_treated_as_a_429(status: int, headers: dict[str, str], limit: bool) -> None:  # noqa: FBT001 - as above
    """It is retried, also if the call must not be repeated, and it is neither a refusal of the change nor a lack of
    permission."""
    refusal = httpx.Response(status, json={"error": "no"}, headers=headers)
    script = Script(refusal, reply(body={"ok": 1}))
    with opened(script) as api:
        first = api.sender().send(INVITE)
    assert (first == Response(200, {"ok": 1})) is limit
    with opened(Script(refusal)) as api:
        last = api.sender().send(INVITE)
        with pytest.raises(ApiError) as caught:
            api.reader().get("/users")
    assert isinstance(last, Response)
    assert (last.status, last.limited, last.refused) == (status, limit, not limit)
    assert isinstance(caught.value, ForbiddenError) is not limit


def test_a_rate_limit_on_tokens_does_not_reject_the_credential() -> None:
    script = Script(reply(403, {"error": "slow down"}, retry_after="3600"))
    with opened(script, to=replace(connection(), credential=ClientCredentials("id-1", "canary-secret"))) as api:
        with pytest.raises(ApiError) as caught:
            api.reader().get("/users")
        assert isinstance(api.sender().send(INVITE), NoResponse)
    assert not isinstance(caught.value, UnauthenticatedError)
    assert "rate limited until 09:00 UTC" in caught.value.message
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {}, None),
        (429, {"retry-after": "3600"}, 3600),
        (429, {"retry-after": "3600", "retry-after-ms": "1500"}, 1.5),
        (429, {"retry-after": formatdate(NOON + 90, usegmt=True)}, 90),
        (429, {"retry-after": formatdate(NOON + 90, usegmt=True), "date": formatdate(NOON + 60, usegmt=True)}, 30),
        (429, {"retry-after": "soon", "x-ratelimit-reset": "50"}, 50),
        (429, {"x-ratelimit-reset": f"{NOON + 1800:.0f}"}, 1800),
        (429, {"x-ratelimit-reset": f"{(NOON + 1800) * 1000:.0f}"}, 1800),
        (429, {"x-ratelimit-reset": f"{NOON - 5:.0f}"}, 0),
        (429, {"ratelimit-reset": "20", "x-ratelimit-reset-hour": "40"}, 40),
        (429, {"ratelimit": '"default";r=0;t=30'}, 30),
        (429, {"x-ratelimit-remaining": "3", "x-ratelimit-reset": "50"}, None),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "50"}, 50),
        (403, {"x-ratelimit-remaining": "3", "x-ratelimit-reset": "50"}, None),
        (503, {"retry-after": "20"}, 20),
        (503, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "50"}, None),
    ],
)
def test_the_wait_that_a_response_asks_for(status: int, headers: Mapping[str, str], seconds: float | None) -> None:
    assert requested_wait(status, headers, NOON) == seconds


@pytest.mark.parametrize(
    ("wait", "text"),
    [
        (0, "08:00 UTC"),
        (3600, "09:00 UTC"),
        (6719, "09:52 UTC"),
        (6721, "09:53 UTC"),
        (16 * 3600, "2027-01-16 00:00 UTC"),
        (float("inf"), ""),
        (1e300, ""),
    ],
)
def test_dates_are_turned_into_waits(wait: float, text: str) -> None:
    assert until_text(NOON, wait) == text


@given(st.text() | st.sampled_from(["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 +1400"]))
def test_any_date_text_gives_a_wait_or_none(text: str) -> None:
    found = http_date(text)
    assert found is None or until_text(found, 0.0) is not None


def test_a_long_rate_limit_stops_only_calls_of_its_kind() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        limited = request.method == "PUT"
        return reply(429, {"error": "slow down"}, retry_after="3600") if limited else reply(body={"ok": 1})

    asked: list[str] = []
    clock = FakeClock()

    def counted(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return answer(request)

    with opened(counted, clock) as api:
        send = api.sender().send
        first, second, other, removed = send(PROMOTE), send(DEMOTE), send(INVITE), send(REMOVE)
        clock.time += 3600
        send(DEMOTE)
    until = "rate limited until 09:00 UTC: slow down"
    assert first == second == Response(429, {"error": "slow down"}, until, limited=True)
    assert other == removed == Response(200, {"ok": 1})
    assert asked == ["PUT", "POST", "DELETE", "PUT"]
    assert clock.waits == []


@pytest.mark.parametrize("limit", [reply(429, retry_after="3600"), reply(403, retry_after="3600")])
def test_many_calls_under_a_long_rate_limit_send_few_requests(limit: httpx.Response) -> None:
    barrier = threading.Barrier(8)

    def answer(_request: httpx.Request) -> httpx.Response:
        barrier.wait(10)
        return httpx.Response(limit.status_code, headers=limit.headers)

    script, clock = Script(answer), FakeClock()
    with opened(script, clock) as api, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: api.sender().send(INVITE), range(60)))
    assert {isinstance(each, Response) and each.error for each in found} == {"rate limited until 09:00 UTC"}
    assert len(script.asked) == 8
    assert clock.waits == []


def test_a_read_under_a_long_rate_limit_fails_at_once_and_says_when_to_retry() -> None:
    script, clock = Script(reply(429, retry_after="86400")), FakeClock()
    with opened(script, clock) as api, pytest.raises(ApiError) as caught:
        api.reader().get("/users")
    assert caught.value.message == (
        "api.example.com could not serve GET /users: rate limited until 2027-01-16 08:00 UTC"
    )
    assert "--max-wait" in caught.value.hint
    assert (len(script.asked), clock.waits) == (1, [])


def test_a_long_503_fails_at_once_and_says_when_to_retry() -> None:
    script, clock = Script(reply(503, {"error": "maintenance"}, retry_after="600")), FakeClock()
    with opened(script, clock) as api:
        with pytest.raises(ApiError, match="not available until 08:10 UTC: maintenance"):
            api.reader().get("/users")
        assert isinstance(api.sender().send(REMOVE), NoResponse)
    assert (len(script.asked), clock.waits) == (2, [])


def patient(
    script: Callable[[httpx.Request], httpx.Response], clock: FakeClock, wait_budget: WaitBudget
) -> WorkspaceApi:
    transports = lambda: httpx.MockTransport(script)  # noqa: E731 - short
    options = Options(
        clock=clock, chance=lambda: 1.0, transports=transports, wait_budget=wait_budget, redactor=Redactor()
    )
    return open_workspace(connection(), "acme", options)


@pytest.mark.parametrize(
    ("asked", "most", "waits"),
    [
        (50, 60.0, [50]),
        (60, 60.0, [60]),
        (61, 60.0, []),
        (20, 60.0, [20, 20, 20]),
        (300, 600.0, [300, 300]),
        (5, 0.0, []),
    ],
)
def test_a_rate_limit_is_waited_for_up_to_the_budget_of_the_run(asked: int, most: float, waits: list[int]) -> None:
    script, clock = Script(reply(429, retry_after=str(asked))), FakeClock()
    with patient(script, clock, WaitBudget(most)) as api:
        assert isinstance(api.sender().send(INVITE), Response)
        assert isinstance(api.sender().send(INVITE), Response)
    assert clock.waits == waits


def test_all_workspaces_of_a_run_share_one_budget() -> None:
    wait_budget, clock = WaitBudget(), FakeClock()
    script = Script(reply(429, retry_after="40"), reply(), reply(429, retry_after="40"))
    with patient(script, clock, wait_budget) as one, patient(script, clock, wait_budget) as two:
        assert one.sender().send(INVITE).ok
        assert not two.sender().send(INVITE).ok
    assert clock.waits == [40]


def test_rate_limits_without_a_date_use_up_the_budget_too() -> None:
    script, clock = Script(reply(429)), FakeClock()
    with opened(script, clock) as api:
        for _ in range(60):
            assert isinstance(api.sender().send(INVITE), Response)
    assert sum(clock.waits) <= MOST_WAITING
    assert len(script.asked) < 20


def test_a_rate_limit_after_a_lost_response_does_not_mean_that_nothing_was_done() -> None:
    def lost_response(_request: httpx.Request) -> httpx.Response:
        api.sender().send(DEMOTE)
        raise httpx.ReadError("x")

    script = Script(lost_response, reply(429, retry_after="3600"))
    with opened(script) as api:
        assert isinstance(api.sender().send(PROMOTE), NoResponse)
    assert len(script.asked) == 2


def test_a_long_wait_is_reported_once() -> None:
    said: list[str] = []
    wait_budget = WaitBudget(600.0, said.append)
    assert wait_budget.grant(2.0, 0.0)
    assert said == []
    assert wait_budget.grant(30.0, 2.0)
    assert wait_budget.grant(30.0, 32.0)
    assert said == ["Waiting 30 s: the API limits requests."]


def test_threads_that_wait_together_spend_the_budget_once() -> None:
    wait_budget = WaitBudget()
    assert all(wait_budget.grant(50.0, 0.1 * thread) for thread in range(8))
    assert not wait_budget.grant(50.0, 50.0)


def test_short_pauses_between_accepted_requests_are_not_counted() -> None:
    wait_budget, now = WaitBudget(), 0.0
    for _ in range(1000):
        assert wait_budget.grant(1.0, now)
        now += 1.0
        wait_budget.progress(now)


def test_longer_pauses_are_counted() -> None:
    wait_budget, now, granted = WaitBudget(), 0.0, 0
    while wait_budget.grant(5.0, now):
        granted, now = granted + 1, now + 5.0
        wait_budget.progress(now)
    assert granted == 12


def test_waiting_counts_only_while_no_other_thread_makes_progress() -> None:
    wait_budget = WaitBudget()
    assert wait_budget.grant(50.0, 0.0)
    for second in range(1, 41):
        wait_budget.progress(float(second))
    assert wait_budget.left(40.0) == MOST_WAITING
    assert not wait_budget.grant(61.0, 40.0)
    wait_budget.progress(50.0)
    assert wait_budget.left(50.0) == MOST_WAITING - 10.0


waits = st.lists(st.tuples(st.floats(0, 30), st.floats(0, 90), st.booleans()), max_size=60)


@given(waits, st.floats(0, 120))
def test_a_pause_without_progress_never_exceeds_the_budget(steps: list[tuple[float, float, bool]], most: float) -> None:
    wait_budget, now, began = WaitBudget(most), 0.0, None
    for later, wait, taken in steps:
        now += later
        if wait_budget.grant(wait, now):
            began = now if began is None else began
            assert now + wait - began <= most + 1e-6
        if taken:
            wait_budget.progress(now)
            began = None
