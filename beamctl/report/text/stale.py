"""Text report of what changed in a workspace since a plan was saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beamctl.model.text import printable
from beamctl.plan.diff import ABSENT, differences
from beamctl.plan.staleness import Moved
from beamctl.report.style import value

_MOST = 20


def moved_text(moved: Sequence[Moved]) -> list[str]:
    """One line per difference, up to a limit, and how many more there are. Every object past the limit
    counts as one."""
    lines = [line for item in moved[:_MOST] for line in _lines(item)]
    more = len(lines[_MOST:]) + len(moved[_MOST:])
    return [*lines[:_MOST], *([f"and {more} more"] if more else [])]


def _lines(item: Moved) -> Iterator[str]:
    name = printable(item.name)
    if item.was is None:
        yield f"{name} now exists: {_attributes(item.now or {})}"
    elif item.now is None:
        yield f"{name} no longer exists; it was: {_attributes(item.was)}"
    else:
        was, now = dict(item.was), dict(item.now)
        if was.keys() == {item.name} == now.keys():  # a setting: show its value only
            was, now = was[item.name], now[item.name]
        for difference in differences(was, now):
            before, after = (
                "nothing" if side is ABSENT else value(side) for side in (difference.before, difference.after)
            )
            yield f"{name}:{' ' * bool(difference.path)}{printable(difference.path)} was {before}, is now {after}"


def _attributes(attributes: object) -> str:
    shown = attributes if isinstance(attributes, dict) else {}
    return ", ".join(f"{printable(str(key))} {value(inner)}" for key, inner in shown.items())
