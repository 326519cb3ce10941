"""What the records of earlier runs say of invitations: how often one was sent again, and which role the API could not
give it yet. Bytes in, values out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from beamctl.apply.record import State, UnreadableRecordError, lines_of, refuse_unlike, state_of
from beamctl.plan.change import Action, ChangeId
from beamctl.plan.comparison import Withdrawn

_MATTERS = (b'"action": "resend"', b'"event": "deferred"', b'"withdrawn": true')
_SENT = frozenset({State.DONE, State.DEFERRED, State.UNCONFIRMED})
"""What became of a change that the API answered as made."""


class History:
    """What the records of one workspace show; they are added from the oldest to the newest.

    Attributes:
        resent: By kind and key, how often something was sent again since it was first sent.
        deferred: By kind and key, what a change that was last put off was to make.
        withdrawn: By kind and key, what was last taken back because it gave more than was asked for.
    """

    def __init__(self, workspace: str, api: str) -> None:
        self.resent: dict[str, dict[str, int]] = {}
        self.deferred: dict[ChangeId, Mapping[str, Any]] = {}
        self.withdrawn: dict[ChangeId, Withdrawn] = {}
        self._about = workspace, api
        self._spelled: set[bytes] = set()

    def add(self, content: bytes) -> None:
        """Take in what a record shows. One that cannot be read shows nothing.

        All records are read before every plan, so a record is only decoded if it can matter.
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
        kind, key = data["type"], data["key"]
        counts = self.resent.setdefault(kind, {})
        if data["action"] == Action.RESEND.value:
            counts[key] = counts.get(key, 0) + 1
            self._spelled.add(json.dumps(key).encode())
        elif data["change"]["before"] is None or data["change"]["after"] is None:  # it is another invitation now
            counts.pop(key, None)

    def _withdraw(self, data: Mapping[str, Any]) -> None:
        change, after = (data["type"], data["key"]), data["change"]["after"]
        last = self.withdrawn.get(change)
        self.withdrawn[change] = Withdrawn(after, last.times + 1 if last and last.after == after else 1)
        self._spelled.add(json.dumps(data["key"]).encode())

    def _note(self, data: Mapping[str, Any], state: State) -> None:
        change = data["type"], data["key"]
        self.withdrawn.pop(change, None)
        if state is State.DEFERRED and data["change"]["after"] is not None:
            self.deferred[change] = data["change"]["after"]
            self._spelled.add(json.dumps(data["key"]).encode())
        else:
            self.deferred.pop(change, None)


def _ended(lines: list[Any], about: tuple[str, str]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The changes that a run tried to make, as they are written in its record, and the last line about each."""
    first, *rest = lines
    if (first["workspace"], first["api_url"]) != about:
        return
    refuse_unlike([{**first, "changes": []}])
    ended = {line["address"]: line for line in rest if line["event"] not in ("run", "end")}
    for each in first["changes"]:
        line = ended.get(each["address"])
        if line is not None and not line.get("found"):
            yield each, line
