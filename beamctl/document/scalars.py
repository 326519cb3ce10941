"""Scalars: plain ones by the core schema of YAML 1.2, in which `no`, `on` and `2027-01-31` are strings; and durations,
written as `90m`, `24h`, `14d`, `2w`."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache

LONGEST_NUMBER = 100
"""Characters in the longest number accepted."""

_FIXED: dict[str, bool | float | None] = {
    "": None,
    **dict.fromkeys(("~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((sign + word for sign in ("", "+") for word in (".inf", ".Inf", ".INF")), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NUMBERS_BEGIN = frozenset("0123456789+-.")


class TooLongError(ValueError):
    """A number has more than `LONGEST_NUMBER` characters."""


@lru_cache(maxsize=1_000)  # a document repeats few texts: names of roles
def resolve(text: str) -> str | float | bool | None:
    """The value of a plain scalar.

    Raises:
        TooLongError: It is a number with more than `LONGEST_NUMBER` characters.
    """
    if text[:1] not in _NUMBERS_BEGIN or not text:
        return _FIXED.get(text, text)
    if _INTEGER.fullmatch(text):
        return int(_bounded(text))
    if _FLOAT.fullmatch(text):
        return float(_bounded(text))
    if _PREFIXED.fullmatch(text):
        return int(_bounded(text), 0)
    return _FIXED.get(text, text)


def is_text(text: str) -> bool:
    """Whether this text is a string when written as a plain scalar."""
    try:
        return isinstance(resolve(text), str)
    except TooLongError:
        return False


def _bounded(text: str) -> str:
    if len(text) > LONGEST_NUMBER:
        raise TooLongError
    return text


_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SHAPE = re.compile(r"([1-9][0-9]{0,5})([mhdw])", re.ASCII)


def duration(text: str) -> timedelta | None:
    """The duration; None if the text is not one."""
    found = _SHAPE.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else None
