"""What earlier run records say about invitations and interrupted creations, for the next plan. All records are read
before every plan, so a record is decoded only if it can matter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from beamctl.apply.record import State
from beamctl.apply.record_reader import UnreadableRecordError, lines_of, refuse_unlike, state_of
from beamctl.plan.change import Action, Change, ChangeId, Reason, key_of
from beamctl.plan.comparison import Interrupted, Withdrawn
from beamctl.plan.plan_reader import UndecodableError, change_of

_MATTERS = (b'"action": "resend"', b'"event": "deferred"', b'"withdrawn": true')
_INVALID = (UnreadableRecordError, UndecodableError, KeyError, TypeError, ValueError, AttributeError)
"""What decoding a record raises if it is not one that beamctl wrote."""
_SENT = frozenset({State.DONE, State.DEFERRED, State.UNCONFIRMED})
"""The states of a change that the API accepted."""


class History:
    """Facts from the records of one workspace. Records are added from oldest to newest.

    Attributes:
        resent: By kind and key, how often something was resent since it was first sent.
        deferred: By kind and key, the desired state of a change that was last deferred.
        withdrawn: By kind and key, what was last reverted because it granted more than requested.
    """

    def __init__(self, workspace: str, api: str) -> None:
        self.resent: dict[str, dict[str, int]] = {}
        self.deferred: dict[ChangeId, Mapping[str, Any]] = {}
        self.withdrawn: dict[ChangeId, Withdrawn] = {}
        self._about = workspace, api
        self._spelled: set[bytes] = set()

    def add(self, content: bytes) -> None:
        """Add a record. One that cannot be read is ignored.

        All records are read before every plan, so a record is decoded only if it can matter.
        """
        if not any(each in content for each in (*_MATTERS, *self._spelled)):
            return
        try:
            for each, line in _ended(lines_of(content), self._about):
                if line.get("withdrawn"):
                    self._withdraw(each)
                elif (state := state_of(line)) in _SENT:
                    self._count(each)
                    self._note(each, state)
        except _INVALID:
            return

    def _count(self, data: Mapping[str, Any]) -> None:
        kind, key = data["type"], key_of(data["key"])
        counts = self.resent.setdefault(kind, {})
        if data["action"] == Action.RESEND.value:
            counts[key] = counts.get(key, 0) + 1
            self._spelled.add(json.dumps(key).encode())
        elif data["change"]["before"] is None or data["change"]["after"] is None:  # a new invitation
            counts.pop(key, None)

    def _withdraw(self, data: Mapping[str, Any]) -> None:
        change, after = (data["type"], key_of(data["key"])), data["change"]["after"]
        last = self.withdrawn.get(change)
        self.withdrawn[change] = Withdrawn(after, last.times + 1 if last and last.after == after else 1)
        self._spelled.add(json.dumps(data["key"]).encode())

    def _note(self, data: Mapping[str, Any], state: State) -> None:
        change = data["type"], key_of(data["key"])
        self.withdrawn.pop(change, None)
        if state is State.DEFERRED and data["change"]["after"] is not None:
            self.deferred[change] = data["change"]["after"]
            self._spelled.add(json.dumps(data["key"]).encode())
        else:
            self.deferred.pop(change, None)


def _ended(lines: list[Any], about: tuple[str, str]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The changes that a run attempted, as written in its record, with the last line about each."""
    first, *rest = lines
    if (first["workspace"], first["api_url"]) != about:
        return
    refuse_unlike([{**first, "changes": []}])
    ended = {line["address"]: line for line in rest if line["event"] not in ("run", "end")}
    for each in first["changes"]:
        line = ended.get(each["address"])
        if line is not None and not line.get("found"):
            yield each, line


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
        except _INVALID:
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
