"""What differs inside a nested value that is known to differ. It must not know what the value is of."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ABSENT = object()
"""Stands for no value, which is not None."""

_NAMES = ("groupName", "name")
_PLAIN = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Difference:
    """One spot inside a value.

    Attributes:
        path: Keys joined by dots; one that is not a plain word is in quotes, so that two paths never look the same.
        before: The value there, or `ABSENT`.
        after: The value there, or `ABSENT`.
    """

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any) -> Sequence[Difference]:  # noqa: ANN401 - any JSON
    """Every spot that differs, sorted by path. Items of a list that have a name are paired by it, never by likeness; of
    the other lists, whose order means nothing, items come and go as a whole."""
    from deepdiff import DeepDiff
    from deepdiff.helper import notpresent

    tree = DeepDiff(
        _by_name(before), _by_name(after), ignore_order=True, view="tree", verbose_level=2, threshold_to_diff_deeper=0
    )
    found = []
    for level in (level for group in tree.values() for level in group):
        path = ".".join(_spelled(part) for part in level.path(output_format="list") if not isinstance(part, _Item))
        old, new = (ABSENT if side is notpresent else _as_it_was(side) for side in (level.t1, level.t2))
        found.append(Difference(path, old, new))
    return sorted(found, key=lambda each: (each.path, str(each.before), str(each.after)))


def _spelled(key: object) -> str:
    return str(key) if _PLAIN.fullmatch(str(key)) else json.dumps(str(key), ensure_ascii=False)


def same(before: Any, after: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether nothing differs, whatever the order of lists."""
    if before == after:
        return True
    return _holds_list(before) and _holds_list(after) and not differences(before, after)


def _holds_list(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether there is any order in it that may not matter. Most has none, and looking inside costs much."""
    return isinstance(value, list) or (isinstance(value, dict) and any(map(_holds_list, value.values())))


class _Items(dict[str, Any]):
    """A list whose order means nothing, as its items by what they are."""


class _Item(str):
    """What an item is: no part of a path."""

    __slots__ = ()


def _by_name(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(value, list):
        return _by_item(value)
    for name in _NAMES:
        if all(isinstance(item, dict) and isinstance(item.get(name), str) for item in value):
            named = {item[name]: {key: inner for key, inner in item.items() if key != name} for item in value}
            return named if len(named) == len(value) else _by_item(value)
    return _by_item(value)


def _by_item(value: Any) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case dict():
            return {key: _by_item(inner) for key, inner in value.items()}
        case list():
            items, same_before = _Items(), Counter[str]()
            for item in value:
                spelled = json.dumps(_in_order(item), sort_keys=True)
                items[_Item(f"{same_before[spelled]} {spelled}")] = item
                same_before[spelled] += 1
            return items
        case _:
            return value


def _in_order(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value with each list in the one order that all its spellings have."""
    match value:
        case dict():
            return {key: _in_order(inner) for key, inner in value.items()}
        case list():
            return sorted((_in_order(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        case _:
            return value


def _as_it_was(side: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value without what `_by_item` made of it."""
    match side:
        case _Items():
            return list(side.values())
        case dict():
            return {key: _as_it_was(inner) for key, inner in side.items()}
        case _:
            return side
