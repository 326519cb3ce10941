"""Makes the changes of a plan: stage by stage, the serial groups of a stage in parallel. Reads again before access is
reduced, and checks at the end that every change is in effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus

from beamctl.apply.record import Ended, Event, NotAttempted, Unconfirmed
from beamctl.apply.runner import ApplyContext, Halt, Refused, SerialGroup, attempt, run
from beamctl.apply.verification import confirm, reread
from beamctl.errors import InterruptedRunError
from beamctl.model.code import Code
from beamctl.model.fact import Fact, error_fact, fact
from beamctl.plan.change import Action, Change, ChangeId, Stage
from beamctl.plan.kind import Outcome, Status
from beamctl.plan.plan import Plan

_ENOUGH = 3
"""How many changes of one kind and action to attempt while the API has forbidden everything."""


def apply(plan: Plan, context: ApplyContext) -> Iterator[Event]:
    """Make the changes of a plan. Every change ends with one final event. A further event says whether a change is
    confirmed.

    A change that fails, or whose result is unknown, stops only what depends on it. A change that the API refuses is
    retried once after something of its kind was removed, which may have freed a quota.
    """
    apply_run = _Run(plan, context)
    for stage, changes in plan.stages():
        yield from apply_run.make(stage, changes)
    yield from apply_run.end()


class _Run:
    """The state of one apply."""

    def __init__(self, plan: Plan, context: ApplyContext) -> None:
        self._plan, self._context = plan, context
        self._names = {change.id: change.name for change in plan.changes}
        self._halt = Halt(context.stop, context.on_event)
        self._permission = _Permission()
        self._made: set[ChangeId] = set()  # except those that are not in effect after all
        self._unconfirmed: list[Ended] = []
        self._refused: list[Refused] = []
        self._waiting: list[Change] = []  # changes that depend on refused ones
        self._held: Mapping[ChangeId, Fact] | None = None

    def make(self, stage: Stage, changes: Sequence[Change]) -> Iterator[Event]:
        """Make the changes of one stage, except those that must not be made."""
        last = stage is Stage.OURSELVES
        if last:
            yield from self.end()
        room = {change.kind for change in self._plan.changes if change.revokes_access and change.stage > stage}
        if last or (stage.revokes_access and self._held is None):
            yield from self._look([change for change in self._plan.changes if change.stage >= stage])
        yield from self._decide(changes, room)

    def end(self) -> Iterator[Event]:
        """Retry what was refused, and check that everything is in effect."""
        yield from self._try_again()
        yield from self._confirm(None)

    def _look(self, changes: Sequence[Change]) -> Iterator[Event]:
        """Read again which of these changes must not be made."""
        yield from self._confirm(_leaders(changes))
        if not self._halt.why:
            coming = {change.id for change in changes}
            left = [change for change in changes if not self._waits_for(change) or coming & _leaders([change])]
            self._held = reread(self._plan, left, self._context.kinds, self._context.reader)

    def _decide(self, changes: Sequence[Change], room: Collection[str] = ()) -> Iterator[Event]:
        """Make those of these changes that may be made, in the order of their dependencies."""
        for wave in _waves(changes):
            yield from self._confirm(_leaders(wave))
            allowed: list[Change] = []
            unsettled = {each.change.id for each in self._refused} | {change.id for change in self._waiting}
            for change in wave:
                waits_for = self._waits_for(change)
                why = self._halt.why or waits_for or (self._held or {}).get(change.id)
                if why is None:
                    allowed.append(change)
                elif waits_for and unsettled & _leaders([change]):
                    self._waiting.append(change)
                else:
                    yield self._halt.report(NotAttempted(change, why))
            yield from self._attempt(allowed, room)

    def _waits_for(self, change: Change) -> Fact | None:
        """The dependency that is not in effect, if any."""
        for each in change.depends_on:
            missing = [key for key in each.keys if (each.kind, key) not in self._made]
            if len(each.keys) - len(missing) < each.at_least:
                names = tuple(self._names[each.kind, key] for key in missing if (each.kind, key) in self._names)
                count, total = len(missing), len(each.keys)
                if each.at_least == total:
                    return fact(Code.DEPENDENCY_NOT_DONE, names=names, count=count)
                return fact(Code.DEPENDENCIES_NOT_DONE, names=names, count=count, needed=each.at_least, total=total)
        return None

    def _attempt(
        self, changes: Sequence[Change], room: Collection[str] = (), refused: Mapping[ChangeId, Outcome] | None = None
    ) -> Iterator[Event]:
        groups: dict[str, list[Change]] = {}
        for change in changes:
            groups.setdefault(change.serial_group or f"\0{change.kind}\0{change.key}", []).append(change)
        tasks = [
            SerialGroup(group, self._plan.workspace, self._context, self._halt, room, refused or {})
            for group in groups.values()
        ]
        while tasks and not self._permission.proven:  # one at a time until the API accepts one
            task = tasks.pop(0)
            if self._permission.refuses(task.changes):
                self._refused += [Refused(change) for change in task.changes]
                continue
            yield from self._note(run([task], self._context.pool))
        yield from self._note(run(tasks, self._context.pool))

    def _note(self, events: Iterable[Event | Refused]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, Refused):
                self._refused.append(event)
                self._permission.add(event.change, event.outcome)
                continue
            if isinstance(event, Ended):
                self._permission.add(event.change, event.outcome)
                if event.outcome.status is Status.DONE:
                    self._unconfirmed.append(event)
                if event.outcome.status is Status.DONE or _is_there(event):
                    self._made.add(event.change.id)
            yield event

    def _try_again(self) -> Iterator[Event]:
        """Retry what was refused before something of its kind was removed, or not attempted because the API had
        forbidden everything. Then make what depends on it."""
        refused, self._refused = self._refused, []
        taken = {change.kind for change in self._plan.changes if change.revokes_access and change.id in self._made}
        retried = [
            each for each in refused if self._permission.proven and (each.outcome is None or each.change.kind in taken)
        ]
        if retried and not self._halt.why:
            before = {each.change.id: each.outcome for each in retried if each.outcome is not None}
            yield from self._attempt([each.change for each in retried], refused=before)
        else:
            retried = []
        for each in refused:
            if each not in retried:
                why = self._halt.why or fact(Code.NOTHING_PERMITTED)
                yield self._halt.report(
                    Ended(each.change, each.outcome) if each.outcome else NotAttempted(each.change, why)
                )
        waiting, self._waiting = self._waiting, []
        if waiting:
            yield from self._look(waiting)
            yield from self._decide(waiting)

    def _confirm(self, only: Collection[ChangeId] | None) -> Iterator[Event]:
        """Check whether changes are in effect: those with these ids, or all that were not checked yet."""
        due: list[Ended] = []
        later: list[Ended] = []
        for event in self._unconfirmed:
            (due if only is None or event.change.id in only else later).append(event)
        if not due or self._halt.why:
            return
        self._unconfirmed = later
        in_doubt = {event.change.id for event in due if not event.outcome.certain}
        context, changes = self._context, [event.change for event in due]
        with suppress(InterruptedRunError):
            for look in confirm(changes, self._plan, context.kinds, context.reader, context.pause):
                if isinstance(look, Unconfirmed):
                    self._made.discard(look.change.id)
                    look = self._withdrawn(look)  # noqa: PLW2901 - the same event with more facts
                elif look.change.id in in_doubt:
                    look = replace(look, late=True)  # noqa: PLW2901 - the same event with more facts
                yield self._halt.report(look)

    def _withdrawn(self, look: Unconfirmed) -> Unconfirmed:
        """Revert a change that granted more than requested, if the kind can."""
        conversation = self._context.kinds[look.change.kind].withdrawal(look.change, look.shows)
        if conversation is None:
            return look
        try:
            outcome = attempt(conversation, self._context, self._halt)
            return replace(look, why=outcome.remark, gone=outcome.gone, withdrawn=outcome.withdrawn)
        except InterruptedRunError as error:
            return replace(look, why=fact(Code.NOT_REVERTED, detail=error_fact(error)))


def _is_there(event: Ended) -> bool:
    """Whether something was created, although a part of it was deferred."""
    return event.outcome.status is Status.DEFERRED and event.change.before is None


def _leaders(changes: Iterable[Change]) -> set[ChangeId]:
    """Everything that these changes depend on."""
    return {(each.kind, key) for change in changes for each in change.depends_on for key in each.keys}


def _waves(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """The changes in groups, so that dependencies are in earlier groups."""
    left = changes
    while left:
        ids = {change.id for change in left}
        later = [change for change in left if ids & _leaders([change])]
        if len(later) == len(left):  # a dependency cycle
            later = []
        waiting = {change.id for change in later}
        yield [change for change in left if change.id not in waiting]
        left = later


class _Permission:
    """Whether the credential may change anything.

    Attributes:
        proven: Whether the API accepted any change, or refused one for another reason.
    """

    def __init__(self) -> None:
        self.proven = False
        self._forbidden: Counter[tuple[str, Action]] = Counter()

    def add(self, change: Change, outcome: Outcome | None) -> None:
        """Record the result of a change."""
        if outcome is not None and outcome.refusal == HTTPStatus.FORBIDDEN:
            self._forbidden[change.kind, change.action] += 1
        elif outcome is not None:
            self.proven = True

    def refuses(self, changes: Sequence[Change]) -> bool:
        """Whether changes like these were forbidden often enough to stop trying."""
        return any(self._forbidden[change.kind, change.action] >= _ENOUGH for change in changes)


def is_not_permitted(events: Iterable[Event], some: Callable[[Iterable[bool]], bool] = all) -> bool:
    """Whether the API answered every attempted change with 401 or 403; or with `any` as `some`, at least one."""
    outcomes = [event.outcome for event in events if isinstance(event, Ended)]
    return bool(outcomes) and some(each.refusal in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) for each in outcomes)
