"""Makes the changes of a plan: stage by stage, lanes of one stage in parallel, and reports what became of each. It
reads again before anything is taken from anyone, and checks at the end that what was made is in effect."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Any, assert_never

from beamctl.apply.confirmation import confirm
from beamctl.apply.event import Ended, Event, NotAttempted, Started, Unconfirmed
from beamctl.apply.reread import Doubts, reread
from beamctl.errors import BeamctlError, InterruptedRunError, UnauthenticatedError
from beamctl.model.api_call import Answer, ApiCall, Lost
from beamctl.model.ports import Pause, Reader, Sender, Vault
from beamctl.model.secret import Fetch, HandOver
from beamctl.plan.change import Change, Stage
from beamctl.plan.kind import Ending, Kind, Outcome
from beamctl.plan.plan import Plan

_FAILED = "a change before it failed, and nothing is taken away after such a failure"
_UNKNOWN = "; whether it was made is not known"
_LOOK = "Run `beamctl plan` to see how it stands."

Witness = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Means:
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
    witness: Witness | None = None
    vault: Vault | None = None
    pause: Pause = lambda _: True


def apply(plan: Plan, means: Means) -> Iterator[Event]:
    """Make the changes of a plan and yield what becomes of each: every change ends in exactly one last event. A change
    that is made is confirmed or not by a further event.

    A change that the API refuses by itself stops none but those that follow it. What fails otherwise, and what others
    stand on, stops the stages that take something away.
    """
    halt = _Halt(means.stop, means.witness)
    made = _Made(plan, means, halt)
    takes_nothing = ""
    doubts: Doubts | None = None
    for stage, changes in plan.stages():
        yield from made.confirm(None if stage is Stage.OURSELVES else {(each.kind, each.follows) for each in changes})
        if stage.takes and doubts is None and not (takes_nothing or halt.why):
            takes_nothing, doubts = reread(plan, means.kinds, means.reader)
        why_not = halt.why or takes_nothing * stage.takes
        judged = [(change, why_not or _why_not(plan, change, doubts or {}, made.keys)) for change in changes]
        yield from (halt.told(NotAttempted(change, why)) for change, why in judged if why)
        for event in _run_stage(plan.workspace, [change for change, why in judged if not why], means, halt):
            if isinstance(event, Ended):
                made.add(event)
                takes_nothing = takes_nothing or _FAILED * _forbids(event.change, event.outcome)
            yield event
    yield from made.confirm(None)


class _Made:
    """The changes that were answered as made.

    Attributes:
        keys: The kind and key of each, without those that turned out not to be in effect.
    """

    def __init__(self, plan: Plan, means: Means, halt: _Halt) -> None:
        self.keys: set[tuple[str, str]] = set()
        self._unconfirmed: list[Ended] = []
        self._plan, self._means, self._halt = plan, means, halt

    def add(self, event: Ended) -> None:
        """Remember a change that was made."""
        if event.outcome.ending is Ending.DONE:
            self.keys.add(_key(event.change))
            self._unconfirmed.append(event)

    def confirm(self, only: Collection[tuple[str, str]] | None) -> Iterator[Event]:
        """Look whether changes are in effect: those with these kinds and keys, or all that were not looked at yet."""
        due: list[Ended] = []
        later: list[Ended] = []
        for event in self._unconfirmed:
            (due if only is None or _key(event.change) in only else later).append(event)
        if not due or self._halt.why:
            return
        self._unconfirmed = later
        in_doubt = {_key(event.change) for event in due if not event.outcome.certain}
        means, changes = self._means, [event.change for event in due]
        with suppress(InterruptedRunError):
            for look in confirm(changes, self._plan, means.kinds, means.reader, means.pause):
                key = _key(look.change)
                if isinstance(look, Unconfirmed):
                    self.keys.discard(key)
                elif key in in_doubt:
                    look = replace(look, late=True)  # noqa: PLW2901 - the same event, with what only we know
                yield self._halt.told(look)


def _key(change: Change) -> tuple[str, str]:
    return change.kind, change.key


def _forbids(change: Change, outcome: Outcome) -> bool:
    """Whether nothing may be taken from anyone after this."""
    return outcome.ending is Ending.FAILED and (change.stage.grounds or not outcome.refused)


def _why_not(plan: Plan, change: Change, doubts: Doubts, done: Collection[tuple[str, str]]) -> str:
    """Why just this change is not made; empty where it is."""
    leader = (change.kind, change.follows)
    if change.follows and leader not in done:
        names = [each.name for each in plan.changes if (each.kind, each.key) == leader]
        return f"it goes with {(names or [change.follows])[0]}, which was not done"
    return doubts.get((change.kind, change.key), "") if change.takes else ""


def _run_stage(workspace: str, changes: Sequence[Change], means: Means, halt: _Halt) -> Iterator[Event]:
    lanes: dict[str, list[Change]] = {}
    for change in changes:
        lanes.setdefault(change.lane or f"\0{change.kind}\0{change.key}", []).append(change)
    events: SimpleQueue[Event] = SimpleQueue()
    with ThreadPoolExecutor(max_workers=means.parallelism, thread_name_prefix="beamctl") as pool:
        running: set[Future[None]] = set()
        for lane in lanes.values():
            running.add(pool.submit(_run_lane, workspace, lane, means, halt, events.put))
        try:
            while running:
                ended, running = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                yield from _drain(events)
                for future in ended:
                    future.result()
        finally:
            if running:  # whoever listens went away: begin nothing more
                halt.why_fatal = halt.why_fatal or "interrupted"
    yield from _drain(events)


def _drain(events: SimpleQueue[Event]) -> Iterator[Event]:
    while not events.empty():
        yield events.get()


class _Halt:
    """Why no further change may begin, shared by the lanes of a stage."""

    def __init__(self, stop: threading.Event | None, witness: Witness | None) -> None:
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


def _run_lane(workspace: str, lane: Sequence[Change], means: Means, halt: _Halt, put: Callable[[Event], None]) -> None:
    for change in lane:
        begun = None if halt.why else halt.told(Started(change))
        if begun is None or halt.why:
            put(halt.told(NotAttempted(change, halt.why)))
            continue
        put(begun)
        try:
            outcome = _converse(change, workspace, means, halt)
        except InterruptedRunError:
            put(halt.told(NotAttempted(change, "interrupted")))
            continue
        except BeamctlError as error:
            outcome = Outcome(Ending.FAILED, error.message, error.hint)
        except Exception as error:  # noqa: BLE001 - a bug in one change must not hide what became of the others
            bug = f"beamctl has a bug: {type(error).__name__}{_UNKNOWN}"
            outcome = Outcome(Ending.FAILED, bug, "Please report it, and run `beamctl plan` to see how it stands.")
        put(halt.told(Ended(change, outcome)))


def _answer(asked: ApiCall | HandOver | Fetch, means: Means) -> Answer | Lost:
    match asked:
        case ApiCall():
            return means.sender.send(asked)
        case HandOver() | Fetch() if means.vault is None:
            return Lost(f"there is no way to the place of {asked.what}")
        case HandOver():
            return means.vault.deliver(asked)
        case Fetch():
            return means.vault.fetch(asked)
        case _:
            assert_never(asked)


def _converse(change: Change, workspace: str, means: Means, halt: _Halt) -> Outcome:
    conversation = means.kinds[change.kind].perform(change, workspace)
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
        return Outcome(Ending.FAILED, f"interrupted between its calls{_UNKNOWN}", _LOOK)
    except UnauthenticatedError as error:
        halt.why_fatal = error.message  # no further call can succeed
        return Outcome(Ending.FAILED, error.message + _UNKNOWN * begun, error.hint)
