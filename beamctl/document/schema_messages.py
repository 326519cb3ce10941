"""Messages for schema errors. Names and hints come from the schema (title, enum, patternErrorMessage)."""

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

_MOST_COMPARED = 100
"""Unknown keys that are compared with a missing key, in case it is misspelled."""


def problems_of(error: SchemaError, document: Document) -> Iterator[Problem]:
    """The problems of one schema error: several if several keys are wrong."""
    messages = _MESSAGES.get(error.keyword)
    if messages is None:
        title = with_article(_title(error.schema))
        yield _at_value(error, document, f"{_name(error.path)} is not {title} ({error.keyword})")
    else:
        yield from messages(error, document)


def _at_value(error: SchemaError, document: Document, message: str, hint: str = "") -> Problem:
    return Problem(document.place(*error.path), message, hint)


def _at_key(error: SchemaError, document: Document, message: str, hint: str = "") -> Problem:
    return Problem(document.key_place(*error.path), message, hint)


def _type(error: SchemaError, document: Document) -> Iterator[Problem]:
    if error.instance is None:
        yield _at_key(error, document, f"{_name(error.path)} has no value", _null_hint(error))
        return
    message = f"{_name(error.path)} must be {_expected(error.schemas)}, not {_actual(error.instance)}"
    yield _at_value(error, document, message, _type_hint(error.schemas, error.instance))


def _null_hint(error: SchemaError) -> str:
    name = str(error.path[-1]) if error.path else ""
    schema = error.schema
    if ":" in name:
        return NO_BREAK if ":\u00a0" in name else NO_SPACE[1]
    if isinstance(schema.get("additionalProperties"), dict) and name.isidentifier():
        return f"write '{name}: {{}}' for none, or delete the line to leave {name} unmanaged"
    if schema["type"] == "object" and len(error.schemas) == 1:
        return "indent its keys below it, or delete the line"
    return f"write {_expected(error.schemas)}"


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
    first = next((hint for applies, hint in hints if applies), "")
    return first or next((schema["patternErrorMessage"] for schema in schemas if "patternErrorMessage" in schema), "")


def _enum(error: SchemaError, document: Document) -> Iterator[Problem]:
    title = with_article(_title(error.schema))
    known = [str(value) for value in error.demand]
    match = closest(str(error.instance), known)
    hint = (
        f"did you mean {quoted(match)}? Valid values are {either(known, 'and')}" if match else f"write {either(known)}"
    )
    yield _at_value(error, document, f"{_shown(error.instance)} is not {title}", hint)


def _const(error: SchemaError, document: Document) -> Iterator[Problem]:
    message = f"{_name(error.path)} must be {_shown(error.demand)}, not {_shown(error.instance)}"
    yield _at_value(error, document, message)


def _pattern(error: SchemaError, document: Document) -> Iterator[Problem]:
    title = with_article(_title(error.schema))
    hint = str(error.schema.get("patternErrorMessage", ""))
    yield _at_value(error, document, f"{_shown(error.instance)} is not {title}", hint)


def _length(error: SchemaError, document: Document) -> Iterator[Problem]:
    if not error.instance:
        yield _at_value(error, document, f"{_name(error.path)} is empty", "add a value, or delete it")
        return
    least = "at least" if error.keyword == "minLength" else "at most"
    length = len(error.instance)
    message = f"{_name(error.path)} is {length} characters long; it must be {least} {error.demand}"
    yield _at_value(error, document, message, "shorten it" if least == "at most" else "")


def _bound(error: SchemaError, document: Document) -> Iterator[Problem]:
    least = "at least" if error.keyword == "minimum" else "at most"
    message = f"{_name(error.path)} must be {least} {error.demand}, not {_shown(error.instance)}"
    yield _at_value(error, document, message)


def _required(error: SchemaError, document: Document) -> Iterator[Problem]:
    """All missing keys, except those that are there but misspelled."""
    known = _keys(error)
    misspelled = {_joined(key, known) or closest(key, known) for key in _unknown(error)[:_MOST_COMPARED]}
    parent = f" from {_name(error.path)}" if error.path else ""
    for key in error.demand:
        if key not in error.instance and key not in misspelled:
            yield _at_key(error, document, f"{quoted(key)} is missing{parent}", f"add '{key}: …'")


def _additional(error: SchemaError, document: Document) -> Iterator[Problem]:
    known = _keys(error)
    for key in _unknown(error):
        match = closest(key, known)
        hint = f"did you mean {quoted(match)}?" if match else f"valid keys are {either(known, 'and')}"
        if key.startswith("\u00a0"):
            hint = "it begins with a no-break space (U+00A0): indent with regular spaces"
        elif _joined(key, known):
            hint = NO_BREAK if ":\u00a0" in key else NO_SPACE[1]
        yield Problem(document.key_place(*error.path, key), f"unknown key {quoted(key)}", hint)


def _joined(key: str, known: Sequence[str]) -> str:
    """The known key in a key such as `role:admin`, which lacks the space after the colon; else empty."""
    head, colon, _ = key.partition(":")
    return head if colon and head in known else ""


def _size(error: SchemaError, document: Document) -> Iterator[Problem]:
    if _unknown(error):
        return
    most, least = error.schema.get("maxProperties"), error.schema.get("minProperties")
    number = "exactly one" if most == least == 1 else f"from {least or 0} to {most or 'any number'}"
    yield _at_key(error, document, f"{_name(error.path)} must have {number} of {either(_keys(error), 'and')}")


_MESSAGES: Mapping[str, Callable[[SchemaError, Document], Iterator[Problem]]] = {
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
    """The name of the value at `path`, for messages."""
    if not path:
        return "the document"
    last = path[-1]
    return quoted(last) if isinstance(last, str) else f"item {last + 1} of {_name(path[:-1])}"


def _keys(error: SchemaError) -> list[str]:
    return list(error.schema.get("properties", {}))


def _unknown(error: SchemaError) -> list[str]:
    return [key for key in error.instance if key not in error.schema.get("properties", {})]


def _expected(schemas: Sequence[Mapping[str, Any]]) -> str:
    """The expected value: the values of an enum, the title of a pattern, else the types."""
    return either([word for schema in schemas for word in _words(schema)])


def _words(schema: Mapping[str, Any]) -> list[str]:
    if "enum" in schema:
        return [str(value) for value in schema["enum"]]
    return [with_article(_title(schema)) if "pattern" in schema else _TYPES[schema["type"]]]


def _title(schema: Mapping[str, Any]) -> str:
    return str(schema.get("title", "value")).lower()


def _actual(instance: object) -> str:
    """The type of the actual value, or the value itself."""
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
