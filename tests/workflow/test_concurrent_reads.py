"""Workspaces are read at the same time, within a bound, and the results are in order."""

import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.errors import (
    ApiError,
    BeamctlError,
    DocumentError,
    ForbiddenError,
    GarbledError,
    InterruptedRunError,
    MissingError,
    UnauthenticatedError,
    UnreachableError,
    UsageError,
)
from beamctl.plan.kind import Reading
from beamctl.workflow.concurrent_reads import ReadSession, WorkspaceReads, read_workspaces
from beamctl.workflow.readers import ENOUGH, PooledReader, Reachability, WatchedReader

TIMEOUT = 30
"""Seconds after which a test that hangs fails."""
API = "https://api.example/v0"


class Answering:
    """A reader that calls a function."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self.get = answer


def session(most: int = 16, stop: threading.Event | None = None) -> ReadSession:
    return ReadSession(most, stop or threading.Event())


def one(path: str) -> Reading[Any]:
    return (yield path)


def opening(
    name: str, answer: Callable[[str], Any], kinds: int = 1, then: Callable[[Mapping[str, Any]], Any] = dict
) -> Callable[[], WorkspaceReads[Any]]:
    """A workspace with as many kinds, each of which takes one request."""
    return lambda: WorkspaceReads(
        name, Answering(answer), {f"kind{number}": one(f"/{name}/{number}") for number in range(kinds)}, then
    )


def our_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "beamctl-read"]


def test_the_bound_is_reached_and_never_exceeded_and_few_workspaces_are_open() -> None:
    full = threading.Barrier(16)
    lock = threading.Lock()
    counts = {"in flight": 0, "open": 0}
    most = dict(counts)

    def count(what: str, by: int) -> None:
        with lock:
            counts[what] += by
            most[what] = max(most[what], counts[what])

    def answer(path: str) -> str:
        count("in flight", 1)
        full.wait(TIMEOUT)  # passes only if sixteen requests are in flight
        count("in flight", -1)
        return path

    def then(live: Mapping[str, Any]) -> Mapping[str, Any]:
        count("open", -1)
        return live

    def opened(name: str) -> Callable[[], WorkspaceReads[Any]]:
        def open_it() -> WorkspaceReads[Any]:
            count("open", 1)
            return opening(name, answer, 4, then)()

        return open_it

    found = read_workspaces([opened(f"w{number}") for number in range(80)], session())
    assert [each["kind0"] for each in found if isinstance(each, Mapping)] == [f"/w{n}/0" for n in range(80)]
    assert most["in flight"] == 16
    assert most["open"] <= 33, "a workspace is opened only if requests are missing, so memory is flat"
    assert our_threads() == []


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(8)))
def test_the_order_of_the_results_does_not_depend_on_the_order_of_the_responses(order: Sequence[int]) -> None:
    turn = threading.Condition()
    waiting = list(order)

    def answer(path: str) -> str:
        with turn:
            assert turn.wait_for(lambda: path == f"/{waiting[0]}/0", TIMEOUT)
            waiting.pop(0)
            turn.notify_all()
        if path in ("/2/0", "/5/0"):
            raise GarbledError(path)
        return path

    found = read_workspaces([opening(str(number), answer) for number in range(8)], session())
    shown = [str(each) if isinstance(each, BeamctlError) else each["kind0"] for each in found]
    assert shown == [f"/{number}/0" for number in range(8)]
    assert [isinstance(each, GarbledError) for each in found] == [number in (2, 5) for number in range(8)]


@pytest.mark.parametrize(
    "error",
    [
        ApiError("500"),
        UnreachableError("timeout"),
        UnauthenticatedError("401"),
        ForbiddenError("403"),
        MissingError("404"),
        GarbledError("HTML"),
    ],
    ids=lambda error: error.code,
)
@pytest.mark.parametrize("where", ["opening", "reading"])
def test_the_error_of_one_workspace_does_not_affect_the_others(error: ApiError, where: str) -> None:
    def answer(path: str) -> str:
        if path == "/w7/1" and where == "reading":
            raise error
        return path

    def broken() -> WorkspaceReads[Any]:
        raise error

    openings = [opening(f"w{number}", answer, 2) for number in range(20)]
    if where == "opening":
        openings[7] = broken
    found = read_workspaces(openings, session(4))
    assert found[7] is error
    assert [index for index, each in enumerate(found) if isinstance(each, BeamctlError)] == [7]


def test_an_ambiguous_document_does_not_affect_the_others() -> None:
    error = DocumentError([])

    def ambiguous(_live: Mapping[str, Any]) -> None:
        raise error

    openings = [opening("a", str), opening("b", str, then=ambiguous), opening("c", str)]
    assert read_workspaces(openings, session()) == [{"kind0": "/a/0"}, error, {"kind0": "/c/0"}]


def test_the_first_reading_that_fails_counts_and_the_others_are_not_continued() -> None:
    asked = []
    second_failed = threading.Event()

    def answer(path: str) -> None:
        asked.append(path)
        if path == "/second":
            second_failed.set()
            raise GarbledError("second")
        assert second_failed.wait(TIMEOUT)
        raise ForbiddenError("first")

    def first() -> Reading[None]:
        try:
            yield "/first"
        except ForbiddenError:
            yield "/more"

    reads = WorkspaceReads("acme", Answering(answer), {"first": first(), "second": one("/second")}, dict)
    (found,) = read_workspaces([lambda: reads], session())
    assert str(found) == "second"
    assert sorted(asked) == ["/first", "/second"]


def test_a_result_can_ask_for_more() -> None:
    def then(live: Mapping[str, Any]) -> WorkspaceReads[Any]:
        return opening("more", lambda path: [path, live["kind0"]])()

    assert read_workspaces([opening("acme", str, then=then)], session()) == [{"kind0": ["/more/0", "/acme/0"]}]


def test_an_interrupt_ends_all_reads_and_leaves_no_thread() -> None:
    stop = threading.Event()
    made = []

    def answer(path: str) -> None:
        made.append(path)
        if len(made) == 4:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        assert stop.wait(TIMEOUT)  # as a read of the API
        raise InterruptedRunError("interrupted while waiting for the API")

    with pytest.raises(KeyboardInterrupt):
        read_workspaces([opening(f"w{number}", answer) for number in range(100)], session(4, stop))
    assert len(made) == 4
    assert our_threads() == []


def test_an_error_that_is_not_about_a_workspace_ends_the_run() -> None:
    made = []

    def answer(path: str) -> None:
        made.append(path)
        raise UsageError("the proxy set in the environment cannot be used")

    with pytest.raises(UsageError):
        read_workspaces([opening(f"w{number}", answer) for number in range(1_000)], session(4))
    assert len(made) <= 12
    assert our_threads() == []


@pytest.mark.parametrize("responds", [False, True])
def test_an_api_that_never_responds_is_tried_for_few_workspaces(*, responds: bool) -> None:
    made: list[str] = []
    reachability = Reachability()

    def answer(path: str) -> None:
        made.append(path)
        if responds and len(made) == 1:
            raise ForbiddenError("a response, too")
        raise UnreachableError("no connection to api.example: Connection refused", "Check --api-url.")

    def opened(name: str) -> Callable[[], WorkspaceReads[Any]]:
        reader = WatchedReader(Answering(answer), API, name, reachability)
        return lambda: WorkspaceReads(name, reader, {"kind": one(f"/{name}")}, dict)

    found = read_workspaces([opened(f"w{number}") for number in range(1_000)], session(4))
    assert all(isinstance(each, ApiError) for each in found)
    if responds:
        assert len(made) == 1_000
        return
    assert ENOUGH <= len(made) <= ENOUGH + 4
    last = found[-1]
    assert isinstance(last, UnreachableError)
    assert last.message == (
        "not tried, because the API did not respond for 3 other workspaces: "
        "no connection to api.example: Connection refused"
    )
    assert last.hint == "Check --api-url."


def test_a_reader_of_one_workspace_raises_its_errors() -> None:
    def answer(path: str) -> str:
        if path == "/missing":
            raise MissingError("no such path")
        return path

    reader = PooledReader(Answering(answer), "acme", session())
    assert reader.get("/users") == "/users"
    with pytest.raises(MissingError):
        reader.get("/missing")
    assert reader.read_all({"a": one("/a"), "b": one("/b")}) == {"a": "/a", "b": "/b"}
    assert reader.read_all({}) == {}
