"""Prepares the data of a plan file for its schema: values that the schema cannot tell apart are validated once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from beamctl.document.schema import conforms

_FREE = frozenset(
    {"address", "module_address", "name", "key", "keys", "file", "line", "column", "email", "sub", "reason", "owner"}
    | {"clientId", "account", "id", "createdAt", "description", "fingerprint"}
    | {"next_to", "in_place_of"}
)
"""The keys whose texts and counts the schema does not restrict. A fingerprint is compared with its object instead."""


def without_valid(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data without valid changes, and with one object of each shape under `rests_on`."""
    changes, workspaces = data.get("resource_changes"), data.get("workspaces")
    if isinstance(changes, list):
        data = {**data, "resource_changes": [each for each in changes if not is_planned(each)]}
    if isinstance(workspaces, list):
        data = {**data, "workspaces": [_without_twins(each, "rests_on") for each in workspaces]}
    return data


def is_planned(change: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether this is a change whose parts belong together, according to the schema of its kind."""
    return _conforms(json.dumps(_shape(change), sort_keys=True))


@lru_cache(maxsize=10_000)
def _conforms(shape: str) -> bool:
    return conforms(json.loads(shape), "plannedChange")


def _without_twins(data: Any, key: str) -> Any:  # noqa: ANN401 - any JSON
    entries = data.get(key) if isinstance(data, dict) else None
    if not isinstance(entries, list):
        return data
    found: dict[str, Any] = {}
    for each in entries:
        found.setdefault(json.dumps(_shape(each), sort_keys=True), each)
    return {**data, key: list(found.values())}


def _shape(value: Any, key: str = "") -> Any:  # noqa: ANN401 - any JSON
    """The value without what the schema cannot tell apart."""
    match value:
        case dict():
            return {name: _shape(inner, name) for name, inner in value.items()}
        case list():
            return [_shape(inner, key) for inner in value]
        case str() if key in _FREE and value:
            return "…"
        case int() if key in _FREE and type(value) is int and value >= 0:
            return 0
        case _:
            return value


def unplanned(changes: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - any JSON
    """The first invalid entry that has the shape of a change; None if they are invalid for other reasons."""
    entries = changes if isinstance(changes, list) else []
    return next((each for each in entries if conforms(each, "resourceChange")), None)
