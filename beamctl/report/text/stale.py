"""What moved since a plan was saved, for a reader. It must not know a kind by name, nor what is done about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beamctl.model.text import printable
from beamctl.plan.diff import ABSENT, differences
from beamctl.plan.staleness import Moved
from beamctl.report.style import value

_MOST = 20


def moved_text(moved: Sequence[Moved]) -> list[str]:
    """A line for each spot that differs, and how many more there are; what is not looked into counts as one spot."""
    lines = [line for each in moved[:_MOST] for line in _lines(each)]
    more = len(lines[_MOST:]) + len(moved[_MOST:])
    return [*lines[:_MOST], *([f"and {more} more"] if more else [])]


def _lines(each: Moved) -> Iterator[str]:
    name = printable(each.name)
    if each.was is None:
        yield f"{name} is there now: {_told(each.now or {})}"
    elif each.now is None:
        yield f"{name} is gone; it was there: {_told(each.was)}"
    else:
        was, now = dict(each.was), dict(each.now)
        if was.keys() == {each.name} == now.keys():  # it is all there is to tell: a setting
            was, now = was[each.name], now[each.name]
        for spot in differences(was, now):
            before, after = ("nothing" if side is ABSENT else value(side) for side in (spot.before, spot.after))
            yield f"{name}:{' ' * bool(spot.path)}{printable(spot.path)} was {before}, and is {after}"


def _told(attributes: object) -> str:
    shown = attributes if isinstance(attributes, dict) else {}
    return ", ".join(f"{printable(str(key))} {value(inner)}" for key, inner in shown.items())
