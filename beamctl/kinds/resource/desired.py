"""What an entry declares, what the schema cannot detect in such a section, and how live resources are exported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from beamctl.document.document import Document
from beamctl.document.problem import Problem, ProblemCode, quoted, with_article
from beamctl.document.rules import unseen_in_names
from beamctl.document.schema import check
from beamctl.kinds.resource.live import Resource, Resources
from beamctl.kinds.resource.shape import METADATA, VERSION, Shape
from beamctl.plan.listing import Exported

LONGEST_NAME = 49
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HINT = f"use at most {LONGEST_NAME} lowercase letters and digits, with single hyphens between them"


def is_name(name: str) -> bool:
    """Whether the API accepts this name."""
    return len(name) <= LONGEST_NAME and _NAME.fullmatch(name) is not None


def attributes(shape: Shape, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that a valid entry declares, and that are compared."""
    found = {field: entry[field] for field in METADATA if field in entry}
    if shape.nested:
        found |= {field: entry["spec"].get(field, form.empty) for field, form in shape.spec.items()}
    else:
        found |= {field: entry[field] for field in shape.spec if field in entry}
    if shape.version_label and "secret" in entry:
        found[VERSION] = entry["secret"].get("version", 1)
    return {field: shape.forms[field].plain(value) for field, value in found.items()}


def problems(shape: Shape, document: Document) -> Iterator[Problem]:
    """Names that the API does not accept, and the label reserved for beamctl."""
    for name, entry in entries(shape, document):
        if not is_name(name):
            message = f"{quoted(name)} is not a valid name for {with_article(shape.word)}"
            yield Problem(document.key_place(shape.section, name), ProblemCode.INVALID_NAME, message, _HINT)
        labels = entry.get("labels")
        if shape.version_label and isinstance(labels, dict) and shape.version_label in labels:
            place = document.key_place(shape.section, name, "labels", shape.version_label)
            yield Problem(
                place,
                ProblemCode.RESERVED_TEXT,
                f"the label {quoted(shape.version_label)} is reserved for beamctl",
                "increase secret.version instead",
            )


def entries(shape: Shape, document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The entries of the section. Invalid ones are left to the schema."""
    section = document.data.get(shape.section) if isinstance(document.data, dict) else None
    for name, entry in section.items() if isinstance(section, dict) else ():
        yield name, entry if isinstance(entry, dict) else {}


def export(shape: Shape, resources: Resources) -> Exported:
    """Every resource that a document can express."""
    entries: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for name, resource in sorted((resources or {}).items()):
        entry = _entry(shape, resource)
        if _is_valid(shape, name, entry):
            entries[name] = entry
        else:
            left_out[name] = "cannot be expressed in a document"
    return Exported(entries, left_out=left_out, whole=not left_out)


def _entry(shape: Shape, resource: Resource) -> dict[str, Any]:
    there = {field: value for field, value in resource.attributes.items() if value != shape.forms[field].empty}
    spec = {field: there[field] for field in shape.spec if field in there}
    return {field: there[field] for field in METADATA if field in there} | ({"spec": spec} if shape.nested else spec)


def _is_valid(shape: Shape, name: str, entry: dict[str, Any]) -> bool:
    document = Document("", {"version": 1, "workspace": "w", shape.section: {name: entry}}, {}, {})
    return not check(document) and not any([*problems(shape, document), *unseen_in_names(document)])
