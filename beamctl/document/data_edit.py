"""Edits as data: what to put and remove; and how two versions compare, key by key. Lists are compared without order,
and their items may change."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from beamctl.document.document import Path


@dataclass(frozen=True, slots=True)
class Put:
    """Set the value at a path. Missing mappings above it are created.

    Attributes:
        path: Keys from the root.
        value: Plain data. Only what differs is written; the order of lists does not matter.
    """

    path: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the entry at a path, with its own comments. If it is the last, an empty mapping stays."""

    path: Path


Edit = Put | Remove


def value_at(data: Any, path: Path) -> Any:  # noqa: ANN401 - any JSON
    """The value at a path; None if there is none."""
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def with_edits(data: Any, edits: Sequence[Edit]) -> Any:  # noqa: ANN401 - any JSON
    """A copy of plain data with edits made in order.

    Raises:
        TypeError: There is something other than a mapping above a path.
    """
    found = json.loads(json.dumps(data))
    for each in edits:
        *above, last = each.path
        place = found
        for step in above:
            if isinstance(each, Remove) and step not in place:
                break
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise TypeError(f"there is no mapping at {above}")
        match each:
            case Put(value=value):
                place[last] = value
            case Remove():
                place.pop(last, None)
            case _:
                assert_never(each)
    return found


def is_same(old: Any, new: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether two values are the same, ignoring the order of lists. 1 and true are not."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(is_same(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return sorted(map(_json, old)) == sorted(map(_json, new))
    return type(old) is type(new) and bool(old == new)


def merged(old: Any, new: Any) -> Any:  # noqa: ANN401 - any JSON
    """The old value with what the new one adds, without its changes and removals."""
    if isinstance(old, dict) and isinstance(new, dict):
        kept = {key: merged(value, new[key]) if key in new else value for key, value in old.items()}
        return kept | {key: value for key, value in new.items() if key not in old}
    if isinstance(old, list) and isinstance(new, list):
        return [*old, *paired(old, new).added]
    return old


@dataclass(frozen=True, slots=True)
class PairedItems:
    """How one list becomes another.

    Attributes:
        changed: By index in the old list, the new item.
        removed: Indexes in the old list.
        added: New items without an old one.
    """

    changed: Mapping[int, Any]
    removed: Sequence[int]
    added: Sequence[Any]


def paired(old: Sequence[Any], new: Sequence[Any]) -> PairedItems:
    """Pair items that are the same, then mappings with the same keys that have values in common."""
    left = dict(enumerate(old))
    added = []
    by_text: dict[str, list[int]] = {}
    for index, item in reversed(left.items()):
        by_text.setdefault(_json(item), []).append(index)
    for item in new:
        same = by_text.get(_json(item))
        if same:
            del left[same.pop()]
        else:
            added.append(item)
    changed: dict[int, Any] = {}
    for item in list(added):
        alike = [(_in_common(left[index], item), -index) for index in left]
        if alike and any(max(alike)[0]):
            index = -max(alike)[1]
            changed[index] = item
            del left[index]
            added.remove(item)
    return PairedItems(changed, list(left), added)


def _in_common(old: Any, new: Any) -> tuple[bool, ...]:  # noqa: ANN401 - any JSON
    """Which values are the same, in the order of keys; nothing if the keys differ."""
    if not isinstance(old, dict) or not isinstance(new, dict) or old.keys() != new.keys():
        return ()
    return tuple(bool(old[key] == value) for key, value in new.items())


def _json(value: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(_in_order(value), sort_keys=True)


def _in_order(value: Any) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case dict():
            return {key: _in_order(inner) for key, inner in value.items()}
        case list():
            return sorted((_in_order(item) for item in value), key=_json)
        case _:
            return value
