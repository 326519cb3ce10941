"""Which fault hits which request: counts the requests as they arrive, from any number of threads, and decides once for
each. It must not know how a fault is done."""

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
        number: Which one it is, from 1, since the start.
        faults: What goes wrong with it: any number of latencies, and at most one other fault.
    """

    number: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a rule has come.

    Attributes:
        rule: The rule.
        counted: How many of the requests that it is about have arrived.
        hits: How many of them it hit.
    """

    rule: Rule
    counted: int
    hits: int


class FaultScript:
    """The faults that are to come. Safe to use from several threads."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._lock = Lock()
        self._number = 0
        self._standings = [Standing(rule, 0, 0) for rule in rules]

    def set(self, rules: Iterable[Rule]) -> None:
        """Other faults from now on; their requests are counted from 1 again."""
        with self._lock:
            self._standings = [Standing(rule, 0, 0) for rule in rules]

    def next(self, method: str, path: str) -> Turn:
        """The next request has arrived.

        Args:
            method: Its method.
            path: Its path below `/v0`, decoded.
        """
        with self._lock:
            self._number += 1
            faults: list[Fault] = []
            for place, standing in enumerate(self._standings):
                self._standings[place], hit = _moved_on(standing, method, path, faults)
                faults.extend(hit)
            return Turn(self._number, tuple(faults))

    def standings(self) -> list[Standing]:
        """Every rule, and how far it has come."""
        with self._lock:
            return list(self._standings)


def _moved_on(
    standing: Standing, method: str, path: str, others: Sequence[Fault]
) -> tuple[Standing, tuple[Fault, ...]]:
    """The rule after one more request, and its fault, where the request is hit and no earlier rule was first."""
    rule = standing.rule
    if not rule.when.concerns(method, path):
        return standing, ()
    counted = standing.counted + 1
    taken = rule.fault.kind is not FaultKind.LATENCY and any(fault.kind is not FaultKind.LATENCY for fault in others)
    if taken or not rule.when.reaches(counted):
        return Standing(rule, counted, standing.hits), ()
    return Standing(rule, counted, standing.hits + 1), (rule.fault,)
