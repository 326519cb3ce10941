"""The shared throttle, simulated against caps on concurrency and against rate limits."""

import heapq
import itertools
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.throttle import InFlight, Signal, Throttle, ThrottleState, Ticket
from beamctl.errors import InterruptedRunError
from tests.api.fakes import FakeClock

LATENCY = 0.02


@dataclass
class Cap:
    """At most this many requests at a time."""

    most: int
    in_flight: int = 0

    def takes(self, _now: float) -> bool:
        self.in_flight += 1
        return self.in_flight <= self.most

    def ends(self) -> None:
        self.in_flight -= 1


@dataclass
class Rate:
    """At most this many requests per second."""

    most: int
    taken: dict[int, int] = field(default_factory=dict)

    def takes(self, now: float) -> bool:
        self.taken[int(now)] = self.taken.get(int(now), 0) + 1
        return self.taken[int(now)] <= self.most

    def ends(self) -> None:
        pass


@dataclass
class Run:
    seconds: float
    refused: int
    worst: int
    window: int


def simulate(server: Cap | Rate, requests: int, workers: int, asked: Callable[[float], float]) -> Run:
    """Workers that take requests from a queue, in simulated time; `asked` is the wait that a refusal asks for."""
    pace, order, left, done = ThrottleState(), itertools.count(), requests, 0
    attempts = dict.fromkeys(range(workers), 0)
    agenda: list[tuple[float, int, int, Ticket | None, bool]] = []
    waiting: list[int] = []
    refused = worst = 0
    now = 0.0

    def later(at: float, worker: int, ticket: Ticket | None = None, *, taken: bool = False) -> None:
        heapq.heappush(agenda, (at, next(order), worker, ticket, taken))

    for worker in range(workers):
        left -= 1
        later(0.0, worker)
    while agenda:
        now, _, worker, ticket, taken = heapq.heappop(agenda)
        if ticket is None:
            turn = pace.begin(now)
            if isinstance(turn, Ticket):
                later(now + LATENCY, worker, turn, taken=server.takes(now))
            elif turn:
                later(now + turn, worker)
            else:
                waiting.append(worker)
            continue
        server.ends()
        attempts[worker] += 1
        if taken:
            pace.end(ticket, Signal.TAKEN, now)
            done += 1
            attempts[worker] = 0
            if left:
                left -= 1
                later(now, worker)
        else:
            refused += 1
            worst = max(worst, attempts[worker])
            pace.end(ticket, Signal.REFUSED, now, asked(now))
            later(now + asked(now), worker)
        for each in waiting:
            later(now, each)
        waiting.clear()
    assert done == requests
    assert pace.in_flight == 0
    return Run(now, refused, worst, pace.window)


def test_nothing_waits_without_refusals() -> None:
    run = simulate(Cap(8), 800, 8, lambda _now: 1.0)
    assert (run.refused, round(run.seconds, 2)) == (0, 2.0)


@pytest.mark.parametrize("cap", [1, 2, 4])
def test_a_concurrency_cap_is_found_without_a_pause_for_all(cap: int) -> None:
    run = simulate(Cap(cap), 1000, 8, lambda _now: 1.0)
    ideal = 1000 / cap * LATENCY
    assert run.seconds < 1.5 * ideal + 2
    assert run.refused < 100
    assert run.worst < 12


def test_a_rate_limit_pauses_all_requests() -> None:
    run = simulate(Rate(20), 400, 8, lambda now: int(now) + 1 - now)
    assert run.seconds < 1.1 * 20
    assert run.refused < 0.3 * 400
    assert run.worst < 6


def test_a_rate_limit_without_retry_after() -> None:
    dice = random.Random(7)  # noqa: S311 - a simulation
    run = simulate(Rate(20), 400, 8, lambda _now: dice.uniform(0.0, 0.5))
    assert run.seconds < 1.3 * 20
    assert run.worst < 20


