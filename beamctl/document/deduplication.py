"""Data with each value that a schema can tell apart only once: ten thousand people have three roles, and checking every
one of them would take a second. It must not know how a value is checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beamctl.document.document import Path

Schema = Mapping[str, Any]

Twins = Mapping[Path, list[str]]
"""For the path of a value that was kept, the other keys of the same mapping whose values are judged alike."""

_ANNOTATIONS = frozenset({"title", "description", "examples", "default"})
_KEYS_ARE_FREE = _ANNOTATIONS | {"type", "additionalProperties"}
"""Where a mapping's schema has only these, whether a value is valid does not depend on its key or its neighbours."""
_PROPERTIES_ARE_APART = _KEYS_ARE_FREE | {"properties", "required"}
"""Where an object's schema has only these, whether a property is valid does not depend on the others."""


def thin(schema: Schema, data: object) -> tuple[Any, Twins]:
    """The data, thinned in the sections that map any key to one sort of value."""
    if not isinstance(data, dict):
        return data, {}
    thinned = dict(data)
    twins: dict[Path, list[str]] = {}
    for section, rule in schema.get("properties", {}).items():
        each = rule.get("additionalProperties")
        if not isinstance(data.get(section), dict) or not isinstance(each, dict) or not rule.keys() <= _KEYS_ARE_FREE:
            continue
        groups = _alike(data[section], _free_texts(schema, each))
        thinned[section] = {keys[0]: data[section][keys[0]] for keys in groups}
        twins.update({(section, keys[0]): keys[1:] for keys in groups if keys[1:]})
    return thinned, twins


def _alike(values: Mapping[str, Any], free: frozenset[str]) -> list[list[str]]:
    """The keys, grouped by what the schema can tell of their values."""
    groups: dict[Any, list[str]] = {}
    for key, value in values.items():
        groups.setdefault(value if type(value) is str else (_likeness(value, free),), []).append(key)
    return list(groups.values())


def _likeness(value: object, free: frozenset[str]) -> str:
    """Equal for values that are judged alike. The type shows, since 1, 1.0 and true are equal but not alike."""
    if not isinstance(value, dict) or free.isdisjoint(value):
        return repr(value)
    return repr({key: "…" if key in free and inner and type(inner) is str else inner for key, inner in value.items()})


def _free_texts(schema: Schema, rule: Schema) -> frozenset[str]:
    """The properties in which any text that is not empty is valid, whatever stands beside it."""
    if "anyOf" in rule and not rule.keys() <= _ANNOTATIONS | {"anyOf"}:
        return frozenset()
    options = [_followed(schema, option) for option in rule.get("anyOf", [rule])]
    objects = [option for option in options if option.get("type") == "object"]
    if len(objects) != 1 or not objects[0].keys() <= _PROPERTIES_ARE_APART:
        return frozenset()
    return frozenset(name for name, inner in objects[0].get("properties", {}).items() if _takes_any_text(inner))


def _takes_any_text(rule: Schema) -> bool:
    demands = {keyword: demand for keyword, demand in rule.items() if keyword not in _ANNOTATIONS}
    return demands in ({"type": "string"}, {"type": "string", "minLength": 1})


def _followed(schema: Schema, rule: Schema) -> Schema:
    target = str(rule.get("$ref", ""))
    found: Schema = schema["$defs"][target.removeprefix("#/$defs/")] if target.startswith("#/$defs/") else rule
    return found
