"""Checks that accepted changes are in effect, with a limited number of reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beamctl.apply.event import Confirmed, Unconfirmed, UnconfirmedReason, error_fact
from beamctl.errors import ForbiddenError, InterruptedRunError, MissingError, UnauthenticatedError
from beamctl.model.api_call import PAUSES, Pause, Reader
from beamctl.plan.change import Change, Stage
from beamctl.plan.kind import Kind
from beamctl.plan.plan import Plan
from beamctl.plan.reading import read
from beamctl.plan.staleness import is_as

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
    partial = kind.why_incomplete(live, (), plan.stays.get(kind.name, ()))
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
