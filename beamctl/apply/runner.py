"""Runs changes: lanes in parallel, the changes of one lane in sequence, each as a series of API calls and secret
operations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from queue import SimpleQueue
from typing import Any, assert_never

from beamctl.apply.event import Ended, Event, NotAttempted, Started
from beamctl.errors import BeamctlError, InterruptedRunError, UnauthenticatedError
from beamctl.model.api_call import ApiCall, NoResponse, Pause, Reader, Response, Sender
from beamctl.model.secret import ReadSecret, SecretStore, StoreSecret
from beamctl.plan.change import Change, ChangeId
from beamctl.plan.kind import Kind, Operation, Outcome, Status

_UNKNOWN = "; it is not known whether it was made"
_LOOK = "Run `beamctl plan` to see the current state."

Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class ApplyContext:
    """What an apply needs besides the plan.

    Attributes:
        kinds: The kinds of the plan's changes, by name.
        reader: To read again before access is reduced.
        sender: To make API calls; used by several threads.
        parallelism: How many changes may run concurrently.
        stop: Set from outside to stop after the calls in flight.
        witness: Called with each event by the thread that makes the change, before its first call and after its last.
            If it fails, no further change is started.
        vault: Reads and stores secrets; None if no change needs it.
        pause: Waits between reads for a change that the API does not show yet.
    """

    kinds: Mapping[str, Kind[Any]]
    reader: Reader
    sender: Sender
    parallelism: int
    stop: threading.Event | None = None
    witness: Listener | None = None
    vault: SecretStore | None = None
    pause: Pause = lambda _: True


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that may be retried.

    Attributes:
        outcome: How the API refused it; None if it was not attempted.
    """

    change: Change
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """Changes that run in sequence.

    Attributes:
        halt: Why no further change may start.
        room: Kinds with removals in later stages: a refused change of these kinds may be retried.
        refused: The outcomes of changes that were refused before and are being retried.
    """

    changes: Sequence[Change]
    workspace: str
    means: ApplyContext
    halt: Halt
    room: Collection[str] = ()
    refused: Mapping[ChangeId, Outcome] = field(default_factory=dict)


def run(lanes: Sequence[Lane], parallelism: int) -> Iterator[Event | Refused]:
    """Run lanes in parallel."""
    if not lanes:
        return
    events: SimpleQueue[Event | Refused] = SimpleQueue()
    with ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="beamctl") as pool:
        running: set[Future[None]] = {pool.submit(_run_lane, serial_group, events.put) for serial_group in lanes}
        try:
            while running:
                ended, running = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                yield from _drain(events)
                for future in ended:
                    future.result()
        finally:
            if running:  # the consumer stopped: start nothing more
                lanes[0].halt.why_fatal = lanes[0].halt.why_fatal or "interrupted"
    yield from _drain(events)


def _drain(events: SimpleQueue[Event | Refused]) -> Iterator[Event | Refused]:
    while not events.empty():
        yield events.get()


class Halt:
    """Why no further change may start; shared by the lanes of a stage."""

    def __init__(self, stop: threading.Event | None, witness: Listener | None) -> None:
        self._stop = stop
        self._witness = witness
        self.why_fatal = ""

    def report(self, event: Event) -> Event:
        """The event, after the witness was called. If that fails, no further change is started."""
        try:
            if self._witness is not None:
                self._witness(event)
        except BeamctlError as error:
            self.why_fatal = self.why_fatal or error.message
        return event

    @property
    def why(self) -> str:
        """As text; empty if changes may start."""
        if self._stop is not None and self._stop.is_set():
            return "interrupted"
        return self.why_fatal


def _run_lane(serial_group: Lane, put: Callable[[Event | Refused], None]) -> None:
    halt = serial_group.halt
    for change in serial_group.changes:
        before = serial_group.refused.get(change.id)
        if not halt.why and before is None:
            put(halt.report(Started(change)))
        outcome: Outcome | None = None
        if not halt.why:
            with suppress(InterruptedRunError):
                outcome = attempt(
                    serial_group.means.kinds[change.kind].perform(change, serial_group.workspace),
                    serial_group.means,
                    halt,
                )
        if outcome is None:
            put(halt.report(Ended(change, before) if before else NotAttempted(change, halt.why or "interrupted")))
        elif outcome.refusal and not change.stage.revokes_access and change.kind in serial_group.room and not halt.why:
            put(Refused(change, outcome))
        else:
            if before is not None and before.gone and outcome.status is Status.FAILED:
                outcome = replace(outcome, gone=True)
            put(halt.report(Ended(change, outcome)))


def _execute(operation: ApiCall | StoreSecret | ReadSecret, means: ApplyContext) -> Response | NoResponse:
    match operation:
        case ApiCall():
            return means.sender.send(operation)
        case StoreSecret() | ReadSecret() if means.vault is None:
            return NoResponse(f"there is no access to the location of {operation.what}")
        case StoreSecret():
            return means.vault.deliver(operation)
        case ReadSecret():
            return means.vault.fetch(operation)
        case _:
            assert_never(operation)


def attempt(conversation: Operation[Outcome], means: ApplyContext, halt: Halt) -> Outcome:
    """The outcome of a series of operations, whatever goes wrong.

    Raises:
        InterruptedRunError: beamctl was asked to stop before the first call.
    """
    try:
        return _run_operations(conversation, means, halt)
    except InterruptedRunError:
        raise
    except BeamctlError as error:
        return Outcome(Status.FAILED, error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - a bug in one change must not hide the results of the others
        bug = f"beamctl has a bug: {type(error).__name__}{_UNKNOWN}"
        return Outcome(Status.FAILED, bug, f"Please report it. {_LOOK}")


def _run_operations(conversation: Operation[Outcome], means: ApplyContext, halt: Halt) -> Outcome:
    """Run a series of operations and return the outcome.

    Raises:
        InterruptedRunError: beamctl was asked to stop before the first call.
    """
    started = False
    try:
        call = next(conversation)
        while True:
            answer = _execute(call, means)
            started = True
            call = conversation.send(answer)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    except InterruptedRunError:
        if not started:
            raise
        return Outcome(Status.FAILED, f"interrupted between API calls{_UNKNOWN}", _LOOK)
    except UnauthenticatedError as error:
        halt.why_fatal = error.message  # no further call can succeed
        refusal = 0 if started else HTTPStatus.UNAUTHORIZED
        return Outcome(Status.FAILED, error.message + _UNKNOWN * started, error.hint, refusal)