def test_a_rate_limit_slower_than_the_workers() -> None:
    run = simulate(Rate(1), 60, 8, lambda now: int(now) + 1 - now)
    assert run.seconds < 62
    assert run.worst < 20


def test_the_first_refusal_means_a_cap_and_a_second_one_a_rate_limit() -> None:
    pace = ThrottleState()
    crowd = [pace.begin(0.0) for _ in range(4)]
    assert all(isinstance(ticket, Ticket) for ticket in crowd)
    first, *others = [ticket for ticket in crowd if isinstance(ticket, Ticket)]
    pace.end(others[-1], Signal.REFUSED, 0.0, 9.0)
    assert (pace.window, pace.resume_at) == (3, 0.0)
    pace.end(others[0], Signal.REFUSED, 0.0, 9.0)  # it began before, so it adds no information
    assert (pace.window, pace.resume_at) == (3, 0.0)
    again = pace.begin(0.0)
    assert isinstance(again, Ticket)
    pace.end(again, Signal.REFUSED, 0.0, 9.0)
    assert pace.resume_at == 9.0
    assert pace.begin(4.0) == 5.0
    pace.end(others[1], Signal.TAKEN, 4.0)
    pace.end(first, Signal.NOTHING, 4.0)
    assert pace.in_flight == 0
    assert isinstance(pace.begin(9.0), Ticket)


@given(st.lists(st.tuples(st.sampled_from(Signal), st.floats(0, 3), st.integers(0, 7)), max_size=120))
def test_the_window_never_closes(ends: list[tuple[Signal, float, int]]) -> None:
    pace, in_flight, now = ThrottleState(), list[Ticket](), 0.0
    for verdict, wait, pick in ends:
        while isinstance(turn := pace.begin(now), Ticket) and len(in_flight) < 8:
            in_flight.append(turn)
        if isinstance(turn, Ticket):
            pace.end(turn, Signal.NOTHING, now)
        elif turn > 0:
            now += turn
        if in_flight:
            pace.end(in_flight.pop(pick % len(in_flight)), verdict, now, wait)
        assert 1 <= pace.window <= 64
        assert pace.in_flight == len(in_flight)
        if not in_flight:
            alone = pace.begin(max(now, pace.resume_at))
            assert isinstance(alone, Ticket)
            pace.end(alone, Signal.NOTHING, now)


def test_the_gate_waits_until_a_pause_ends() -> None:
    clock = FakeClock()
    gate = Throttle(clock)
    for _ in range(2):
        with gate.slot() as slot:
            slot.signal, slot.wait = Signal.REFUSED, 7.0
    with gate.slot():
        pass
    assert clock.waits == [7.0, 7.0]


def test_waiting_at_the_gate_can_be_interrupted() -> None:
    clock = FakeClock(interrupted=True)
    gate = Throttle(clock)
    with gate.slot() as slot:
        slot.signal, slot.wait = Signal.REFUSED, 7.0
    with pytest.raises(InterruptedRunError, match="interrupted while the API asked for a pause"), gate.slot():
        pass


def test_waiting_for_a_free_slot_can_be_interrupted() -> None:
    clock = FakeClock()
    gate = Throttle(clock, InFlight(1))
    with gate.slot():
        clock.interrupted = True
        with pytest.raises(InterruptedRunError), gate.slot():
            pass


def test_a_finished_request_admits_the_next_one() -> None:
    gate, order = Throttle(FakeClock(), InFlight(1)), list[str]()
    inside = threading.Event()

    def second() -> None:
        with gate.slot():
            order.append("second")

    with gate.slot():
        thread = threading.Thread(target=second)
        thread.start()
        inside.wait(0.05)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_a_refusal_of_a_single_request_says_nothing_about_the_window() -> None:
    """Else one workspace that is always limited would make a run over many sequential."""
    state = ThrottleState(window=16)
    ticket = state.begin(0.0)
    assert isinstance(ticket, Ticket)
    state.end(ticket, Signal.REFUSED, 0.0, wait=1.0)
    assert (state.window, state.resume_at) == (16, 1.0)
