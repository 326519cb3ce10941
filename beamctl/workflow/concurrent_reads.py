"""Reads several workspaces at the same time, and several kinds of each. The calling thread drives all readings and
makes the results; other threads only wait for responses. So nothing that a kind computes needs a lock, and an interrupt
reaches the calling thread at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from beamctl.errors import ApiError, BeamctlError
from beamctl.model.api_call import Reader
from beamctl.plan.across_kinds import Readings
from beamctl.plan.kind import Reading
from beamctl.workflow.failures import ISOLATED
from beamctl.workflow.slow_reads import Notices, ReadProgress

T = TypeVar("T")

_AHEAD = 2
"""Requests that are in flight or next, per request that may be in flight: no thread waits while a plan is made."""
_LOOK_EVERY = 0.5
"""Seconds to wait for a response before looking for an interrupt: one just before the wait does not end it."""
_LONGEST_END = 1.0
"""Seconds to wait for threads after an interrupt. Reads end within half a second."""


@dataclass(frozen=True, slots=True)
class ReadSession:
    """How a run reads.

    Attributes:
        most: How many requests may be in flight.
        stop: Set to end reads.
        notices: Shows the progress; None for none.
    """

    most: int
    stop: threading.Event
    notices: Notices | None = None


@dataclass(frozen=True, slots=True)
class WorkspaceReads(Generic[T]):
    """What is read of one workspace.

    Attributes:
        workspace: Its name.
        reader: Of the workspace. Several threads use it.
        readings: What is read, all at the same time.
        then: Makes the result of what was read, or says what else to read.
    """

    workspace: str
    reader: Reader
    readings: Readings
    then: Callable[[Mapping[str, Any]], T | WorkspaceReads[T]]


Opening = Callable[[], WorkspaceReads[T]]
"""Opens a workspace. Called when it is its turn, so that few are in progress."""


def read_workspaces(openings: Sequence[Opening[T]], session: ReadSession) -> list[T | BeamctlError]:
    """The result of each workspace in the given order, or the error that is about this workspace.

    If several readings of a workspace fail, the error is that of the first.

    Raises:
        BeamctlError: An error that is not about one workspace, such as an interrupt.
    """
    scheduler: _Scheduler[T] = _Scheduler(len(openings), session)
    try:
        for index, opening in enumerate(openings):
            scheduler.begin(index, opening)
            while scheduler.is_busy:
                scheduler.settle()
        while scheduler.is_waiting:
            scheduler.settle()
    except BaseException:
        scheduler.abort()
        raise
    finally:
        scheduler.end()
    return [scheduler.results[index] for index in range(len(openings))]


@dataclass(eq=False, slots=True)
class _InProgress(Generic[T]):
    """A workspace in progress. A path that several readings need is requested once."""

    index: int
    reads: WorkspaceReads[T]
    left: int
    found: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, BeamctlError] = field(default_factory=dict)
    answers: dict[str, tuple[Any, ApiError | None]] = field(default_factory=dict)
    waiting: dict[str, list[_Task[T]]] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class _Task(Generic[T]):
    """A reading in progress."""

    workspace: _InProgress[T]
    name: str
    reading: Reading[Any]


class _Scheduler(Generic[T]):
    """The state of `read_workspaces`, which only the calling thread changes, and the threads that make requests."""

    def __init__(self, total: int, session: ReadSession) -> None:
        self.results: dict[int, T | BeamctlError] = {}
        self._session = session
        self._progress = ReadProgress(total, session.notices)
        self._requested: dict[_Task[T], str] = {}
        self._requests: SimpleQueue[tuple[_Task[T], str] | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[_Task[T], Any, BaseException | None]] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    @property
    def is_waiting(self) -> bool:
        """Whether a response is missing."""
        return bool(self._requested)

    @property
    def is_busy(self) -> bool:
        """Whether there are enough requests, so that no further workspace is needed yet."""
        return len(self._requested) >= _AHEAD * self._session.most

    def begin(self, index: int, opening: Opening[T]) -> None:
        """Open a workspace, and make the first request of each reading."""
        try:
            reads = opening()
        except ISOLATED as error:
            self.results[index] = error
        else:
            self._start(index, reads)

    def _start(self, index: int, reads: WorkspaceReads[T]) -> None:
        workspace = _InProgress(index, reads, len(reads.readings))
        if not reads.readings:
            self._finish(workspace)
        for name, reading in reads.readings.items():
            task = _Task(workspace, name, reading)
            self._advance(task, lambda task=task: next(task.reading))  # type: ignore[misc]

    def settle(self) -> None:
        """Wait for one response, and continue the reading that waits for it."""
        task, payload, error = self._next_answer()
        path = self._requested.pop(task)
        if error is not None and not isinstance(error, ApiError):
            raise error
        task.workspace.answers[path] = payload, error
        for each in task.workspace.waiting.pop(path):
            self._answer(each, payload, error)

    def _answer(self, task: _Task[T], payload: Any, error: ApiError | None) -> None:  # noqa: ANN401 - any JSON
        self._advance(task, lambda: task.reading.throw(error) if error else task.reading.send(payload))

    def abort(self) -> None:
        """Drop the requests that were not made yet, and end those in flight."""
        self._session.stop.set()
        while True:
            try:
                self._requests.get_nowait()
            except Empty:
                return

    def end(self) -> None:
        """End all threads."""
        self._progress.end()
        for _ in self._threads:
            self._requests.put(None)
        until = time.monotonic() + _LONGEST_END
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _advance(self, task: _Task[T], step: Callable[[], str]) -> None:
        """Continue a reading up to its next request."""
        workspace = task.workspace
        try:
            path = step()
        except StopIteration as end:
            workspace.found[task.name] = end.value
        except ISOLATED as error:
            workspace.errors[task.name] = error
        else:
            if not workspace.errors:
                self._request(task, path)
                return
            task.reading.close()
        workspace.left -= 1
        if not workspace.left:
            self._finish(workspace)

    def _finish(self, workspace: _InProgress[T]) -> None:
        """Make the result of a workspace that was read."""
        reads = workspace.reads
        if workspace.errors:
            self.results[workspace.index] = next(filter(None, map(workspace.errors.get, reads.readings)))
            return
        found: T | WorkspaceReads[T] | BeamctlError
        try:
            found = reads.then({name: workspace.found[name] for name in reads.readings})
        except ISOLATED as error:
            found = error
        if isinstance(found, WorkspaceReads):
            self._start(workspace.index, found)
        else:
            self.results[workspace.index] = found

    def _request(self, task: _Task[T], path: str) -> None:
        answers, waiting = task.workspace.answers, task.workspace.waiting
        if path in answers:
            self._answer(task, *answers[path])
        elif path in waiting:
            waiting[path].append(task)
        else:
            waiting[path] = [task]
            self._requested[task] = path
            self._requests.put((task, path))
            if len(self._threads) < min(self._session.most, len(self._requested)):
                # a daemon, because name resolution cannot be interrupted
                self._threads.append(threading.Thread(target=self._make_requests, name="beamctl-read", daemon=True))
                self._threads[-1].start()

    def _make_requests(self) -> None:
        """Make requests until there are no more. The rest of the class does not run in these threads."""
        while (request := self._requests.get()) is not None:
            task, path = request
            try:
                self._answers.put((task, task.workspace.reads.reader.get(path), None))
            except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
                self._answers.put((task, None, error))

    def _next_answer(self) -> tuple[_Task[T], Any, BaseException | None]:
        while True:
            try:
                found = self._answers.get(timeout=min(self._progress.wait() or _LOOK_EVERY, _LOOK_EVERY))
            except Empty:
                found = None
            requested = ((task.workspace.reads.workspace, path) for task, path in self._requested.items())
            self._progress.show(len(self.results), requested)
            if found is not None:
                return found
