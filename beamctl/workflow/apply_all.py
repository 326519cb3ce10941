"""Makes the changes of several plans at the same time, and passes on what happens in the order of the documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from beamctl.apply.executor import apply
from beamctl.apply.record import Ended, Event, NotAttempted
from beamctl.apply.runner import ApplyContext
from beamctl.errors import RecordError, StalePlanError, UnwritableError, UsageError
from beamctl.kinds.registry import all_kinds
from beamctl.model.text import printable
from beamctl.runs.store import PendingRecord
from beamctl.secrets.vault import LocalSecretStore
from beamctl.workflow.apply_view import AppliedPlan, ApplyProgress, ApplySession
from beamctl.workflow.plan_all import Planned

NOT_STOPPED = "The apply was not stopped by this. Run `beamctl plan` to see what is left to do."
_AHEAD = 2
"""Workspaces in progress for each request that may be in flight: while one is read again, others make changes."""
_LOOK_EVERY = 1.0
"""Seconds without an event after which the progress is shown again."""

T = TypeVar("T")


class InOrder(Generic[T]):
    """Holds back the items of several streams until all earlier streams have ended."""

    def __init__(self) -> None:
        self._first = 0
        self._held: dict[int, list[T]] = {}
        self._ended: set[int] = set()

    def add(self, stream: int, item: T, *, is_last: bool = False) -> Iterator[tuple[int, T]]:
        """The items to pass on now, each with the number of its stream."""
        self._held.setdefault(stream, []).append(item)
        if is_last:
            self._ended.add(stream)
        while self._first in self._held:
            yield from ((self._first, each) for each in self._held.pop(self._first))
            if self._first in self._ended:
                self._first += 1


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How the run in one workspace ended.

    Attributes:
        events: All events.
        not_begun: Why it did not begin: its record cannot be written, or another run applies the saved plan.
        error: An unexpected error that ended it.
        warning: Why the record has no end; empty if it has one.
    """

    events: Sequence[Event] = ()
    not_begun: UsageError | StalePlanError | None = None
    error: Exception | None = None
    warning: str = ""


def apply_all(
    runs: Sequence[tuple[Planned, PendingRecord]], session: ApplySession, store: LocalSecretStore, parallelism: int
) -> Sequence[tuple[Planned, RunEnd]]:
    """Make the changes of each plan, and write the record of each run. Within a workspace, stages and dependencies are
    the same as if it were the only one. Our own access is reduced last in each workspace: it is separate in each, also
    if the credential is the same.

    Args:
        runs: The plans, each with its record.
        session: What to work with. Its view is called from this thread only.
        store: Reads and stores secrets.
        parallelism: How many changes are made at the same time, over all workspaces.

    Raises:
        UnwritableError: Not everything could be shown. The changes were made anyway.
    """
    shown = _Shown(runs, session)
    arrived: SimpleQueue[tuple[int, Event | RunEnd]] = SimpleQueue()
    in_progress = _AHEAD * parallelism if parallelism > 1 else 1  # one change at a time is also one workspace at a time
    with (
        ThreadPoolExecutor(parallelism, "beamctl") as pool,
        ThreadPoolExecutor(max(1, min(in_progress, len(runs))), "beamctl-run") as starter,
    ):
        try:
            for number, (planned, record) in enumerate(runs):
                context = _context(planned, session, store, pool)
                starter.submit(_run, planned, record, context, _RunEvents(number, arrived))
            while shown.left:
                try:
                    shown.add(*arrived.get(timeout=_LOOK_EVERY))
                except Empty:
                    shown.show_progress()
        except BaseException:
            session.access.stop.set()  # this process ends: start nothing more
            raise
    if shown.unwritable is not None:
        raise UnwritableError(shown.unwritable.message, NOT_STOPPED)
    return [(planned, end) for (planned, _), end in zip(runs, shown.ends.values(), strict=True)]


@dataclass(frozen=True, slots=True)
class _RunEvents:
    """What happens in one run."""

    number: int
    arrived: SimpleQueue[tuple[int, Event | RunEnd]]

    def put(self, item: Event | RunEnd) -> None:
        """Pass it on to the thread that shows it."""
        self.arrived.put((self.number, item))


class _Shown:
    """Shows what arrives.

    Attributes:
        ends: How runs ended, by their number, in order.
        unwritable: Why something could not be shown.
    """

    def __init__(self, runs: Sequence[tuple[Planned, PendingRecord]], session: ApplySession) -> None:
        self.ends: dict[int, RunEnd] = {}
        self.unwritable: UnwritableError | None = None
        self._runs = runs
        self._view = session.view
        self._in_order: InOrder[Event | RunEnd] = InOrder()
        self._progress = ApplyProgress(0, sum(len(each.plan.changes) for each, _ in runs), 0, len(runs))

    @property
    def left(self) -> bool:
        """Whether a run has not ended."""
        return len(self.ends) < len(self._runs)

    def add(self, stream: int, item: Event | RunEnd) -> None:
        """Show what is due after this arrived."""
        for number, each in self._in_order.add(stream, item, is_last=isinstance(item, RunEnd)):
            self._show(number, each)
        now = self._progress
        changes = now.changes + isinstance(item, Ended | NotAttempted)
        self._progress = replace(now, changes=changes, runs=now.runs + isinstance(item, RunEnd))
        self.show_progress()

    def show_progress(self) -> None:
        """Show the progress."""
        self._view.progress(self._progress)

    def _show(self, number: int, item: Event | RunEnd) -> None:
        planned, _ = self._runs[number]
        try:
            if not isinstance(item, RunEnd):
                self._view.event(item, self._progress.of_changes)
                return
            self.ends[number] = item
            if item.warning:
                self._view.warn(f"Warning: {printable(item.warning)}")
            if planned.plan.changes and not (item.not_begun or item.error):
                self._view.ended(AppliedPlan(planned, item.events))
        except UnwritableError as error:  # a full disk must not leave the apply half done
            self.unwritable = error


def _run(planned: Planned, pending: PendingRecord, context: ApplyContext, stream: _RunEvents) -> None:
    """Make the changes of one plan, and record them. Whatever goes wrong, the end is passed on."""
    events: list[Event] = []
    try:
        record = pending.open()
    except (UsageError, StalePlanError) as error:
        stream.put(RunEnd(not_begun=error))
        return
    except Exception as error:  # noqa: BLE001 - as below
        stream.put(RunEnd(error=error))
        return
    try:
        for event in apply(planned.plan, replace(context, on_event=record.on_event)):
            events.append(event)
            stream.put(event)
        record.end(events, interrupted=context.stop is not None and context.stop.is_set())
    except RecordError as error:  # the changes are made and reported; only the end of the record is missing
        stream.put(RunEnd(events, warning=error.message))
    except Exception as error:  # noqa: BLE001 - raised when the other runs have ended
        stream.put(RunEnd(events, error=error))
    else:
        stream.put(RunEnd(events))


def _context(
    planned: Planned, session: ApplySession, store: LocalSecretStore, pool: ThreadPoolExecutor
) -> ApplyContext:
    link = planned.link
    return ApplyContext(
        {kind.name: kind for kind in all_kinds()},
        link.silent_reader,
        link.sender,
        pool,
        session.access.stop,
        vault=store.for_workspace(planned.plan.workspace),
        pause=link.pause,
    )
