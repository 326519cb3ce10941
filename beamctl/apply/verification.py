"""Reads the workspace again: before access is reduced, whether that is still right; afterwards, whether the changes are
in effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beamctl.apply.record import Confirmed, Unconfirmed, UnconfirmedReason
from beamctl.errors import ForbiddenError, InterruptedRunError, MissingError, UnauthenticatedError
from beamctl.model.api_call import PAUSES, Pause, Reader
from beamctl.model.code import Code
from beamctl.model.fact import Fact, error_fact, fact
from beamctl.plan.across_kinds import read
from beamctl.plan.change import Change, ChangeId, Stage
from beamctl.plan.diff import ABSENT, differences, same
from beamctl.plan.kind import Kind, Quorum
from beamctl.plan.plan import Plan
from beamctl.plan.staleness import is_as


def reread(
    plan: Plan, left: Sequence[Change], kinds: Mapping[str, Kind[Any]], reader: Reader
) -> Mapping[ChangeId, Fact]:
    """Why changes must not be made after all. A listing that cannot be right blocks all of them; one that is unreadable
    blocks only the changes that need it.

    Args:
        plan: The plan.
        left: Its changes that reduce access and are still to be made, in order.
        kinds: By name.
        reader: The API.
    """
    held: dict[ChangeId, Fact] = {}
    unchanged = {name for name, keys in plan.unchanged_keys.items() if keys}
    needed = {change.kind for change in left} | plan.quorums.keys() | unchanged
    for name in sorted(needed):
        kind, quorum = kinds[name], plan.quorums.get(name, Quorum())
        try:
            live = read(kind, plan.workspace, reader, {each.key for each in left if each.kind == name}.__contains__)
        except Exception as error:  # noqa: BLE001 - completed changes must still be reported
            reason = fact(Code.LISTING_UNREADABLE, section=kind.section, detail=error_fact(error))
            held.update({change.id: reason for change in left if _needs(change, name, plan)})
            continue
        if why := kind.why_incomplete(live, quorum.keys, plan.unchanged_keys.get(name, ())):
            return {change.id: why for change in left}
        held.update(_changed(plan, left, kind, live))
        if quorum.keys:
            made = [change for change in left if change.id not in held]
            held.update(kind.too_few_left(live, made, quorum))
    return held


def _needs(change: Change, name: str, plan: Plan) -> bool:
    """Whether a change needs a listing: of its own kind, or of those it relies on."""
    return change.kind == name or (name in plan.quorums and any(each.kind == name for each in change.depends_on))


def _changed(plan: Plan, left: Sequence[Change], kind: Kind[Any], live: Any) -> Iterator[tuple[ChangeId, Fact]]:  # noqa: ANN401
    """Objects that are neither in their planned previous state nor already in the desired state."""
    was = plan.prior_state.get(kind.name, {})
    changes = [change for change in left if change.kind == kind.name]
    now = kind.objects(live, [change.key for change in changes])
    for change in changes:
        before, after = was.get(change.key), now.get(change.key)
        if before is None or after is None or kind.is_in_effect(live, change):
            continue
        ignored = kind.only_for_deletion if change.after is not None else frozenset()
        before, after = ({key: side[key] for key in side if key not in ignored} for side in (before, after))
        if not same(before, after):
            changed = tuple(
                fact(Code.VALUE_WAS, path=each.path, was=_shown(each.before), now=_shown(each.after))
                for each in differences(before, after)
            )
            yield change.id, fact(Code.CHANGED_SINCE_PLAN, changes=changed)


def _shown(value: object) -> str | tuple[str, ...]:
    return () if value is ABSENT else str(value)


_NO_ACCESS = (UnauthenticatedError, ForbiddenError, MissingError)


def confirm(
    changes: Sequence[Change], plan: Plan, kinds: Mapping[str, Kind[Any]], reader: Reader, pause: Pause
) -> Iterator[Confirmed | Unconfirmed]:
    """Read the kinds of these changes again until every change is visible or all attempts are used.

    Args:
        changes: Changes that the API accepted.
        plan: Their plan.
        kinds: Kinds by name.
        reader: The API.
        pause: Waits between attempts.

    Yields:
        One event per change.

    Raises:
        InterruptedRunError: beamctl was asked to stop. Changes without an event were not checked.
    """
    left = list(changes)
    unconfirmed: list[Unconfirmed] = []
    for seconds in (*PAUSES, None):
        unconfirmed = []
        for name in sorted({change.kind for change in left}):
            of_kind = [change for change in left if change.kind == name]
            for event in _look(of_kind, plan, kinds[name], reader):
                if isinstance(event, Confirmed):
                    yield event
                else:
                    unconfirmed.append(event)
        left = [event.change for event in unconfirmed]
        if not unconfirmed or seconds is None or not pause(seconds):
            break
    yield from unconfirmed


def _look(changes: Sequence[Change], plan: Plan, kind: Kind[Any], reader: Reader) -> Iterator[Confirmed | Unconfirmed]:
    try:
        live = read(kind, plan.workspace, reader)
    except InterruptedRunError:
        raise
    except Exception as error:  # noqa: BLE001 - every change must still be reported
        yield from (_unread(change, error) for change in changes)
        return
    partial = kind.why_incomplete(live, (), plan.unchanged_keys.get(kind.name, ()))
    objects = kind.objects(live, [change.key for change in changes])
    for change in changes:
        now = objects.get(change.key)
        shown = kind.is_in_effect(live, change)
        if shown and partial and change.after is None:  # an incomplete listing does not prove that it is gone
            yield Unconfirmed(change, UnconfirmedReason.NOT_READABLE, why=partial)
        elif shown:
            yield Confirmed(change)
        else:
            before = is_as(change.before, now)
            yield Unconfirmed(
                change, UnconfirmedReason.NOT_SHOWN_YET if before else UnconfirmedReason.SHOWN_OTHERWISE, now
            )


def _unread(change: Change, error: Exception) -> Confirmed | Unconfirmed:
    if change.stage is Stage.OURSELVES and isinstance(error, _NO_ACCESS):
        return Confirmed(change)  # our own access is gone, as it should be
    return Unconfirmed(change, UnconfirmedReason.NOT_READABLE, why=error_fact(error))
