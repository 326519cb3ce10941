"""Things as a document would say them, so that a plan of it changes nothing. It must not know how it is written."""

from __future__ import annotations

from typing import Any

from beamctl.document.document import Document
from beamctl.document.rules import unseen_in_names
from beamctl.document.schema import check
from beamctl.kinds.resource.desired import problems
from beamctl.kinds.resource.live import Resource, Resources
from beamctl.kinds.resource.shape import METADATA, Shape
from beamctl.plan.export import Exported


def export(shape: Shape, things: Resources) -> Exported:
    """Every thing that a document can declare as it is."""
    entries: dict[str, Any] = {}
    left_out: list[str] = []
    for name, thing in sorted((things or {}).items()):
        entry = _entry(shape, thing)
        if _can_be_said(shape, name, entry):
            entries[name] = entry
        else:
            left_out.append(f"{name} is such as no document can say")
    return Exported(entries, left_out=tuple(left_out), whole=not left_out)


def _entry(shape: Shape, thing: Resource) -> dict[str, Any]:
    there = {field: value for field, value in thing.attributes.items() if value != shape.forms[field].empty}
    spec = {field: there[field] for field in shape.spec if field in there}
    return {field: there[field] for field in METADATA if field in there} | ({"spec": spec} if shape.nested else spec)


def _can_be_said(shape: Shape, name: str, entry: dict[str, Any]) -> bool:
    document = Document("", {"version": 1, "workspace": "w", shape.section: {name: entry}}, {}, {})
    return not check(document) and not any([*problems(shape, document), *unseen_in_names(document)])
