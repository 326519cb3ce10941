"""Which request a fault applies to."""

import threading

from beamctl.emulator.faults import FaultScript, fault_text
from beamctl.emulator.faults.parser import read_rule


def hits(script: FaultScript, *calls: str) -> list[str]:
    found = []
    for call in calls:
        method, _, path = call.partition(" ")
        found.append(" ".join(fault_text(fault) for fault in script.next(method, path).faults))
    return found


def script(*faults: str) -> FaultScript:
    return FaultScript(read_rule(fault) for fault in faults)


GET, POST = "GET /users", "POST /users"


def test_a_request_number_is_hit_once() -> None:
    assert hits(script("503@3"), *[GET] * 5) == ["", "", "503", "", ""]


def test_ranges_of_requests() -> None:
    assert hits(script("503@2-3"), *[GET] * 4) == ["", "503", "503", ""]
    assert hits(script("503@3-"), *[GET] * 4) == ["", "", "503", "503"]


def test_numbers_after_a_path_count_matching_requests() -> None:
    assert hits(script("reset@POST:/users#2"), POST, GET, GET, POST, POST) == ["", "", "", "reset", ""]
    assert hits(script("reset@POST"), POST, GET, "POST /policies") == ["reset", "", "reset"]


def test_latencies_are_added_to_the_first_other_fault() -> None:
    many = script("latency:1s", "503@2", "reset", "latency:2s@1", "500")
    assert hits(many, GET, GET) == ["latency:1s reset latency:2s", "latency:1s 503"]
    assert [(one.counted, one.hits) for one in many.states()] == [(2, 2), (2, 1), (2, 1), (2, 1), (2, 0)]


def test_new_faults_count_from_one_while_request_numbers_continue() -> None:
    one = script("503@2")
    assert hits(one, GET) == [""]
    one.set([read_rule("reset@2")])
    assert hits(one, GET, GET) == ["", "reset"]
    assert one.next("GET", "/users").number == 4
    one.set([])
    assert hits(one, *[GET] * 3) == ["", "", ""]


def test_exactly_one_of_many_threads_is_hit() -> None:
    one = script("503@77")
    numbers: list[int] = []
    struck: list[int] = []

    def ask() -> None:
        for _ in range(50):
            turn = one.next("GET", "/users")
            numbers.append(turn.number)
            struck.extend(turn.number for _ in turn.faults)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 401))
    assert struck == [77]
