"""JSON from outside, read so that all of it can be compared, digested and gone through: each key once, finite numbers,
whole characters, a bounded depth. It must not know what the data is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

MOST_NESTED = 100
"""Lists and objects inside one another."""


def read_json(content: bytes) -> Any:  # noqa: ANN401 - any JSON
    """What the bytes say.

    Raises:
        ValueError: They are no such JSON.
    """
    try:
        data = json.loads(
            content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse, parse_float=_finite
        )
        _refuse_deep(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    json.dumps(data, ensure_ascii=False).encode()  # half a character is no text
    return data


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    listed = list(pairs)
    found = dict(listed)
    if len(found) != len(listed):
        raise ValueError("a key is there twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _refuse_deep(data: object) -> None:
    level = [data]
    for _ in range(MOST_NESTED + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise RecursionError
