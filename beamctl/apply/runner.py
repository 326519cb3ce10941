"""Runs changes: serial groups in parallel, the changes of one group in sequence, each as a series of API calls and
secret operations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from queue import SimpleQueue
from typing import Any, assert_never

from beamctl.apply.record import Ended, Event, NotAttempted, Started
from beamctl.errors import BeamctlError, InterruptedRunError, UnauthenticatedError
from beamctl.model.api_call import ApiCall, NoResponse, Pause, Reader, Response, Sender
from beamctl.model.code import Code
from beamctl.model.fact import Fact, error_fact, fact
from beamctl.model.secret import ReadSecret, SecretStore, StoreSecret
from beamctl.plan.change import Change, ChangeId
from beamctl.plan.kind import Kind, Operation, Outcome, Status

_LOOK, _INTERRUPTED = fact(Code.RUN_PLAN), fact(Code.INTERRUPTED)

Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class ApplyContext:
    """What an apply needs in addition to the plan.

    Attributes:
        kinds: The kinds of the plan's changes, by name.
        reader: To read again before access is reduced.
        sender: To make API calls; used by several threads.
        pool: Runs changes concurrently. Several applies may share it.
        stop: Set from outside to stop after the calls in flight.
        on_event: Called with each event by the thread that makes the change, before its first call and after its last.
            If it fails, no further change is started.
        vault: Reads and stores secrets; None if no change needs it.
        pause: Waits between reads for a change that the API does not show yet.
    """

    kinds: Mapping[str, Kind[Any]]
    reader: Reader
    sender: Sender
    pool: Executor
    stop: threading.Event | None = None
    on_event: Listener | None = None
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
class SerialGroup:
    """Changes that run in sequence.

    Attributes:
        halt: Why no further change may start.
        room: Kinds with removals in later stages: a refused change of these kinds may be retried.
        refused: The outcomes of changes that were refused before and are being retried.
    """

    changes: Sequence[Change]
    workspace: str
    context: ApplyContext
    halt: Halt
    room: Collection[str] = ()
    refused: Mapping[ChangeId, Outcome] = field(default_factory=dict)


def run(groups: Sequence[SerialGroup], pool: Executor) -> Iterator[Event | Refused]:
    """Run groups in parallel."""
    arrived: SimpleQueue[Event | Refused | Future[None]] = SimpleQueue()
    running: set[Future[None]] = set()
    try:
        for group in groups:
            running.add(future := pool.submit(_run_group, group, arrived.put))
            future.add_done_callback(arrived.put)
        while running:
            match arrived.get():
                case Future() as ended:
                    running.discard(ended)
                    ended.result()
                case event:
                    yield event
    finally:
        if running:  # the consumer stopped: start nothing more
            groups[0].halt.why_fatal = groups[0].halt.why_fatal or _INTERRUPTED
            wait(running)


class Halt:
    """Why no further change may start; shared by the groups of a stage."""

    def __init__(self, stop: threading.Event | None, on_event: Listener | None) -> None:
        self._stop = stop
        self._on_event = on_event
        self.why_fatal: Fact | None = None

    def report(self, event: Event) -> Event:
        """The event, after the listener was called. If that fails, no further change is started."""
        try:
            if self._on_event is not None:
                self._on_event(event)
        except BeamctlError as error:
            self.why_fatal = self.why_fatal or error_fact(error)
        return event

    @property
    def why(self) -> Fact | None:
        """None if changes may start."""
        if self._stop is not None and self._stop.is_set():
            return _INTERRUPTED
        return self.why_fatal


def _run_group(group: SerialGroup, put: Callable[[Event | Refused], None]) -> None:
    halt = group.halt
    for change in group.changes:
        before = group.refused.get(change.id)
        if not halt.why and before is None:
            put(halt.report(Started(change)))
        outcome: Outcome | None = None
        if not halt.why:
            with suppress(InterruptedRunError):
                outcome = attempt(
                    group.context.kinds[change.kind].perform(change, group.workspace), group.context, halt
                )
        if outcome is None:
            put(halt.report(Ended(change, before) if before else NotAttempted(change, halt.why or _INTERRUPTED)))
        elif outcome.refusal and not change.stage.revokes_access and change.kind in group.room and not halt.why:
            put(Refused(change, outcome))
        else:
            if before is not None and before.gone and outcome.status is Status.FAILED:
                outcome = replace(outcome, gone=True)
            put(halt.report(Ended(change, outcome)))


def _execute(operation: ApiCall | StoreSecret | ReadSecret, context: ApplyContext) -> Response | NoResponse:
    match operation:
        case ApiCall():
            return context.sender.send(operation)
        case StoreSecret() | ReadSecret() if context.vault is None:
            return NoResponse(fact=fact(Code.NO_ACCESS_TO_SECRETS))
        case StoreSecret():
            return context.vault.deliver(operation)
        case ReadSecret():
            return context.vault.fetch(operation)
        case _:
            assert_never(operation)


def attempt(conversation: Operation[Outcome], context: ApplyContext, halt: Halt) -> Outcome:
    """The outcome of a series of operations, whatever goes wrong.

    Raises:
        InterruptedRunError: beamctl was asked to stop before the first call.
    """
    try:
        return _run_operations(conversation, context, halt)
    except InterruptedRunError:
        raise
    except BeamctlError as error:
        return Outcome(Status.FAILED, error_fact(error), _hint(error))
    except Exception as error:  # noqa: BLE001 - a bug in one change must not hide the results of the others
        return Outcome(Status.FAILED, fact(Code.RESULT_UNKNOWN, why=error_fact(error)), fact(Code.REPORT_BUG))


def _hint(error: BeamctlError) -> Fact | None:
    return fact(Code.HINT, detail=error.hint) if error.hint else None


def _run_operations(conversation: Operation[Outcome], context: ApplyContext, halt: Halt) -> Outcome:
    """Run a series of operations and return the outcome.

    Raises:
        InterruptedRunError: beamctl was asked to stop before the first call.
    """
    started = False
    try:
        call = next(conversation)
        while True:
            answer = _execute(call, context)
            started = True
            call = conversation.send(answer)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    except InterruptedRunError:
        if not started:
            raise
        return Outcome(Status.FAILED, fact(Code.RESULT_UNKNOWN, why=fact(Code.INTERRUPTED_BETWEEN_CALLS)), _LOOK)
    except UnauthenticatedError as error:
        why = halt.why_fatal = error_fact(error)  # no further call can succeed
        refusal = 0 if started else HTTPStatus.UNAUTHORIZED
        remark = fact(Code.RESULT_UNKNOWN, why=why) if started else why
        return Outcome(Status.FAILED, remark, _hint(error), refusal)
