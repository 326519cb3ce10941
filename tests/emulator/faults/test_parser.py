"""The text form of faults."""

from collections.abc import Mapping

import pytest

from beamctl.emulator import Rule
from beamctl.emulator.errors import FaultError
from beamctl.emulator.faults import Argument, Fault, FaultKind, When
from beamctl.emulator.faults.parser import read_rule

READ = {
    "503@3": Rule(Fault(FaultKind.UNAVAILABLE), When(first=3, last=3)),
    "429:2@1-5": Rule(Fault(FaultKind.THROTTLED, 2), When(last=5)),
    "429": Rule(Fault(FaultKind.THROTTLED)),
    "429:0": Rule(Fault(FaultKind.THROTTLED, 0)),
    "latency:300ms": Rule(Fault(FaultKind.LATENCY, 0.3)),
    "latency:1.5s@4-": Rule(Fault(FaultKind.LATENCY, 1.5), When(first=4)),
    "drip:60s@GET": Rule(Fault(FaultKind.DRIP, 60), When("GET")),
    "reset-after@POST:/users": Rule(Fault(FaultKind.RESET_AFTER), When("POST", "/users")),
    "reset@/users/*": Rule(Fault(FaultKind.RESET), When(path="/users/*")),
    "500-after@PUT:/users/ann@example.com#2": Rule(
        Fault(FaultKind.INTERNAL_ERROR_AFTER), When("PUT", "/users/ann@example.com", 2, 2)
    ),
    "html:504@GET#1-3": Rule(Fault(FaultKind.HTML, 504), When("GET", "", 1, 3)),
    "short-list:0@/policies#2-": Rule(Fault(FaultKind.SHORT_LIST, 0), When("", "/policies", 2)),
}


@pytest.mark.parametrize("text", READ)
def test_a_fault_is_parsed_and_formatted(text: str) -> None:
    rule = read_rule(text)
    assert rule == READ[text]
    assert rule.text == text
    assert read_rule(rule.fields) == rule


def test_alternative_spellings_of_a_fault() -> None:
    assert read_rule("503@post:/v0/users") == read_rule("503@POST:/users")
    assert read_rule("503@3-3") == read_rule("503@#3") == read_rule("503@3")
    assert read_rule("latency:0.3s") == read_rule("latency:300ms")
    assert read_rule({"fault": "429", "value": 2, "first": 1, "last": 5}) == READ["429:2@1-5"]
    assert read_rule({"fault": "503"}) == Rule(Fault(FaultKind.UNAVAILABLE))


@pytest.mark.parametrize("kind", FaultKind)
def test_every_fault_can_be_parsed(kind: FaultKind) -> None:
    assert read_rule(kind.example).fault.kind is kind
    with pytest.raises(FaultError, match=kind.value) as caught:
        read_rule(f"{kind.value}:nonsense")
    assert read_rule(caught.value.hint.split()[-1].rstrip(".")).fault.kind is kind
    if kind.argument is not Argument.DURATION:
        assert read_rule(kind.value).fault == Fault(kind)


@pytest.mark.parametrize(
    ("given", "said", "hint"),
    [
        ("504", "unknown fault '504'", "The faults are: latency:DURATION, 429[:SECONDS], 500,"),
        ("", "unknown fault ''", "The faults are: "),
        ("@3", "unknown fault ''", "The faults are: "),
        ("latency", "latency needs a value", "Write it like latency:300ms."),
        ("latency:300", "'300' is not a valid value for latency", "Write it like latency:300ms."),
        ("latency:0s", "'0s' is not a valid value for latency", "Write it like latency:300ms."),
        ("latency:2h", "'2h' is not a valid value for latency", "Write it like latency:300ms."),
        ("429:soon", "'soon' is not a valid value for 429", "Write it like 429:2."),
        ("html:302", "'302' is not a valid value for html", "Write it like html:504."),
        ("reset:3", "reset takes no value, but got '3'", "Write it as reset."),
        ("503@", "'' does not select requests", "Write a number (3), a range (1-5, 4-),"),
        ("503@soon@", "'soon@' does not select requests", "Write a number (3),"),
        ("503@POST:users", "'POST:users' does not select requests", "Write a number (3),"),
        ("503@soon", "'soon' is not an HTTP method", "Write a number (3),"),
        ("503@POST3", "'POST3' does not select requests", "Write a number (3),"),
        ("503@-3", "'-3' does not select requests", "Write a number (3),"),
        ("503@0", "request numbers are integers from 1", "Write a number (3),"),
        ("503@5-1", "the last request, 1, comes before the first, 5", "Write a number (3),"),
        (3, "a fault must be a string or an object", "Write it like "),
        (["503"], "a fault must be a string or an object", "Write it like "),
        ({}, "unknown fault None", "The faults are: "),
        ({"fault": 503}, "unknown fault 503", "The faults are: "),
        (
            {"fault": "503", "when": 3},
            "unknown field 'when'",
            "The fields are: fault, value, method, path, first, last.",
        ),
        ({"fault": "429", "value": True}, "True is not a valid value for 429", "Write it like 429:2."),
        ({"fault": "429", "value": -1}, "-1 is not a valid value for 429", "Write it like 429:2."),
        ({"fault": "429", "value": {}}, "{} is not a valid value for 429", "Write it like 429:2."),
        ({"fault": "503", "first": "3"}, "request numbers are integers from 1", "Write a number (3),"),
        ({"fault": "503", "first": True}, "request numbers are integers from 1", "Write a number (3),"),
        ({"fault": "503", "method": "PO ST"}, "'PO ST' is not an HTTP method", "Write a number (3),"),
        ({"fault": "503", "method": 1}, "1 is not an HTTP method", "Write a number (3),"),
        ({"fault": "503", "path": "users"}, "'users' is not a path below /v0", "Write it like /users"),
    ],
)
def test_an_invalid_fault_is_an_error(given: str | Mapping[str, object], said: str, hint: str) -> None:
    with pytest.raises(FaultError) as caught:
        read_rule(given)
    assert str(caught.value).startswith(said)
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("pattern", "path", "concerned"),
    [
        ("/users", "/users", True),
        ("/users", "/users/ann@example.com", False),
        ("/users/*", "/users/ann@example.com", True),
        ("/users/*", "/users", False),
        ("*", "/users", True),
        ("/users/ann%2Bops@example.com", "/users/ann+ops@example.com", True),
        ("/users/a.n", "/users/aXn", False),
        ("/*/join", "/workspaces/acme/join", True),
    ],
)
def test_the_paths_that_a_pattern_matches(pattern: str, path: str, *, concerned: bool) -> None:
    assert When(path=pattern).matches("GET", path) is concerned
