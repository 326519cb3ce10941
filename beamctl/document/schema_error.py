"""A fault: one spot where data is not as a JSON Schema says, as a value; and which of them tells the user most.
It must not know the schema library, nor the words a fault is reported in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beamctl.document.document import Path


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One keyword of the schema that one value does not fulfil.

    Attributes:
        path: Where the value stands.
        keyword: `type`, `enum`, `pattern` …
        demand: What the schema has for the keyword.
        instance: The value.
        schemas: The schemas of which the value should fulfil one.
        branches: For `anyOf` and `oneOf`, the faults of each branch.
    """

    path: Path
    keyword: str
    demand: Any
    instance: Any
    schemas: Sequence[Mapping[str, Any]]
    branches: Sequence[Sequence[SchemaError]] = ()

    @property
    def schema(self) -> Mapping[str, Any]:
        """The schema whose keyword is not fulfilled."""
        return self.schemas[0]


def telling(faults: Iterable[SchemaError]) -> list[SchemaError]:
    """The faults that tell the user something: of alternatives, those of the one that was evidently meant; and of a
    value that has the wrong type, nothing else."""
    plain = [meant for fault in faults for meant in _meant(fault)]
    mistyped = {fault.path for fault in plain if fault.keyword == "type"}
    return [fault for fault in plain if fault.keyword == "type" or fault.path not in mistyped]


def _meant(fault: SchemaError) -> Iterator[SchemaError]:
    """The faults of the branch whose type the value has; where no branch has it, that as one fault."""
    branches = [telling(branch) for branch in fault.branches]
    if not branches:
        yield fault
        return
    fitting = [branch for branch in branches if not any(_is_mistyped(fault, inner) for inner in branch)]
    if fitting:
        yield from min(fitting, key=len)
        return
    schemas = [inner.schema for branch in branches for inner in branch if _is_mistyped(fault, inner)]
    yield SchemaError(fault.path, "type", None, fault.instance, schemas)


def _is_mistyped(outer: SchemaError, inner: SchemaError) -> bool:
    return inner.keyword == "type" and inner.path == outer.path
