"""Problems for the errors of jsonschema: its own text with a hint, or a text from a table for common mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from beamctl.document.document import Document, Path
from beamctl.document.problem import Place, Problem, ProblemCode, closest, either, quoted, with_article
from beamctl.document.syntax import NO_BREAK, NO_SPACE

if TYPE_CHECKING:
    from jsonschema import ValidationError

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
_UNQUOTE = "remove the quotes"


def problems_of(errors: Iterable[ValidationError], document: Document) -> Iterator[Problem]:
    """The problems of these errors: of a value of the wrong type, only that."""
    relevant = [each for error in errors for each in _relevant(error)]
    mistyped = {tuple(error.absolute_path) for error in relevant if error.validator in ("type", "anyOf")}
    for error in relevant:
        if error.validator in ("type", "anyOf") or tuple(error.absolute_path) not in mistyped:
            yield from _TEXTS.get(str(error.validator), _other)(error, document)


def _relevant(error: ValidationError) -> Iterator[ValidationError]:
    """Of alternatives, the errors of the one that jsonschema finds most relevant; the error itself if several are."""
    from jsonschema.exceptions import relevance

    branches: dict[object, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    ranked = sorted((min(map(relevance, branch)), index) for index, branch in branches.items())
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        yield error
        return
    for inner in branches[ranked[0][1]]:
        yield from _relevant(inner)


def _at_key(error: ValidationError, document: Document) -> Place:
    return document.key_place(*error.absolute_path)


def _other(error: ValidationError, document: Document) -> Iterator[Problem]:
    """The text of jsonschema, but a value that may be long is replaced by its name."""
    value, name, place = error.instance, _name(tuple(error.absolute_path)), document.place(*error.absolute_path)
    if "propertyNames" in error.relative_schema_path:
        name, place = f"a key of {name}", document.key_place(*error.absolute_path, str(value))
    rest = error.message.removeprefix(repr(value))
    subject = name
    if rest == error.message:
        subject = f"{name}: "
    elif isinstance(value, int | float):
        subject = f"{name} is {_shown(value)}, which"
    elif isinstance(value, str) and error.validator not in ("minLength", "maxLength"):
        subject = _shown(value)
    yield Problem(place, ProblemCode.INVALID_VALUE, f"{subject}{rest}", _hint(error))


def _hint(error: ValidationError) -> str:
    if error.validator == "maxLength":
        return f"use at most {error.validator_value} characters"
    return "add a value, or delete it" if error.validator in ("minLength", "minItems") and not error.instance else ""


def _type(error: ValidationError, document: Document) -> Iterator[Problem]:
    name, schemas = _name(tuple(error.absolute_path)), _alternatives(error)
    if error.instance is None:
        hint = _null_hint(error, schemas)
        yield Problem(_at_key(error, document), ProblemCode.MISSING_VALUE, f"{name} has no value", hint)
        return
    message = f"{name} must be {_expected(schemas)}, not {_actual(error.instance)}"
    hint = _type_hint(schemas, error.instance)
    if tuple(error.absolute_path)[0:4:2] == ("groups", "members") and isinstance(error.instance, str):
        hint = "write {} or {reason: …}: a group has no roles; the workspace that names the group sets the role"
    yield Problem(document.place(*error.absolute_path), ProblemCode.WRONG_TYPE, message, hint)


def _alternatives(error: ValidationError) -> list[Mapping[str, Any]]:
    """The alternatives: the value should match one of these schemas."""
    wrong = (inner for inner in error.context or () if inner.validator == "type" and not inner.relative_path)
    return [cast("Mapping[str, Any]", inner.schema) for inner in wrong] or [cast("Mapping[str, Any]", error.schema)]


def _null_hint(error: ValidationError, schemas: Sequence[Mapping[str, Any]]) -> str:
    name = str(error.absolute_path[-1]) if error.absolute_path else ""
    if ":" in name:
        return NO_BREAK if ":\u00a0" in name else NO_SPACE
    if isinstance(schemas[0].get("additionalProperties"), dict) and name.isidentifier():
        is_part = len(error.absolute_path) > 1 and error.absolute_path[0] != "settings"
        return f"write '{name}: {{}}' for none, or delete the line{'' if is_part else f' to leave {name} unmanaged'}"
    if schemas[0].get("type") == "object" and len(schemas) == 1:
        return "indent its keys below it, or delete the line"
    return f"write {_expected(schemas)}"


def _type_hint(schemas: Sequence[Mapping[str, Any]], instance: object) -> str:
    types = {str(schema.get("type")) for schema in schemas}
    text = instance if isinstance(instance, str) else ""
    free_text = any(each.get("type") == "string" and not each.keys() & {"enum", "pattern"} for each in schemas)
    inner = [each.get("required", ()) for each in schemas if "$id" not in each]
    needed = next((keys[0] for keys in inner if len(keys) == 1), "")
    hints = (
        (free_text and isinstance(instance, int | float), "put quotes around it"),
        ("object" in types and ":\u00a0" in text, NO_BREAK),
        ("object" in types and re.search(r"\S:\S", text), NO_SPACE),
        ("object" in types and isinstance(instance, list), "write 'key: value' lines, without '- ' before them"),
        ("array" in types and isinstance(instance, dict), "write '- ' before each item"),
        ("array" in types and text, "put square brackets around it, or write '- ' before each item"),
        (needed and text, f"write {{{needed}: …}}"),
        ((types == {"integer"} and text.isdecimal()) or (types == {"boolean"} and text in ("true", "false")), _UNQUOTE),
    )
    first = next((hint for applies, hint in hints if applies), "")
    return first or next((schema["patternErrorMessage"] for schema in schemas if "patternErrorMessage" in schema), "")


def _enum(error: ValidationError, document: Document) -> Iterator[Problem]:
    values: Any = error.validator_value
    match = closest(str(error.instance), list(map(str, values)))
    for problem in _other(error, document):
        yield replace(problem, hint=f"did you mean {quoted(match)}?" if match else "")


def _pattern(error: ValidationError, document: Document) -> Iterator[Problem]:
    """A regular expression would not be clear."""
    schema, path, is_name = _schema(error), error.absolute_path, "propertyNames" in error.relative_schema_path
    place = document.key_place(*path, str(error.instance)) if is_name else document.place(*path)
    code = ProblemCode.INVALID_NAME if is_name else ProblemCode.INVALID_VALUE
    message = f"{_shown(error.instance)} is not {with_article(_title(schema))}"
    yield Problem(place, code, message, str(schema.get("patternErrorMessage", "")))


def _required(error: ValidationError, document: Document) -> Iterator[Problem]:
    """All missing keys, except those that are there but misspelled."""
    known = _keys(error)
    misspelled = {_joined(key, known) or closest(key, known) for key in _unknown(error)[:_MOST_COMPARED]}
    parent = f" of {_name(tuple(error.absolute_path))}" if error.absolute_path else ""
    instance: Any = error.instance
    for key in _schema(error)["required"]:
        if key not in instance and key not in misspelled:
            message = f"{quoted(key)} is a required property{parent}"  # the text of jsonschema
            only = _schema(error).get("properties", {}).get(key, {}).get("const", "…")
            yield Problem(_at_key(error, document), ProblemCode.MISSING_KEY, message, f"add '{key}: {only}'")


def _additional(error: ValidationError, document: Document) -> Iterator[Problem]:
    known = _keys(error)
    for key in _unknown(error):
        match = closest(key, known)
        hint = f"did you mean {quoted(match)}?" if match else f"valid keys are {either(known, 'and')}"
        if key.startswith("\u00a0"):
            hint = "it begins with a no-break space (U+00A0): indent with regular spaces"
        elif _joined(key, known):
            hint = NO_BREAK if ":\u00a0" in key else NO_SPACE
        place = document.key_place(*error.absolute_path, key)
        yield Problem(place, ProblemCode.UNKNOWN_KEY, f"unknown key {quoted(key)}", hint)


def _joined(key: str, known: Sequence[str]) -> str:
    """The known key in a key such as `role:admin`, which lacks the space after the colon; else empty."""
    head, colon, _ = key.partition(":")
    return head if colon and head in known else ""


def _size(error: ValidationError, document: Document) -> Iterator[Problem]:
    if _unknown(error):
        return
    message = f"{_name(tuple(error.absolute_path))} must have exactly one of {either(_keys(error), 'and')}"
    yield Problem(_at_key(error, document), ProblemCode.INVALID_VALUE, message)


_TEXTS: Mapping[str, Callable[[ValidationError, Document], Iterator[Problem]]] = {
    "type": _type,
    "anyOf": _type,
    "enum": _enum,
    "pattern": _pattern,
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


def _schema(error: ValidationError) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", error.schema)  # a schema that is a boolean has no keywords to violate


def _keys(error: ValidationError) -> list[str]:
    return list(_schema(error).get("properties", {}))


def _unknown(error: ValidationError) -> list[str]:
    return [key for key in cast("Any", error.instance) if key not in _schema(error).get("properties", {})]


def _expected(schemas: Sequence[Mapping[str, Any]]) -> str:
    """The expected value: the values of an enum, the title of a pattern, else the types."""
    return either([word for schema in schemas for word in _words(schema)])


def _words(schema: Mapping[str, Any]) -> list[str]:
    named = None if "pattern" in schema else _TYPES.get(str(schema.get("type")))
    return [str(value) for value in schema.get("enum", [named or with_article(_title(schema))])]


def _title(schema: Mapping[str, Any]) -> str:
    return str(schema.get("title", "value")).lower()


def _actual(instance: object) -> str:
    """The type of the actual value, or the value itself."""
    match instance:
        case bool() | float():
            return str(instance).lower()
        case int():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _shown(value: object) -> str:
    return quoted(value) if isinstance(value, str) else quoted(str(value))[1:-1]
