"""A fault → problems, in the words of the person who wrote the document. It must not know the sections: what it says of
them it takes from the schema (title, enum, patternErrorMessage)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from beamctl.document.document import Document, Path
from beamctl.document.problem import Problem
from beamctl.document.quoting import closest, either, quoted, with_article
from beamctl.document.schema_error import SchemaError
from beamctl.document.yaml_errors import NO_BREAK, NO_SPACE

_TYPES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "null",
}


_LOOKED_THROUGH = 100
"""Unknown keys that one that is missing may be misspelt among."""


def problems_of(fault: SchemaError, document: Document) -> Iterator[Problem]:
    """What to tell the user of one fault; more than one problem where several keys are wrong."""
    say = _SAY.get(fault.keyword)
    if say is None:
        title = with_article(_title(fault.schema))
        yield _at_value(fault, document, f"{_name(fault.path)} is not {title} ({fault.keyword})")
    else:
        yield from say(fault, document)


def _at_value(fault: SchemaError, document: Document, message: str, hint: str = "") -> Problem:
    return Problem(document.place(*fault.path), message, hint)


def _at_key(fault: SchemaError, document: Document, message: str, hint: str = "") -> Problem:
    return Problem(document.key_place(*fault.path), message, hint)


def _type(fault: SchemaError, document: Document) -> Iterator[Problem]:
    if fault.instance is None:
        yield _at_key(fault, document, f"{_name(fault.path)} has no value", _nothing_hint(fault))
        return
    message = f"{_name(fault.path)} must be {_due(fault.schemas)}, not {_sort(fault.instance)}"
    yield _at_value(fault, document, message, _type_hint(fault.schemas, fault.instance))


def _nothing_hint(fault: SchemaError) -> str:
    name = str(fault.path[-1]) if fault.path else ""
    schema = fault.schema
    if ":" in name:
        return NO_BREAK if ":\u00a0" in name else NO_SPACE[1]
    if isinstance(schema.get("additionalProperties"), dict) and name.isidentifier():
        return f"write '{name}: {{}}' for none, or delete the line to leave {name} unmanaged"
    if schema["type"] == "object" and len(fault.schemas) == 1:
        return "indent its keys below it, or delete the line"
    return f"write {_due(fault.schemas)}"


def _type_hint(schemas: Sequence[Mapping[str, Any]], instance: object) -> str:
    types = {schema["type"] for schema in schemas}
    free_text = any(schema["type"] == "string" and not schema.keys() & {"enum", "pattern"} for schema in schemas)
    needed = next((key for schema in schemas for key in schema.get("required", ()) if len(schema["required"]) == 1), "")
    hints = (
        (free_text and isinstance(instance, int | float), "put quotes around it"),
        ("object" in types and isinstance(instance, str) and ":\u00a0" in instance, NO_BREAK),
        (
            "object" in types and isinstance(instance, str) and re.search(r"\S:\S", instance),
            "put a space after the colon",
        ),
        ("object" in types and isinstance(instance, list), "write 'key: value' lines, without '- ' before them"),
        ("array" in types and isinstance(instance, dict), "write '- ' before each item"),
        (
            "array" in types and isinstance(instance, str),
            "put square brackets around it, or write '- ' before each item",
        ),
        (needed and isinstance(instance, str), f"write {{{needed}: …}}"),
        (types == {"integer"} and isinstance(instance, str) and instance.isdecimal(), "remove the quotes"),
        (types == {"boolean"} and instance in ("true", "false"), "remove the quotes"),
    )
    said = next((hint for applies, hint in hints if applies), "")
    return said or next((schema["patternErrorMessage"] for schema in schemas if "patternErrorMessage" in schema), "")


def _enum(fault: SchemaError, document: Document) -> Iterator[Problem]:
    title = with_article(_title(fault.schema))
    known = [str(value) for value in fault.demand]
    meant = closest(str(fault.instance), known)
    hint = (
        f"did you mean {quoted(meant)}? Valid values are {either(known, 'and')}" if meant else f"write {either(known)}"
    )
    yield _at_value(fault, document, f"{_shown(fault.instance)} is not {title}", hint)


def _const(fault: SchemaError, document: Document) -> Iterator[Problem]:
    message = f"{_name(fault.path)} must be {_shown(fault.demand)}, not {_shown(fault.instance)}"
    yield _at_value(fault, document, message)


def _pattern(fault: SchemaError, document: Document) -> Iterator[Problem]:
    title = with_article(_title(fault.schema))
    hint = str(fault.schema.get("patternErrorMessage", ""))
    yield _at_value(fault, document, f"{_shown(fault.instance)} is not {title}", hint)


def _length(fault: SchemaError, document: Document) -> Iterator[Problem]:
    if not fault.instance:
        yield _at_value(fault, document, f"{_name(fault.path)} is empty", "add a value, or delete it")
        return
    least = "at least" if fault.keyword == "minLength" else "at most"
    length = len(fault.instance)
    message = f"{_name(fault.path)} is {length} characters long; it must be {least} {fault.demand}"
    yield _at_value(fault, document, message, "shorten it" if least == "at most" else "")


def _bound(fault: SchemaError, document: Document) -> Iterator[Problem]:
    least = "at least" if fault.keyword == "minimum" else "at most"
    message = f"{_name(fault.path)} must be {least} {fault.demand}, not {_shown(fault.instance)}"
    yield _at_value(fault, document, message)


def _required(fault: SchemaError, document: Document) -> Iterator[Problem]:
    """All missing keys, but those that are evidently there misspelt."""
    known = _keys(fault)
    misspelt = {_joined(key, known) or closest(key, known) for key in _unknown(fault)[:_LOOKED_THROUGH]}
    of = f" from {_name(fault.path)}" if fault.path else ""
    for key in fault.demand:
        if key not in fault.instance and key not in misspelt:
            yield _at_key(fault, document, f"{quoted(key)} is missing{of}", f"add '{key}: …'")


def _additional(fault: SchemaError, document: Document) -> Iterator[Problem]:
    known = _keys(fault)
    for key in _unknown(fault):
        meant = closest(key, known)
        hint = f"did you mean {quoted(meant)}?" if meant else f"valid keys are {either(known, 'and')}"
        if key.startswith("\u00a0"):
            hint = "it begins with a no-break space (U+00A0): indent with regular spaces"
        elif _joined(key, known):
            hint = NO_BREAK if ":\u00a0" in key else NO_SPACE[1]
        yield Problem(document.key_place(*fault.path, key), f"unknown key {quoted(key)}", hint)


def _joined(key: str, known: Sequence[str]) -> str:
    """The known key that is written with its value, without a space between them: `role:admin`; empty if none is."""
    head, colon, _ = key.partition(":")
    return head if colon and head in known else ""


def _size(fault: SchemaError, document: Document) -> Iterator[Problem]:
    if _unknown(fault):
        return
    most, least = fault.schema.get("maxProperties"), fault.schema.get("minProperties")
    number = "exactly one" if most == least == 1 else f"from {least or 0} to {most or 'any number'}"
    yield _at_key(fault, document, f"{_name(fault.path)} must have {number} of {either(_keys(fault), 'and')}")


_SAY: Mapping[str, Callable[[SchemaError, Document], Iterator[Problem]]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minLength": _length,
    "maxLength": _length,
    "minItems": _length,
    "minimum": _bound,
    "maximum": _bound,
    "required": _required,
    "additionalProperties": _additional,
    "minProperties": _size,
    "maxProperties": _size,
}


def _name(path: Path) -> str:
    """What the user calls the value at `path`."""
    if not path:
        return "the document"
    last = path[-1]
    return quoted(last) if isinstance(last, str) else f"item {last + 1} of {_name(path[:-1])}"


def _keys(fault: SchemaError) -> list[str]:
    return list(fault.schema.get("properties", {}))


def _unknown(fault: SchemaError) -> list[str]:
    return [key for key in fault.instance if key not in fault.schema.get("properties", {})]


def _due(schemas: Sequence[Mapping[str, Any]]) -> str:
    """What may stand there: the values of an enum, what a pattern is for, else the types."""
    return either([word for schema in schemas for word in _words(schema)])


def _words(schema: Mapping[str, Any]) -> list[str]:
    if "enum" in schema:
        return [str(value) for value in schema["enum"]]
    return [with_article(_title(schema)) if "pattern" in schema else _TYPES[schema["type"]]]


def _title(schema: Mapping[str, Any]) -> str:
    return str(schema.get("title", "value")).lower()


def _sort(instance: object) -> str:
    """What stands there instead."""
    match instance:
        case bool():
            return str(instance).lower()
        case float():
            return str(instance)
        case int():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _shown(instance: object) -> str:
    return quoted(instance) if isinstance(instance, str) else quoted(str(instance))[1:-1]
