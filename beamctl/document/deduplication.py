"""Removes values that a schema cannot tell apart, so that each distinct value is validated once. Ten thousand members
have three roles; validating every one would take a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beamctl.document.document import Path

Schema = Mapping[str, Any]

Twins = Mapping[Path, list[str]]
"""For the path of a kept value: the other keys of its mapping whose values are equivalent to the schema."""

_ANNOTATIONS = frozenset({"title", "description", "examples", "default"})
_INDEPENDENT_VALUES = _ANNOTATIONS | {"type", "additionalProperties"}
"""If a mapping's schema has only these keywords, each value is valid regardless of its key and the other values."""
_INDEPENDENT_PROPERTIES = _INDEPENDENT_VALUES | {"properties", "required"}
"""If an object's schema has only these keywords, each property is valid regardless of the others."""


def deduplicate(schema: Schema, data: object) -> tuple[Any, Twins]:
    """The data without duplicates in the sections whose keys are arbitrary, and the keys left out."""
    if not isinstance(data, dict):
        return data, {}
    reduced = dict(data)
    twins: dict[Path, list[str]] = {}
    for section, rule in schema.get("properties", {}).items():
        each = rule.get("additionalProperties")
        if (
            not isinstance(data.get(section), dict)
            or not isinstance(each, dict)
            or not rule.keys() <= _INDEPENDENT_VALUES
        ):
            continue
        groups = _groups(data[section], _free_texts(schema, each))
        reduced[section] = {keys[0]: data[section][keys[0]] for keys in groups}
        twins.update({(section, keys[0]): keys[1:] for keys in groups if keys[1:]})
    return reduced, twins


def _groups(values: Mapping[str, Any], free: frozenset[str]) -> list[list[str]]:
    """The keys, grouped by values that are equivalent to the schema."""
    groups: dict[Any, list[str]] = {}
    for key, value in values.items():
        groups.setdefault(value if type(value) is str else (_signature(value, free),), []).append(key)
    return list(groups.values())


def _signature(value: object, free: frozenset[str]) -> str:
    """The same text for equivalent values. It includes the type: 1, 1.0 and true are equal but not equivalent."""
    if not isinstance(value, dict) or free.isdisjoint(value):
        return repr(value)
    return repr({key: "…" if key in free and inner and type(inner) is str else inner for key, inner in value.items()})


def _free_texts(schema: Schema, rule: Schema) -> frozenset[str]:
    """The properties for which any non-empty string is valid, regardless of the others."""
    if "anyOf" in rule and not rule.keys() <= _ANNOTATIONS | {"anyOf"}:
        return frozenset()
    options = [_resolved(schema, option) for option in rule.get("anyOf", [rule])]
    objects = [option for option in options if option.get("type") == "object"]
    if len(objects) != 1 or not objects[0].keys() <= _INDEPENDENT_PROPERTIES:
        return frozenset()
    return frozenset(name for name, inner in objects[0].get("properties", {}).items() if _accepts_any_text(inner))


def _accepts_any_text(rule: Schema) -> bool:
    demands = {keyword: demand for keyword, demand in rule.items() if keyword not in _ANNOTATIONS}
    return demands in ({"type": "string"}, {"type": "string", "minLength": 1})


def _resolved(schema: Schema, rule: Schema) -> Schema:
    target = str(rule.get("$ref", ""))
    found: Schema = schema["$defs"][target.removeprefix("#/$defs/")] if target.startswith("#/$defs/") else rule
    return found
