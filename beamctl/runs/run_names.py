"""Names of runs: start time, workspace, and an ID of the apply. They sort in order, even if the clock was set back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

_STAMP = "%Y%m%dT%H%M%S%fZ"
_LENGTH = len("20261124T120000000Z")


def next_stamp(now: datetime, names: Sequence[str]) -> str:
    """The start of the names of an apply: the current time, or just after the newest run if that is later.

    Args:
        now: The current time, in UTC.
        names: The names of existing runs, sorted. Other names are ignored.
    """
    for name in reversed(names):
        with suppress(ValueError, OverflowError):
            stamp = name.partition("-")[0]
            newest = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
            if len(stamp) == _LENGTH:
                return stamp_of(max(now, newest + timedelta(milliseconds=1)))
    return stamp_of(now)


def stamp_of(when: datetime) -> str:
    """A time in the format of names."""
    return f"{when:%Y%m%dT%H%M%S}{when.microsecond // 1000:03}Z"


def run_name(stamp: str, workspace: str, mark: str) -> str:
    """The name of a run in one workspace."""
    return f"{stamp}-{workspace}-{mark}"


def same_apply(name: str, run: str, workspace: str) -> bool:
    """Whether `name` is another run of the same apply as `run`, which is in `workspace`."""
    stamp, _, mark = run.partition(f"-{workspace}-")
    return bool(mark) and name != run and name.startswith(f"{stamp}-") and name.endswith(f"-{mark}")
