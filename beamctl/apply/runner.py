"""Runs changes: lanes side by side, the changes of one lane one after the other, and each change as a conversation with
the API and the places of secrets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Any, assert_never

from beamctl.apply.event import Ended, Event, NotAttempted, Started
from beamctl.errors import BeamctlError, InterruptedRunError, UnauthenticatedError
from beamctl.model.api_call import ApiCall, NoResponse, Response
from beamctl.model.ports import Pause, Reader, SecretStore, Sender
from beamctl.model.secret import ReadSecret, StoreSecret
from beamctl.plan.change import Change, ChangeId
from beamctl.plan.kind import Conversation, Kind, Outcome, Status

_UNKNOWN = "; whether it was made is not known"
_LOOK = "Run `beamctl plan` to see how it stands."
_UNAUTHENTICATED = 401

Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class ApplyContext:
    """What an apply needs beside the plan.

    Attributes:
        kinds: By name, those that the plan's changes are of.
        reader: To read again before anything is taken.
        sender: To make the calls; used by several threads.
        parallelism: How many changes may run at the same time.
        stop: Set from outside to end after the calls in flight.
        witness: Told of each event by the thread that makes the change, before its first call and after its last one.
            Where that fails, nothing further is begun.
        vault: Where secrets come from and go to; None where no change needs one.
        pause: Waits between two looks for a change that the API does not show yet.
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
    """A change that may be tried once more.

    Attributes:
        change: Which.
        outcome: How the API refused it; None if it was not tried.
    """

    change: Change
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """Changes that run one after the other.

    Attributes:
        changes: In order.
        workspace: The workspace.
        means: What an apply needs.
        halt: Why no further change may begin.
        room: Kinds of which something is taken later: a change that is refused until then may be tried once more.
        refused: What became of those that the API refused before, and that are tried once more.
    """

    changes: Sequence[Change]
    workspace: str
    means: ApplyContext
    halt: Halt
    room: Collection[str] = ()
    refused: Mapping[ChangeId, Outcome] = field(default_factory=dict)


def run(lanes: Sequence[Lane], parallelism: int) -> Iterator[Event | Refused]:
    """Run lanes side by side."""
    if not lanes:
        return
    events: SimpleQueue[Event | Refused] = SimpleQueue()
    with ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="beamctl") as pool:
        running: set[Future[None]] = {pool.submit(_run_lane, lane, events.put) for lane in lanes}
        try:
            while running:
                ended, running = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                yield from _drain(events)
                for future in ended:
                    future.result()
        finally:
            if running:  # whoever listens went away: begin nothing more
                lanes[0].halt.why_fatal = lanes[0].halt.why_fatal or "interrupted"
    yield from _drain(events)


def _drain(events: SimpleQueue[Event | Refused]) -> Iterator[Event | Refused]:
    while not events.empty():
        yield events.get()


class Halt:
    """Why no further change may begin, shared by the lanes of a stage."""

    def __init__(self, stop: threading.Event | None, witness: Listener | None) -> None:
        self._stop = stop
        self._witness = witness
        self.why_fatal = ""

    def told(self, event: Event) -> Event:
        """The event, once the witness has it. What nobody can witness is reason to begin nothing more."""
        try:
            if self._witness is not None:
                self._witness(event)
        except BeamctlError as error:
            self.why_fatal = self.why_fatal or error.message
        return event

    @property
    def why(self) -> str:
        """In words; empty where changes may begin."""
        if self._stop is not None and self._stop.is_set():
            return "interrupted"
        return self.why_fatal


def _run_lane(lane: Lane, put: Callable[[Event | Refused], None]) -> None:
    halt = lane.halt
    for change in lane.changes:
        before = lane.refused.get(change.id)
        if not halt.why and before is None:
            put(halt.told(Started(change)))
        outcome: Outcome | None = None
        if not halt.why:
            with suppress(InterruptedRunError):
                outcome = attempt(lane.means.kinds[change.kind].perform(change, lane.workspace), lane.means, halt)
        if outcome is None:
            put(halt.told(Ended(change, before) if before else NotAttempted(change, halt.why or "interrupted")))
        elif outcome.refusal and not change.stage.takes and change.kind in lane.room and not halt.why:
            put(Refused(change, outcome))
        else:
            if before is not None and before.gone and outcome.ending is Status.FAILED:
                outcome = replace(outcome, gone=True)
            put(halt.told(Ended(change, outcome)))


def _answer(asked: ApiCall | StoreSecret | ReadSecret, means: ApplyContext) -> Response | NoResponse:
    match asked:
        case ApiCall():
            return means.sender.send(asked)
        case StoreSecret() | ReadSecret() if means.vault is None:
            return NoResponse(f"there is no way to the place of {asked.what}")
        case StoreSecret():
            return means.vault.deliver(asked)
        case ReadSecret():
            return means.vault.fetch(asked)
        case _:
            assert_never(asked)


def attempt(conversation: Conversation, means: ApplyContext, halt: Halt) -> Outcome:
    """What became of a conversation, whatever goes wrong in it.

    Raises:
        InterruptedRunError: beamctl was asked to stop before the first call.
    """
    try:
        return _converse(conversation, means, halt)
    except InterruptedRunError:
        raise
    except BeamctlError as error:
        return Outcome(Status.FAILED, error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - a bug in one change must not hide what became of the others
        bug = f"beamctl has a bug: {type(error).__name__}{_UNKNOWN}"
        return Outcome(Status.FAILED, bug, "Please report it, and run `beamctl plan` to see how it stands.")


def _converse(conversation: Conversation, means: ApplyContext, halt: Halt) -> Outcome:
    """Make the calls of a conversation and return what became of it.

    Raises:
        InterruptedRunError: beamctl was asked to stop before the first call.
    """
    begun = False
    try:
        call = next(conversation)
        while True:
            answer = _answer(call, means)
            begun = True
            call = conversation.send(answer)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    except InterruptedRunError:
        if not begun:
            raise
        return Outcome(Status.FAILED, f"interrupted between its calls{_UNKNOWN}", _LOOK)
    except UnauthenticatedError as error:
        halt.why_fatal = error.message  # no further call can succeed
        refusal = 0 if begun else _UNAUTHENTICATED
        return Outcome(Status.FAILED, error.message + _UNKNOWN * begun, error.hint, refusal)
