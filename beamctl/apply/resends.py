"""How often earlier runs sent an invitation again, from their records. Bytes in, values out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from beamctl.apply.record import State, UnreadableRecordError, lines_of, refuse_unlike, state_of
from beamctl.plan.change import Action

_RESEND = b'"action": "resend"'
_SENT = frozenset({State.DONE, State.DEFERRED, State.UNCONFIRMED})
"""What became of a change that the API answered as made."""


class Resends:
    """Counts over the records of one workspace, which are added from the oldest to the newest.

    Attributes:
        counts: By kind and key, how often something was sent again since it was first sent.
    """

    def __init__(self, workspace: str, api: str) -> None:
        self.counts: dict[str, dict[str, int]] = {}
        self._about = workspace, api
        self._spelled: set[bytes] = set()

    def add(self, content: bytes) -> None:
        """Count what a record shows. One that cannot be read shows nothing.

        All records are read before every plan, so a record is only decoded if it can matter.
        """
        if _RESEND not in content and not any(key in content for key in self._spelled):
            return
        try:
            for each in _made(lines_of(content), self._about):
                self._count(each)
        except (UnreadableRecordError, KeyError, TypeError, AttributeError):
            return

    def _count(self, data: Mapping[str, Any]) -> None:
        kind, key = data["type"], data["key"]
        counts = self.counts.setdefault(kind, {})
        if data["action"] == Action.RESEND.value:
            counts[key] = counts.get(key, 0) + 1
            self._spelled.add(json.dumps(key).encode())
        elif data["change"]["before"] is None or data["change"]["after"] is None:  # it is another invitation now
            counts.pop(key, None)


def _made(lines: list[Any], about: tuple[str, str]) -> Iterator[Mapping[str, Any]]:
    """The changes that a run made, as they are written in its record."""
    first, *rest = lines
    if (first["workspace"], first["api_url"]) != about:
        return
    refuse_unlike([{**first, "changes": []}])
    ended = {line["address"]: line for line in rest if line["event"] not in ("run", "end")}
    for each in first["changes"]:
        line = ended.get(each["address"])
        if line is not None and state_of(line) in _SENT and not line.get("found"):
            yield each
