"""Strict parsing of JSON: finite numbers and bounded nesting; for files of beamctl, unique keys and valid Unicode.

A module of its own: it reads both responses of the API and files of beamctl."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import chain
from typing import Any, NoReturn

MOST_NESTED = 100
"""Levels of nested lists and objects."""
_CONTAINERS = frozenset({dict, list})

ReadObject = Callable[[list[tuple[str, Any]]], dict[str, Any]]


def read_json(content: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Parse JSON that beamctl wrote.

    Raises:
        ValueError: It is not valid.
    """
    try:
        data = bounded_json(content.decode("utf-8"), _object)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    json.dumps(data, ensure_ascii=False).encode()  # fails for a lone surrogate
    return data


def bounded_json(content: str | bytes, read_object: ReadObject | None = None) -> Any:  # noqa: ANN401 - any JSON
    """Parse JSON from any source.

    Args:
        content: The text.
        read_object: Builds an object from its pairs; by default, the last value of a repeated key is kept.

    Raises:
        ValueError: It is not valid JSON.
        RecursionError: It is nested too deeply.
    """
    data = json.loads(content, object_pairs_hook=read_object, parse_constant=_refuse, parse_float=_finite)
    level = [data] if type(data) in _CONTAINERS else []
    for _ in range(MOST_NESTED):
        children = [each.values() if type(each) is dict else each for each in level]
        if _CONTAINERS.isdisjoint(map(type, chain.from_iterable(children))):  # twice as fast as to collect them
            break
        level = [inner for values in children for inner in values if type(inner) in _CONTAINERS]
    else:
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
