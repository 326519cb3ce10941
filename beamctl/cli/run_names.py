"""How runs are named: by when they began, in which workspace, and a mark of the apply that they are of. Names sort in
the order of the runs, even where a clock was set back. It must not know what is in a record."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

_STAMP = "%Y%m%dT%H%M%S%fZ"
_LENGTH = len("20261124T120000000Z")


def next_stamp(now: datetime, names: Sequence[str]) -> str:
    """What the names of an apply begin with: the time, or where that is not later than the newest run, just after it.

    Args:
        now: The time, in UTC.
        names: Of the runs that there are, sorted; others among them do not matter.
    """
    for name in reversed(names):
        with suppress(ValueError, OverflowError):
            stamp = name.partition("-")[0]
            newest = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
            if len(stamp) == _LENGTH:
                return stamp_of(max(now, newest + timedelta(milliseconds=1)))
    return stamp_of(now)


def stamp_of(when: datetime) -> str:
    """A time as names begin with it."""
    return f"{when:%Y%m%dT%H%M%S}{when.microsecond // 1000:03}Z"


def run_name(stamp: str, workspace: str, mark: str) -> str:
    """The name of the run in one workspace."""
    return f"{stamp}-{workspace}-{mark}"


def same_apply(name: str, run: str, workspace: str) -> bool:
    """Whether a name is of another run of the apply that made this one in `workspace`."""
    stamp, _, mark = run.partition(f"-{workspace}-")
    return bool(mark) and name != run and name.startswith(f"{stamp}-") and name.endswith(f"-{mark}")
