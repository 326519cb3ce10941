"""Checks a document against its JSON Schema: the one importer of jsonschema. It must not know the sections of the
document, nor the words a fault is reported in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from beamctl.document.deduplication import Twins, thin
from beamctl.document.document import Document, Path
from beamctl.document.problem import MOST_PROBLEMS, Problem
from beamctl.document.schema_error import SchemaError, telling
from beamctl.document.schema_file import load_schema
from beamctl.document.schema_messages import problems_of

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_REFERRED = {"run": ("plan",)}
"""By schema, the others that it refers to."""


def check(document: Document, name: str = "workspace") -> list[Problem]:
    """Everything in which the document is not as the schema `name` says, each problem once; of very many, the first."""
    data, twins = thin(load_schema(name), document.data)
    errors = islice(_validator(name).iter_errors(data), MOST_PROBLEMS + 1)
    faults = telling([_fault(error) for error in errors])
    problems = (
        problem
        for fault in faults
        for path in _with_twins(fault.path, twins)
        for problem in problems_of(replace(fault, path=path), document)
    )
    return list(dict.fromkeys(islice(problems, MOST_PROBLEMS + 1)))


def _with_twins(path: Path, twins: Twins) -> Iterator[Path]:
    yield path
    for key in twins.get(path[:2], ()):
        yield (path[0], key, *path[2:])


def _fault(error: Any) -> SchemaError:  # noqa: ANN401 - the library is imported where it is used
    branches: dict[Any, list[SchemaError]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).append(_fault(inner))
    path = tuple(error.absolute_path)
    return SchemaError(
        path, error.validator, error.validator_value, error.instance, [error.schema], [*branches.values()]
    )


@cache
def _validator(name: str) -> Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend
    from referencing import Registry, Resource

    referred = [load_schema(each) for each in _REFERRED.get(name, ())]
    registry: Registry[Any] = Registry().with_resources(
        (each["$id"], Resource.from_contents(each)) for each in referred
    )
    validators: Any = extend  # the stubs have no types for it
    ours = validators(Draft202012Validator, {"pattern": _pattern})
    validator: Validator = ours(load_schema(name), registry=registry.crawl())
    return validator


def _pattern(_: object, pattern: str, instance: object, __: object) -> Iterator[Exception]:
    """As JSON Schema has it: `$` is the end of the text, and not also the place before a last line break."""
    import re

    from jsonschema import ValidationError

    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError("does not match")
