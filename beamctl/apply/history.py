"""What the records of earlier runs say of invitations: how often one was sent again, and which role the API could not
give it yet. Bytes in, values out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from beamctl.apply.record import State, UnreadableRecordError, lines_of, refuse_unlike, state_of
from beamctl.plan.change import Action, ChangeId

_RESEND, _DEFERRED = b'"action": "resend"', b'"event": "deferred"'
_SENT = frozenset({State.DONE, State.DEFERRED, State.UNCONFIRMED})
"""What became of a change that the API answered as made."""


class History:
    """What the records of one workspace show; they are added from the oldest to the newest.

    Attributes:
        resent: By kind and key, how often something was sent again since it was first sent.
        deferred: By kind and key, what a change that was last put off was to make.
    """

    def __init__(self, workspace: str, api: str) -> None:
        self.resent: dict[str, dict[str, int]] = {}
        self.deferred: dict[ChangeId, Mapping[str, Any]] = {}
        self._about = workspace, api
        self._spelled: set[bytes] = set()

    def add(self, content: bytes) -> None:
        """Take in what a record shows. One that cannot be read shows nothing.

        All records are read before every plan, so a record is only decoded if it can matter.
        """
        matters = _RESEND in content or _DEFERRED in content or any(key in content for key in self._spelled)
        if not matters:
            return
        try:
            for each, state in _sent(lines_of(content), self._about):
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

    def _note(self, data: Mapping[str, Any], state: State) -> None:
        change = data["type"], data["key"]
        if state is State.DEFERRED and data["change"]["after"] is not None:
            self.deferred[change] = data["change"]["after"]
            self._spelled.add(json.dumps(data["key"]).encode())
        else:
            self.deferred.pop(change, None)


def _sent(lines: list[Any], about: tuple[str, str]) -> Iterator[tuple[Mapping[str, Any], State]]:
    """The changes that a run made, as they are written in its record, and what became of them."""
    first, *rest = lines
    if (first["workspace"], first["api_url"]) != about:
        return
    refuse_unlike([{**first, "changes": []}])
    ended = {line["address"]: line for line in rest if line["event"] not in ("run", "end")}
    for each in first["changes"]:
        line = ended.get(each["address"])
        if line is not None and not line.get("found") and (state := state_of(line)) in _SENT:
            yield each, state
