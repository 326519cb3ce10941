"""Summaries of run records for the list of runs and for the next plan, read without decoding every change, because all
records are read often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beamctl.apply.record import Run, State
from beamctl.apply.record_reader import UnreadableRecordError, current_format, lines_of, refuse_unlike, run_of, state_of
from beamctl.model.strict_json import read_json
from beamctl.plan.guards import Declared, declared_of


@dataclass(frozen=True, slots=True)
class Summary:
    """A run without its changes.

    Attributes:
        api: The base URL of the API.
        counts: Number of changes by state.
        ended: End time; empty if the run was killed or is still running.
        interrupted: Whether it was asked to stop.
        left: By kind, how many objects existed at its end, or at least if it did not end; empty if unknown.
        only: The addresses that chose the changes of a partial plan; None for a full one.
    """

    run: Run
    workspace: str
    api: str
    counts: Mapping[State, int]
    ended: str
    interrupted: bool
    left: Mapping[str, int]
    only: tuple[str, ...] | None = None

    def count(self, state: State) -> int:
        """How many changes have this state."""
        return self.counts.get(state, 0)

    @property
    def begun(self) -> bool:
        """Whether it may have changed anything."""
        return any(count for state, count in self.counts.items() if state is not State.WAITING)


def summary_of(content: bytes) -> Summary:
    """Summarize a record without decoding its changes.

    Raises:
        UnreadableRecordError: The content is something else, or was modified.
    """
    first, *rest = lines_of(content)
    refuse_unlike([{**first, "changes": []}])
    try:
        ends = [line for line in rest if line["event"] == "end"]
        refuse_unlike(ends)
        states = {line["address"]: state_of(line) for line in rest if line["event"] not in ("run", "end")}
        became = [(each, states.get(each["address"], State.WAITING)) for each in first["changes"]]
        at_least = _left_at_least(first.get("seen", {}), became)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, UnreadableRecordError):
            raise
        raise UnreadableRecordError("a line is not valid") from None
    end = ends[-1] if ends else {}
    return Summary(
        run=run_of(first),
        workspace=first["workspace"],
        api=first["api_url"],
        counts=Counter(state for _, state in became),
        ended=end.get("at", ""),
        interrupted=end.get("interrupted", False),
        left=end.get("left", at_least),
        only=tuple(first["only"]) if "only" in first else None,
    )


def left_of(content: bytes, workspace: str, api: str) -> Mapping[str, int] | None:
    """By kind, how many objects existed at least after a run over that workspace; None if the record does not show it.

    If the run ended, only the last line is read, because records are read before every plan.
    """
    try:
        last = read_json(content.rstrip(b"\n").rpartition(b"\n")[2])
    except ValueError:  # truncated
        last = None
    try:
        if isinstance(last, dict) and last.get("event") == "end":
            refuse_unlike([last])
            about, left = (last["workspace"], last["api_url"]), last["left"]
        else:
            found = summary_of(content)
            about, left = (found.workspace, found.api), found.left
    except UnreadableRecordError:
        return None
    return left if left and about == (workspace, api) else None


_CHANGES = b', "changes": ['
"""The end of a record's head. Inside a string the quotes would be escaped."""


def is_head(content: bytes) -> bool:
    """Whether this part of a record is enough for `declared_by`."""
    return _CHANGES in content


def declared_by(content: bytes, workspace: str, api: str) -> Declared | None:
    """What a run over that workspace declared; None if its record does not show it.

    Reads only what precedes the changes, because records are read before every plan.
    """
    head, found, _ = content.partition(_CHANGES)
    if not found or b'"guards": ' not in head:
        return None
    try:
        first, *_ = current_format([read_json(head + _CHANGES + b"]}")])
        refuse_unlike([first])
    except (UnreadableRecordError, ValueError):
        return None
    about = tuple(first.get(key) for key in ("event", "workspace", "api_url"))
    return declared_of(first) if about == ("run", workspace, api) else None


def _left_at_least(seen: Mapping[str, int], became: list[tuple[Any, State]]) -> Mapping[str, int]:
    """Counts additions only if they are done, and removals even if they may not be."""
    left = dict(seen)
    for each, state in became:
        kind, change = each["type"], each["change"]
        if kind not in left:
            continue
        if change["before"] is None:
            left[kind] += state is State.DONE
        elif change["after"] is None and state is not State.WAITING and state is not State.DEFERRED:
            left[kind] = max(0, left[kind] - 1)
    return left
