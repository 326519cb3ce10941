"""Counts requests and decides which faults hit each. Thread-safe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock

from beamctl.emulator.fault.kind import Fault, FaultKind
from beamctl.emulator.fault.rule import Rule


@dataclass(frozen=True, slots=True)
class Turn:
    """A request that has arrived.

    Attributes:
        number: Its number since the start, from 1.
        faults: Any number of latencies, and at most one other fault.
    """

    number: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class RuleState:
    """The state of a rule.

    Attributes:
        rule: The rule.
        counted: How many matching requests have arrived.
        hits: How many of them it hit.
    """

    rule: Rule
    counted: int
    hits: int


class FaultScript:
    """The planned faults. Thread-safe."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._lock = Lock()
        self._number = 0
        self._states = [RuleState(rule, 0, 0) for rule in rules]

    def set(self, rules: Iterable[Rule]) -> None:
        """Replace the rules. Requests are counted from 1 again."""
        with self._lock:
            self._states = [RuleState(rule, 0, 0) for rule in rules]

    def next(self, method: str, path: str) -> Turn:
        """Count a request and return its faults.

        Args:
            method: Its method.
            path: Its path below `/v0`, decoded.
        """
        with self._lock:
            self._number += 1
            faults: list[Fault] = []
            for index, state in enumerate(self._states):
                self._states[index], hit = _advance(state, method, path, faults)
                faults.extend(hit)
            return Turn(self._number, tuple(faults))

    def standings(self) -> list[RuleState]:
        """The state of every rule."""
        with self._lock:
            return list(self._states)


def _advance(state: RuleState, method: str, path: str, others: Sequence[Fault]) -> tuple[RuleState, tuple[Fault, ...]]:
    """The rule's state after one more request, and its fault if the request is hit and no earlier rule came first."""
    rule = state.rule
    if not rule.when.concerns(method, path):
        return state, ()
    counted = state.counted + 1
    taken = rule.fault.kind is not FaultKind.LATENCY and any(fault.kind is not FaultKind.LATENCY for fault in others)
    if taken or not rule.when.reaches(counted):
        return RuleState(rule, counted, state.hits), ()
    return RuleState(rule, counted, state.hits + 1), (rule.fault,)
