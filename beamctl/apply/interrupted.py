"""Creations that earlier runs began and did not complete, from their records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from beamctl.apply.record import State, UnreadableRecordError, lines_of, refuse_unlike, state_of
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.comparison import Interrupted
from beamctl.plan.plan_json import UndecodableError, change_of

_CREATES, _STARTED, _DONE = b'"action": "create"', b'"event": "started"', b'"event": "done"'
_DELETES = b'"action_reason": "not_handed_over"'


def interrupted(contents: Iterable[bytes], workspace: str, api: str) -> tuple[Interrupted, ...]:
    """Creations that were started and are not known to be done, and incomplete deletions of what they left behind.

    All records are read before every plan, so a record is decoded only if it can matter. Unreadable ones are ignored.

    Args:
        contents: The records, oldest first.
        workspace: The workspace.
        api: The base URL of the API.
    """
    found: list[Interrupted] = []
    for content in contents:
        if _CREATES not in content or not (found or _may_have_left(content)):
            continue
        try:
            changes = list(_changes(lines_of(content), workspace, api))
        except (UnreadableRecordError, UndecodableError, KeyError, TypeError, ValueError):
            continue
        done = {(each.change.kind, each.change.name): each.began for each, state in changes if state is State.DONE}
        found = [_repeated(each, done.get((each.change.kind, each.change.name))) for each in found]
        found += [each for each, state in changes if _is_left(each.change, state)]
    return tuple(found)


def _may_have_left(content: bytes) -> bool:
    return content.count(_STARTED) != content.count(_DONE) or _DELETES in content


def _repeated(each: Interrupted, by: datetime | None) -> Interrupted:
    return replace(each, repeated=by) if by is not None and each.repeated is None else each


def _is_left(change: Change, state: State) -> bool:
    if change.action is Action.CREATE:
        return state in (State.UNKNOWN, State.FAILED)
    return state is not State.DONE


def _changes(lines: list[Any], workspace: str, api: str) -> Iterator[tuple[Interrupted, State]]:
    """The changes of a run that create something or delete leftovers, with their state."""
    first, *rest = lines
    if (first["workspace"], first["api_url"]) != (workspace, api):
        return
    refuse_unlike([{**first, "changes": []}])
    states = {line["address"]: state_of(line) for line in rest if line["event"] not in ("run", "end")}
    ends = [_moment(line["at"]) for line in rest if line["event"] == "end"]
    began, ended = _moment(first["at"]), ends[-1] if ends else None
    for each in first["changes"]:
        if _matters(each):
            yield Interrupted(change_of(each), began, ended), states.get(each["address"], State.WAITING)


def _matters(data: Mapping[str, Any]) -> bool:
    if data["action"] == Action.CREATE.value:
        return True
    # deletions of what may be in use were allowed by name, for that run only
    facts = data["action"], data["action_reason"], data["stage"]
    return facts == (Action.DELETE.value, Reason.NOT_HANDED_OVER.value, "update")


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise UnreadableRecordError("a time has no time zone")
    return found
