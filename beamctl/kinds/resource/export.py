"""Resources as a document section whose plan is empty."""

from __future__ import annotations

from typing import Any

from beamctl.document.document import Document
from beamctl.document.rules import unseen_in_names
from beamctl.document.schema import check
from beamctl.kinds.resource.desired import problems
from beamctl.kinds.resource.live import Resource, Resources
from beamctl.kinds.resource.shape import METADATA, Shape
from beamctl.plan.export import Exported


def export(shape: Shape, resources: Resources) -> Exported:
    """Every resource that a document can express."""
    entries: dict[str, Any] = {}
    left_out: list[str] = []
    for name, resource in sorted((resources or {}).items()):
        entry = _entry(shape, resource)
        if _is_valid(shape, name, entry):
            entries[name] = entry
        else:
            left_out.append(f"{name} cannot be expressed in a document")
    return Exported(entries, left_out=tuple(left_out), whole=not left_out)


def _entry(shape: Shape, resource: Resource) -> dict[str, Any]:
    there = {field: value for field, value in resource.attributes.items() if value != shape.forms[field].empty}
    spec = {field: there[field] for field in shape.spec if field in there}
    return {field: there[field] for field in METADATA if field in there} | ({"spec": spec} if shape.nested else spec)


def _is_valid(shape: Shape, name: str, entry: dict[str, Any]) -> bool:
    document = Document("", {"version": 1, "workspace": "w", shape.section: {name: entry}}, {}, {})
    return not check(document) and not any([*problems(shape, document), *unseen_in_names(document)])
