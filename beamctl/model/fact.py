"""Facts: what the engine reports to people, as a code with fields. `beamctl.report.wording` has the words.

A module of its own: API calls, plans, applies and reports all use it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from beamctl.errors import BeamctlError
from beamctl.model.code import Code

Field = Union[str, int, "Fact", tuple[Union[str, "Fact"], ...]]
"""A field of a fact. Text is never beamctl's own: it is a name, a value, or a message of the API, the system or a
library."""


_DEEPEST = 4
_CODES = frozenset(Code)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to report. The fields of a code are those that its wording uses."""

    code: Code
    fields: Mapping[str, Field] = field(default_factory=dict, hash=False)

    @property
    def order(self) -> tuple[str, str]:
        """Sort key."""
        return self.code.value, json.dumps(fact_data(self), sort_keys=True)


def fact(code: Code, **fields: Field) -> Fact:
    """A fact with these fields."""
    return Fact(code, fields)


def error_fact(error: Exception) -> Fact:
    """An error as a fact. Any other than beamctl's own is a bug."""
    if isinstance(error, BeamctlError):
        return Fact(Code(error.code), {"detail": error.message})
    return fact(Code.BUG, error=type(error).__name__)


def fact_data(each: Fact) -> dict[str, Any]:
    """Plain data."""
    return {"code": each.code.value, "fields": {name: _data(value) for name, value in each.fields.items()}}


def _data(value: Field) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, tuple):
        return [_data(inner) for inner in value]
    return fact_data(value) if isinstance(value, Fact) else value


def fact_of(data: Mapping[str, Any], depth: int = 0) -> Fact:
    """The inverse of `fact_data`.

    Raises:
        ValueError: The code is unknown, or facts are nested too deeply: their text could be endless.
    """
    if depth > _DEEPEST:
        raise ValueError("its notes are nested too deeply")
    if data["code"] not in _CODES:
        raise ValueError(f"it has the code {data['code']!r}, which this version of beamctl does not know")
    return Fact(Code(data["code"]), {name: _field(value, depth) for name, value in data["fields"].items()})


def _field(data: Any, depth: int) -> Field:  # noqa: ANN401 - JSON
    if isinstance(data, list):
        return tuple(fact_of(inner, depth + 1) if isinstance(inner, dict) else str(inner) for inner in data)
    return fact_of(data, depth + 1) if isinstance(data, dict) else data
