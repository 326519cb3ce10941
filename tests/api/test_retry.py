"""Which requests are retried, when, and how often."""

import math
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.messages import CallResult, Failure, FailureKind, Reply
from beamctl.api.throttle import (
    LONGEST_EFFORT,
    MOST_ATTEMPTS,
    MOST_REFUSALS,
    asks_for_wait,
    repeatable,
    wait_before_repeat,
)

NOON = 1_800_000_000.0

header = st.sampled_from(["", "0", "3", "1.5", "86400", "9" * 400, "soon", "-1", "nan", formatdate(NOON + 5), "1e3"])
headers = st.fixed_dictionaries(
    {},
    optional={
        "retry-after": header,
        "retry-after-ms": header,
        "x-should-retry": st.sampled_from(["true", "false", "?"]),
    },
)
replies = st.builds(Reply, st.integers(100, 599), headers)
outcomes: st.SearchStrategy[CallResult] = replies | st.sampled_from(FailureKind).map(
    lambda fault: Failure(fault, "why")
)


def wait(
    outcome: CallResult, attempts: int = 1, elapsed: float = 0.0, *, once: bool = False, chance: float = 1.0
) -> float | None:
    return wait_before_repeat(outcome, attempts, elapsed, once=once, chance=chance, wall=NOON)


@given(outcomes)
def test_an_unsafe_request_is_retried_only_if_nothing_was_done(outcome: CallResult) -> None:
    did_nothing = outcome.limited if isinstance(outcome, Reply) else outcome.fault is FailureKind.NOT_SENT
    assert did_nothing or not repeatable(outcome, once=True)


@given(outcomes)
def test_a_call_retried_if_unsafe_is_also_retried_if_safe(outcome: CallResult) -> None:
    assert repeatable(outcome, once=False) or not repeatable(outcome, once=True)


efforts = st.tuples(st.integers(1, 30), st.floats(0, 500))


@given(outcomes, efforts, st.sampled_from([True, False]), st.floats(0, 1))
def test_waits_and_attempts_are_limited(
    outcome: CallResult, effort: tuple[int, float], once: object, chance: float
) -> None:
    attempts, elapsed = effort
    found = wait(outcome, attempts, elapsed, once=bool(once), chance=chance)
    if found is not None:
        asked = isinstance(outcome, Reply) and asks_for_wait(outcome, NOON)
        assert found >= 0
        assert asked or elapsed + found <= LONGEST_EFFORT
        assert attempts < MOST_REFUSALS
        assert attempts < MOST_ATTEMPTS or (isinstance(outcome, Reply) and outcome.limited)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_temporary_errors_are_retried(status: int) -> None:
    assert repeatable(Reply(status), once=False)
    assert repeatable(Reply(status), once=True) == (status == 429)


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 403, 404, 409, 422, 501])
def test_other_errors_are_not_retried(status: int) -> None:
    assert not repeatable(Reply(status), once=False)


@pytest.mark.parametrize(
    ("fault", "always", "once"),
    [
        (FailureKind.HOPELESS, False, False),
        (FailureKind.NOT_SENT, True, True),
        (FailureKind.NO_ANSWER, True, False),
        (FailureKind.CUT_OFF, True, False),
        (FailureKind.GARBLED, False, False),
    ],
)
def test_failures_without_a_response(fault: FailureKind, always: bool, once: bool) -> None:  # noqa: FBT001 - the table's
    assert repeatable(Failure(fault, ""), once=False) is always
    assert repeatable(Failure(fault, ""), once=True) is once


def test_the_server_can_ask_for_a_retry() -> None:
    assert repeatable(Reply(409, {"x-should-retry": "true"}), once=False)
    assert not repeatable(Reply(503, {"x-should-retry": "false"}), once=False)
    assert not repeatable(Reply(429, {"x-should-retry": "False"}), once=True)
    assert not repeatable(Reply(200, {"x-should-retry": "true"}), once=False)


def test_the_server_cannot_make_an_unsafe_post_be_retried() -> None:
    assert not repeatable(Reply(503, {"x-should-retry": "true"}), once=True)


def test_the_backoff_doubles_and_has_jitter() -> None:
    trouble = Reply(503)
    assert [wait(trouble, attempts) for attempts in range(1, 7)] == [0.5, 1, 2, 4, 8, None]
    assert wait(trouble, 3, chance=0.25) == 0.5
    assert wait(Reply(429), 19) == 16
    assert wait(Reply(429), 20) is None


@pytest.mark.parametrize(
    ("named", "seconds"),
    [
        ({"retry-after": "3"}, 3),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "3", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": formatdate(NOON + 7, usegmt=True)}, 7),
        ({"retry-after": formatdate(NOON + 7, localtime=False)}, 7),
        ({"retry-after": formatdate(NOON - 7, usegmt=True)}, 0.5),
        ({"retry-after": "0"}, 0.5),
        ({"retry-after": "soon"}, 0.5),
        ({"retry-after": "-4"}, 0.5),
        ({"retry-after": "Fri, 31 Feb 2027 25:00:00 GMT"}, 0.5),
        ({"retry-after": "3600"}, 3600),
        ({"retry-after-ms": "9" * 400}, math.inf),
    ],
)
def test_retry_after_is_respected(named: dict[str, str], seconds: float) -> None:
    assert wait(Reply(429, named)) == seconds
    assert wait(Reply(503, named)) == seconds


def test_attempts_end() -> None:
    assert wait(Reply(503), 2, 119.0) == 1.0
    assert wait(Reply(503), 2, 119.1) is None
