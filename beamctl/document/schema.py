"""Validation of documents against their JSON Schema. Schemas are found in an installed package, an editable install or
a checkout."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beamctl.document.document import Document
from beamctl.document.problem import MOST_PROBLEMS, Problem
from beamctl.document.schema_compiler import ANNOTATIONS, Accepts, Compiler

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")
_QUOTE_NO_VALUE = frozenset({"required", "additionalProperties"})
"""Rules whose messages in jsonschema name keys only."""
_RULES = frozenset({"type", "const", "enum", "pattern", "minimum", "maximum", "minItems", "maxLength"})
_REFERENCED = {
    "plan": ("changes", "workspace"),
    "run": ("plan", "changes", "workspace"),
    "drift": ("plan", "changes", "workspace"),
}
"""The schemas that a schema refers to."""
_INDEPENDENT = ANNOTATIONS | {"type", "properties", "additionalProperties"}
"""If a mapping's schema has only these keywords, each value is valid regardless of the others."""


def schema_path(name: str) -> Path:
    """The path of the schema `name`, for example `workspace`.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    for folder in _FOLDERS:
        path = folder / f"{name}.schema.json"
        if path.is_file():
            return path
    raise FileNotFoundError(f"the beamctl installation is incomplete: the schema {name!r} is missing")


@cache
def load_schema(name: str) -> dict[str, Any]:
    """The schema `name`. It is cached: do not modify it."""
    schema: dict[str, Any] = json.loads(schema_path(name).read_text("utf-8"))
    return schema


def check(document: Document, name: str = "workspace") -> list[Problem]:
    """All violations of the schema `name`, each once, up to a limit."""
    if quick_check(name)(document.data):
        return []  # most documents are valid: jsonschema takes 50 ms to import
    from beamctl.document.schema_messages import problems_of

    errors = islice(
        jsonschema_validator(name).iter_errors(without_valid_entries(name, document.data)), MOST_PROBLEMS + 1
    )
    return list(dict.fromkeys(islice(problems_of(errors, document), MOST_PROBLEMS + 1)))


def without_valid_entries(name: str, data: object) -> Any:  # noqa: ANN401 - plain data of any shape
    """The data without the valid entries of sections with any keys: for 10,000 members, jsonschema takes 200 ms."""
    if not isinstance(data, dict):
        return data
    reduced = dict(data)
    for section, rule in load_schema(name).get("properties", {}).items():
        entries, each = data.get(section), rule.get("additionalProperties")
        if isinstance(entries, dict) and isinstance(each, dict) and rule.keys() <= _INDEPENDENT:
            known = {key: _compiler(name).compile(inner) for key, inner in rule.get("properties", {}).items()}
            other = _compiler(name).compile(each)
            reduced[section] = {key: value for key, value in entries.items() if not known.get(key, other)(value)}
    return reduced


def conforms(value: Any, definition: str) -> bool:  # noqa: ANN401 - any JSON
    """Whether a value conforms to a definition of the schema of plans."""
    if quick_check("plan", definition)(value):
        return True
    return quick_check("plan", definition, lenient=True)(value) and _definition(definition).is_valid(value)


def violation(data: Any, name: str) -> str:  # noqa: ANN401 - any JSON
    """The violation of the schema `name` that explains best why JSON of beamctl's own is invalid, with its JSON path;
    empty if it is valid. Values are not quoted, because a file that someone else wrote may contain anything."""
    if quick_check(name)(data):
        return ""
    from jsonschema.exceptions import best_match

    error = best_match(islice(jsonschema_validator(name).iter_errors(data), MOST_PROBLEMS))
    if error is None:
        return ""
    if error.validator in _QUOTE_NO_VALUE:
        return f"{error.json_path}: {error.message}"
    title = error.schema.get("title", "") if isinstance(error.schema, dict) else ""
    if title:
        return f"{error.json_path} is not a valid {title.lower()}"
    rule = f"{error.validator}: {json.dumps(error.validator_value)}" if error.validator in _RULES else error.validator
    return f"{error.json_path} is not valid ({rule})"


@cache
def _compiler(name: str, *, lenient: bool = False) -> Compiler:
    return Compiler([load_schema(each) for each in (name, *_REFERENCED.get(name, ()))], lenient=lenient)


@cache
def quick_check(name: str, definition: str = "", *, lenient: bool = False) -> Accepts:
    """Whether data certainly conforms to the schema `name`, or to one of its definitions. If `lenient`, whether it
    perhaps does."""
    schema = {"$ref": f"#/$defs/{definition}"} if definition else load_schema(name)
    return _compiler(name, lenient=lenient).compile(schema)


@cache
def jsonschema_validator(name: str) -> Validator:
    """The validator of the schema `name`. It is slow to make."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend
    from referencing import Registry, Resource

    schemas = [load_schema(each) for each in (name, *_REFERENCED.get(name, ()))]
    registry: Registry[Any] = Registry().with_resources(
        (each["$id"], Resource.from_contents(each)) for each in schemas if "$id" in each
    )
    untyped_extend: Any = extend  # the stubs have no types for it
    extended = untyped_extend(Draft202012Validator, {"pattern": _pattern, "$ref": _reference(name)})
    validator: Validator = extended(load_schema(name), registry=registry.crawl())
    return validator


def _reference(name: str) -> Callable[..., Iterator[Any]]:
    """`$ref`, but what is certainly valid is not looked into: of a large plan, jsonschema sees only what is invalid."""
    from jsonschema import Draft202012Validator

    compiler, slowly = _compiler(name), Draft202012Validator.VALIDATORS["$ref"]
    roots = {id(part): each for each in (name, *_REFERENCED.get(name, ())) for part in _parts(load_schema(each))}

    def violations(validator: object, target: str, instance: object, schema: object) -> Iterator[Any]:
        root = roots.get(id(schema))  # jsonschema passes the part of the loaded schema itself
        if root is None or not compiler.compile({"$ref": target}, f"{root}.schema.json")(instance):
            yield from slowly(validator, target, instance, schema)

    return violations


def _parts(schema: Any) -> Iterator[object]:  # noqa: ANN401 - any JSON
    yield schema
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _parts(part)


@cache
def _definition(definition: str) -> Validator:
    return jsonschema_validator("plan").evolve(schema={"$ref": f"{load_schema('plan')['$id']}#/$defs/{definition}"})


def _pattern(_: object, pattern: str, instance: object, __: object) -> Iterator[Exception]:
    """`pattern` as JSON Schema defines it: unlike in Python, `$` does not match before a final line break."""
    import re

    from jsonschema import ValidationError

    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
