"""Facts about invitations from earlier run records: how often one was resent, and which role was deferred."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from beamctl.apply.record import State, UnreadableRecordError, lines_of, refuse_unlike, state_of
from beamctl.plan.change import Action, ChangeId, key_of
from beamctl.plan.comparison import Withdrawn

_MATTERS = (b'"action": "resend"', b'"event": "deferred"', b'"withdrawn": true')
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
        except (UnreadableRecordError, KeyError, TypeError, AttributeError):
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
