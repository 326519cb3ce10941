"""Differences inside a nested value."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ABSENT = object()
"""Marks a missing value, as opposed to None."""

_NAMES = ("groupName", "name")
_PLAIN = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference inside a value.

    Attributes:
        path: Keys joined by dots. A key that is not a plain word is quoted, so that paths are unambiguous.
        before: The value there, or `ABSENT`.
        after: The value there, or `ABSENT`.
    """

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any) -> Sequence[Difference]:  # noqa: ANN401 - any JSON
    """All differences, sorted by path. List items with a name are paired by name. In other lists the order is ignored
    and items are added or removed as a whole."""
    from deepdiff import DeepDiff
    from deepdiff.helper import notpresent

    tree = DeepDiff(
        _by_name(before), _by_name(after), ignore_order=True, view="tree", verbose_level=2, threshold_to_diff_deeper=0
    )
    found = []
    for level in (level for group in tree.values() for level in group):
        path = ".".join(_path_part(part) for part in level.path(output_format="list") if not isinstance(part, _Item))
        old, new = (ABSENT if side is notpresent else _restored(side) for side in (level.t1, level.t2))
        found.append(Difference(path, old, new))
    return sorted(found, key=lambda each: (each.path, str(each.before), str(each.after)))


def _path_part(key: object) -> str:
    return str(key) if _PLAIN.fullmatch(str(key)) else json.dumps(str(key), ensure_ascii=False)


def same(before: Any, after: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether there is no difference, ignoring the order of lists."""
    if before == after:
        return True
    return _holds_list(before) and _holds_list(after) and not differences(before, after)


def _holds_list(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether it contains a list, whose order may not matter. Most values do not, and a full diff is slow."""
    return isinstance(value, list) or (isinstance(value, dict) and any(map(_holds_list, value.values())))


class _Items(dict[str, Any]):
    """A list without order, as a mapping from each item's JSON text to the item."""


class _Item(str):
    """The JSON text of an item; not part of a path."""

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
                item_json = json.dumps(_in_order(item), sort_keys=True)
                items[_Item(f"{same_before[item_json]} {item_json}")] = item
                same_before[item_json] += 1
            return items
        case _:
            return value


def _in_order(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value with every list sorted."""
    match value:
        case dict():
            return {key: _in_order(inner) for key, inner in value.items()}
        case list():
            return sorted((_in_order(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        case _:
            return value


def _restored(side: Any) -> Any:  # noqa: ANN401 - any JSON
    """Undo `_by_item`."""
    match side:
        case _Items():
            return list(side.values())
        case dict():
            return {key: _restored(inner) for key, inner in side.items()}
        case _:
            return side
