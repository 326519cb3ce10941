"""Validation of documents against their JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from beamctl.document.deduplication import Twins, deduplicate
from beamctl.document.document import Document, Path
from beamctl.document.problem import MOST_PROBLEMS, Problem
from beamctl.document.schema_error import SchemaError, relevant_errors
from beamctl.document.schema_file import load_schema
from beamctl.document.schema_messages import problems_of

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_QUOTE_NO_VALUE = frozenset({"required", "additionalProperties"})
"""Rules whose messages in jsonschema name keys only."""
_RULES = frozenset({"type", "const", "enum", "pattern", "minimum", "maximum", "minItems", "maxLength"})
_REFERENCED = {"plan": ("changes",), "run": ("plan", "changes")}
"""The schemas that a schema refers to."""


def check(document: Document, name: str = "workspace") -> list[Problem]:
    """All violations of the schema `name`, each once, up to a limit."""
    data, twins = deduplicate(load_schema(name), document.data)
    errors = islice(_validator(name).iter_errors(data), MOST_PROBLEMS + 1)
    relevant = relevant_errors([_error(error) for error in errors])
    problems = (
        problem
        for error in relevant
        for path in _with_twins(error.path, twins)
        for problem in problems_of(replace(error, path=path), document)
    )
    return list(dict.fromkeys(islice(problems, MOST_PROBLEMS + 1)))


def conforms(value: Any, definition: str) -> bool:  # noqa: ANN401 - any JSON
    """Whether a value conforms to a definition of the schema of plans."""
    return _definition(definition).is_valid(value)


def violation(data: Any, name: str) -> str:  # noqa: ANN401 - any JSON
    """The violation of the schema `name` that explains best why JSON of beamctl's own is invalid, with its JSON path;
    empty if it is valid. Values are not quoted, because a file that someone else wrote may contain anything."""
    from jsonschema.exceptions import best_match

    error = best_match(islice(_validator(name).iter_errors(data), MOST_PROBLEMS))
    if error is None:
        return ""
    if error.validator in _QUOTE_NO_VALUE:
        return f"{error.json_path}: {error.message}"
    title = error.schema.get("title", "") if isinstance(error.schema, dict) else ""
    if title:
        return f"{error.json_path} is not a valid {title.lower()}"
    rule = f"{error.validator}: {json.dumps(error.validator_value)}" if error.validator in _RULES else error.validator
    return f"{error.json_path} is not valid ({rule})"


def _with_twins(path: Path, twins: Twins) -> Iterator[Path]:
    yield path
    for key in twins.get(path[:2], ()):
        yield (path[0], key, *path[2:])


def _error(error: Any) -> SchemaError:  # noqa: ANN401 - the library is imported lazily
    branches: dict[Any, list[SchemaError]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).append(_error(inner))
    path = tuple(error.absolute_path)
    return SchemaError(
        path, error.validator, error.validator_value, error.instance, [error.schema], [*branches.values()]
    )


@cache
def _validator(name: str) -> Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend
    from referencing import Registry, Resource

    schemas = [load_schema(each) for each in (name, *_REFERENCED.get(name, ()))]
    registry: Registry[Any] = Registry().with_resources(
        (each["$id"], Resource.from_contents(each)) for each in schemas if "$id" in each
    )
    untyped_extend: Any = extend  # the stubs have no types for it
    extended = untyped_extend(Draft202012Validator, {"pattern": _pattern})
    validator: Validator = extended(load_schema(name), registry=registry.crawl())
    return validator


@cache
def _definition(definition: str) -> Validator:
    return _validator("plan").evolve(schema={"$ref": f"{load_schema('plan')['$id']}#/$defs/{definition}"})


def _pattern(_: object, pattern: str, instance: object, __: object) -> Iterator[Exception]:
    """`pattern` as JSON Schema defines it: unlike in Python, `$` does not match before a final line break."""
    import re

    from jsonschema import ValidationError

    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError("does not match")
