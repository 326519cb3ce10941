"""Schema errors as values, and the choice of those that are relevant to the user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beamctl.document.document import Path


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One value that violates one keyword of the schema.

    Attributes:
        path: The path of the value.
        keyword: `type`, `enum`, `pattern` …
        demand: The value of the keyword in the schema.
        instance: The value.
        schemas: The alternatives; the value should match one of them.
        branches: For `anyOf` and `oneOf`, the errors of each branch.
    """

    path: Path
    keyword: str
    demand: Any
    instance: Any
    schemas: Sequence[Mapping[str, Any]]
    branches: Sequence[Sequence[SchemaError]] = ()

    @property
    def schema(self) -> Mapping[str, Any]:
        """The schema of the violated keyword."""
        return self.schemas[0]


def relevant_errors(errors: Iterable[SchemaError]) -> list[SchemaError]:
    """The errors worth reporting: of alternatives, those of the best match; of a value of the wrong type, only that."""
    flat = [match for error in errors for match in _best_match(error)]
    mistyped = {error.path for error in flat if error.keyword == "type"}
    return [error for error in flat if error.keyword == "type" or error.path not in mistyped]


def _best_match(error: SchemaError) -> Iterator[SchemaError]:
    """The errors of the branch whose type fits the value; if no type fits, one error that says so."""
    branches = [relevant_errors(branch) for branch in error.branches]
    if not branches:
        yield error
        return
    matching = [branch for branch in branches if not any(_is_mistyped(error, inner) for inner in branch)]
    if matching:
        yield from min(matching, key=len)
        return
    schemas = [inner.schema for branch in branches for inner in branch if _is_mistyped(error, inner)]
    yield SchemaError(error.path, "type", None, error.instance, schemas)


def _is_mistyped(outer: SchemaError, inner: SchemaError) -> bool:
    return inner.keyword == "type" and inner.path == outer.path
