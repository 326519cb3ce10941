"""Compiles a JSON Schema into functions that quickly accept valid values, or quickly refuse invalid ones. What they are
not sure of is left to jsonschema, which is slow: every keyword that is not in this module, and values such as 1.0."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

Accepts = Callable[[Any], bool]
"""Whether a value is certainly valid; or, of a lenient compiler, whether it is not certainly invalid."""

ANNOTATIONS = frozenset(
    {"title", "description", "examples", "default", "patternErrorMessage", "$schema", "$id", "$defs"}
)
_TYPES: Mapping[str, type] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}
_OF_OBJECTS = frozenset({"properties", "required", "additionalProperties"})
_CONDITION = frozenset({"if", "then", "else"})


class Compiler:
    """Compiles a schema, and the schemas that it refers to.

    Args:
        schemas: The schema, and those that it refers to.
        lenient: Whether its functions accept the values that they are not sure of.
    """

    def __init__(self, schemas: Sequence[Schema], *, lenient: bool = False) -> None:
        self._lenient = lenient
        self._unsure: Accepts = _always if lenient else _never
        self._roots = {schema.get("$id", "").rpartition("/")[2]: schema for schema in schemas} | {"": schemas[0]}
        self._references: dict[str, Accepts] = {}
        self._keywords: Mapping[str, Callable[[Any, str], Accepts]] = {
            "$ref": self._reference,
            "type": lambda name, _: self._type(name),
            "enum": lambda values, _: self._among(values),
            "const": lambda value, _: lambda found: found == value and (lenient or type(found) is type(value)),
            "pattern": lambda pattern, _: _matching(pattern),
            "minLength": lambda least, _: lambda value: type(value) is not str or len(value) >= least,
            "maxLength": lambda most, _: lambda value: type(value) is not str or len(value) <= most,
            "minItems": lambda least, _: lambda value: type(value) is not list or len(value) >= least,
            "minProperties": lambda least, _: lambda value: type(value) is not dict or len(value) >= least,
            "maxProperties": lambda most, _: lambda value: type(value) is not dict or len(value) <= most,
            "minimum": lambda least, _: lambda value: type(value) not in (int, float) or not value < least,
            "maximum": lambda most, _: lambda value: type(value) not in (int, float) or not value > most,
            "items": self._items,
            "propertyNames": self._names,
            "anyOf": self._any,
            "allOf": self._all,
        }

    def compile(self, schema: Schema, root: str = "") -> Accepts:
        """The function for a schema that is part of the schema `root`."""
        names = schema.keys() - ANNOTATIONS - _OF_OBJECTS - _CONDITION
        if not names <= self._keywords.keys():
            return self._unsure
        checks = [self._keywords[name](schema[name], root) for name in schema if name in names]
        checks += [self._object(schema, root)] if _OF_OBJECTS & schema.keys() else []
        checks += [self._condition(schema, root)] if _CONDITION & schema.keys() else []
        if len(checks) == 1:
            return checks[0]

        def accepts(value: object) -> bool:
            for check in checks:  # noqa: SIM110 - twice as fast as all()
                if not check(value):
                    return False
            return True

        return accepts

    def _reference(self, target: str, root: str) -> Accepts:
        document, _, name = target.partition("#/$defs/")
        key = f"{document or root}#{name}"
        if key not in self._references:
            self._references[key] = lambda value: self._references[key](value)  # noqa: PLW0108 - replaced below
            found: Any = self._roots.get(document or root, {}).get("$defs")
            for part in name.split("/"):
                found = found.get(part) if isinstance(found, dict) else None
            self._references[key] = self._unsure if found is None else self.compile(found, document or root)
        return self._references[key]

    def _type(self, name: object) -> Accepts:
        expected = _TYPES.get(name) if isinstance(name, str) else None
        if expected is None:
            return self._unsure
        if self._lenient and expected is int:  # 1.0 is an integer
            return lambda value: type(value) in (int, float)
        return lambda value: type(value) is expected

    def _among(self, values: Sequence[object]) -> Accepts:
        texts = frozenset(value for value in values if isinstance(value, str))
        other = self._lenient and len(texts) < len(values)
        return lambda value: value in texts if type(value) is str else other

    def _items(self, schema: Schema, root: str) -> Accepts:
        accepts = self.compile(schema, root)
        return lambda value: type(value) is not list or all(map(accepts, value))

    def _names(self, schema: Schema, root: str) -> Accepts:
        accepts = self.compile(schema, root)
        return lambda value: type(value) is not dict or all(map(accepts, value))

    def _any(self, schemas: Sequence[Schema], root: str) -> Accepts:
        options = [self.compile(schema, root) for schema in schemas]
        return lambda value: any(accepts(value) for accepts in options)

    def _all(self, schemas: Sequence[Schema], root: str) -> Accepts:
        parts = [self.compile(schema, root) for schema in schemas]
        return lambda value: all(accepts(value) for accepts in parts)

    def _condition(self, schema: Schema, root: str) -> Accepts:
        """Whether `then` holds, or a property is a text other than those in `if`, so that `if` certainly does not.

        If there is an `else`, whether `then` holds and also `if` or `else`. A lenient compiler is never sure.
        """
        if self._lenient:
            return _always
        then = self.compile(schema.get("then", {}), root)
        if "else" in schema:
            either = self._any([schema["else"], schema["if"]], root)
            return lambda value: then(value) and either(value)
        rules = schema.get("if", {}).get("properties", {})
        texts = {
            key: rule.get("enum", [rule.get("const")]) for key, rule in rules.items() if {"enum", "const"} & rule.keys()
        }

        def accepts(value: object) -> bool:
            others = value if type(value) is dict else {}
            fails = any(type(others.get(key)) is str and others[key] not in found for key, found in texts.items())
            return fails or then(value)

        return accepts

    def _object(self, schema: Schema, root: str) -> Accepts:
        known = {name: self.compile(inner, root) for name, inner in schema.get("properties", {}).items()}
        additional = schema.get("additionalProperties", True)
        other = self.compile(additional, root) if isinstance(additional, dict) else _always if additional else _never
        required = schema.get("required", ())

        def accepts(value: object) -> bool:
            if type(value) is not dict:
                return True
            if any(name not in value for name in required):
                return False
            texts: set[str] = set()  # each distinct text is checked once
            for key, inner in value.items():
                check = known.get(key, other)
                if check is other and type(inner) is str:
                    if inner in texts:
                        continue
                    texts.add(inner)
                if not check(inner):
                    return False
            return True

        return accepts


def _never(_: object) -> bool:
    return False


def _always(_: object) -> bool:
    return True


def _matching(pattern: str) -> Accepts:
    search = re.compile(pattern.replace("$", r"\Z")).search
    return lambda value: type(value) is not str or search(value) is not None
