"""Parses faults from the text of `--fault` or from JSON into rules. Errors say what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPMethod
from typing import Any

from beamctl.emulator.clock import read_duration
from beamctl.emulator.errors import FaultError
from beamctl.emulator.faults import Argument, Fault, FaultKind, Rule, When

LONGEST = timedelta(hours=1)
"""The maximum for latencies and slow bodies."""

_WHEN = re.compile(
    r"((?:(?P<method>[A-Za-z]+):)?(?P<path>/[^#]*)|(?P<alone>[A-Za-z]+))?"
    r"((?:^|#)(?P<first>\d{1,9})(?P<to>-(?P<last>\d{1,9})?)?)?",
    re.ASCII,
)
_FIELDS = ("fault", "value", "method", "path", "first", "last")
_WHEN_HINT = (
    "Write a number (3), a range (1-5, 4-), a method and a path (POST:/users, PUT:/users/*, GET, /users), "
    "or the first such request (POST:/users#1)."
)
_MOST = 10**9
_WAIT = re.compile(r"\d{1,6}", re.ASCII)
_STATUS = re.compile(r"200|[45]\d\d", re.ASCII)


def read_rule(given: object) -> Rule:
    """Parse a text such as `503@POST:/users#1`, or an object with the same fields.

    Raises:
        FaultError: It is invalid.
    """
    if isinstance(given, str):
        given = _fields_of(given)
    if not isinstance(given, Mapping):
        raise FaultError(
            "a fault must be a string or an object", 'Write it like "503@3" or {"fault": "503", "first": 3}.'
        )
    if odd := [str(key) for key in given if key not in _FIELDS]:
        raise FaultError(f"unknown field {odd[0]!r}", f"The fields are: {', '.join(_FIELDS)}.")
    return Rule(_fault(given), _when(given))


def _fields_of(text: str) -> dict[str, Any]:
    """The fields of the text form."""
    shown, at, when = text.partition("@")
    name, colon, value = shown.partition(":")
    fields: dict[str, Any] = {"fault": name, "value": value} if colon else {"fault": name}
    return fields | _requests(when) if at else fields


def _requests(text: str) -> dict[str, Any]:
    found = _WHEN.fullmatch(text)
    if found is None or not text:
        raise FaultError(f"{text!r} does not select requests", _WHEN_HINT)
    fields: dict[str, Any] = {"method": found["method"] or found["alone"] or "", "path": found["path"] or ""}
    if found["first"]:
        fields["first"] = int(found["first"])
        last = found["last"] if found["to"] else found["first"]
        fields |= {"last": int(last)} if last else {}
    return fields


def _fault(fields: Mapping[str, Any]) -> Fault:
    name, value = fields.get("fault"), fields.get("value")
    known = {kind.value: kind for kind in FaultKind}
    if not isinstance(name, str) or name not in known:
        raise FaultError(f"unknown fault {name!r}", _kinds())
    kind = known[name]
    if value is None and kind.argument is not Argument.DURATION:
        return Fault(kind)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    read = _READERS[kind.argument](text) if value is not None and not isinstance(value, bool) else None
    if read is None:
        raise FaultError(*_bad_value(kind, value))
    return Fault(kind, read)


def _bad_value(kind: FaultKind, value: object) -> tuple[str, str]:
    if kind.argument is Argument.NOTHING:
        return f"{kind.value} takes no value, but got {value!r}", f"Write it as {kind.example}."
    if value is None:
        return f"{kind.value} needs a value", f"Write it like {kind.example}."
    return f"{value!r} is not a valid value for {kind.value}", f"Write it like {kind.example}."


def _when(fields: Mapping[str, Any]) -> When:
    method, path = fields.get("method", ""), fields.get("path", "")
    first, last = fields.get("first", 1), fields.get("last")
    if not isinstance(method, str) or (method and method.upper() not in set(HTTPMethod)):
        raise FaultError(f"{method!r} is not an HTTP method", _WHEN_HINT)
    if not isinstance(path, str) or not (path == "" or path.startswith("/")) or "#" in path:
        raise FaultError(f"{path!r} is not a path below /v0", "Write it like /users or /users/*.")
    if not _is_number(first) or not (last is None or _is_number(last)):
        raise FaultError("request numbers are integers from 1", _WHEN_HINT)
    if last is not None and last < first:
        raise FaultError(f"the last request, {last}, comes before the first, {first}", _WHEN_HINT)
    return When(method.upper(), path.removeprefix("/v0") if path.startswith("/v0/") else path, first, last)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST


def _kinds() -> str:
    return f"The faults are: {', '.join(kind.value + kind.argument.shown for kind in FaultKind)}."


def _nothing(_text: str) -> None:
    return None


def _duration(text: str) -> float | None:
    span = read_duration(text)
    return span.total_seconds() if span is not None and timedelta() < span <= LONGEST else None


def _wait(text: str) -> float | None:
    return float(text) if _WAIT.fullmatch(text) else None


def _status(text: str) -> float | None:
    return float(text) if _STATUS.fullmatch(text) else None


_READERS: Mapping[Argument, Callable[[str], float | None]] = {
    Argument.NOTHING: _nothing,
    Argument.DURATION: _duration,
    Argument.WAIT: _wait,
    Argument.STATUS: _status,
    Argument.COUNT: _wait,
}
