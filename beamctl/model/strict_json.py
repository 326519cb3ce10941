"""JSON from outside, read so that all of it can be compared, digested and gone through: finite numbers, a bounded
depth; and of what beamctl wrote itself each key once and whole characters. It must not know what the data is."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn

MOST_NESTED = 100
"""Lists and objects inside one another."""
_NESTS = frozenset({dict, list})

ReadObject = Callable[[list[tuple[str, Any]]], dict[str, Any]]


def read_json(content: bytes) -> Any:  # noqa: ANN401 - any JSON
    """What bytes say that beamctl wrote.

    Raises:
        ValueError: They are no such JSON.
    """
    try:
        data = bounded_json(content.decode("utf-8"), _object)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    json.dumps(data, ensure_ascii=False).encode()  # half a character is no text
    return data


def bounded_json(content: str | bytes, read_object: ReadObject | None = None) -> Any:  # noqa: ANN401 - any JSON
    """What a text says that anybody wrote.

    Args:
        content: The text.
        read_object: Makes an object of its keys and values; None for the last value of each key.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It could be read here, and not be gone through elsewhere.
    """
    data = json.loads(content, object_pairs_hook=read_object, parse_constant=_refuse, parse_float=_finite)
    level = [data] if type(data) in _NESTS else []
    for _ in range(MOST_NESTED):
        if not level:
            break
        insides = [each.values() if type(each) is dict else each for each in level]
        level = [inner for inside in insides for inner in inside if type(inner) in _NESTS]
    if level:
        raise RecursionError
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not valid JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)
