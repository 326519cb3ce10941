"""Resources as the API shows them (listed at once or in pages, with metadata and spec or, in early versions, flat), and
as a document declares them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from beamctl.document.document import Document
from beamctl.document.problem import Problem, ProblemCode, quoted, with_article
from beamctl.document.rules import unseen_in_names
from beamctl.document.schema import check
from beamctl.errors import GarbledError
from beamctl.kinds.operations import LATER, is_valid_name, whole_listing
from beamctl.kinds.resource.shape import METADATA, SECRET, USED_BY, VERSION, Shape
from beamctl.model.api_call import moment
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.kind import Reading
from beamctl.plan.listing import Exported

_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Resource:
    """One live object.

    Attributes:
        attributes: Everything that can be declared; empty values for what the API omits.
        used_by: What uses it, as `model/NAME`; None if unknown.
        secret: The names of its secret's parts, if the API shows them; never values or masks.
        updated: When it was last changed; None if the API does not show it.
    """

    name: str
    attributes: Mapping[str, Any]
    used_by: tuple[str, ...] | None = None
    secret: tuple[str, ...] = ()
    updated: datetime | None = None

    @property
    def data(self) -> dict[str, Any]:
        """As plain data."""
        return dict(self.attributes) | ({USED_BY: list(self.used_by)} if self.used_by else {})


Resources = Mapping[str, Resource] | None
"""All resources of a kind by name; None if the API does not have the kind."""


def listing(shape: Shape) -> Reading[Mapping[str, Resource]]:
    """Read all resources of a kind.

    Raises:
        GarbledError: The list is incomplete, or has an invalid or duplicate entry.
    """
    path = f"{shape.path}?limit=200" if shape.paged else shape.path  # the API's largest page
    found: dict[str, Resource] = {}
    for entry in (yield from whole_listing(path, shape.words, paged=shape.paged)):
        one = parse_resource(shape, entry)
        if one.name in found:
            raise GarbledError(f"the API shows the {shape.word} {quoted(one.name)} twice", LATER)
        found[one.name] = one
    return found


def parse_resource(shape: Shape, payload: Any) -> Resource:  # noqa: ANN401 - validated here
    """Parse one resource.

    Raises:
        GarbledError: The payload is not one.
    """
    metadata, spec = _halves(payload)
    name = metadata.get("name")
    if not is_valid_name(name) or not _is_text(payload):
        raise GarbledError(f"the API shows a {shape.word} without a name", LATER)
    labels = _value(metadata, "labels") or {}
    found: dict[str, Any] = {}
    for field, form in shape.forms.items():
        if field == VERSION:
            found[field] = _version(labels.get(shape.version_label))
            continue
        shown = _value(metadata if field in METADATA else spec, field) or form.empty
        if isinstance(shown, dict):  # a name without a value does not count
            shown = {name: value for name, value in shown.items() if value is not None}
        if not form.fits(shown):
            raise GarbledError(f"the API shows {field} of {quoted(name)} in an unknown format", LATER)
        found[field] = form.plain(shown)
    if shape.version_label in found["labels"]:
        found["labels"] = {key: text for key, text in found["labels"].items() if key != shape.version_label}
    secret = spec.get(SECRET) if shape.version_label else None
    parts = tuple(sorted(secret)) if isinstance(secret, dict) else ()
    return Resource(name, found, secret=parts, updated=moment(_value(metadata, "updatedAt")))


def _halves(payload: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:  # noqa: ANN401 - any JSON
    """Metadata and spec. In early versions of the API both were one object."""
    if not isinstance(payload, dict):
        return {}, {}
    halves = [payload.get(half, {} if "metadata" in payload else payload) for half in ("metadata", "spec")]
    metadata, spec = (half if isinstance(half, dict) else {} for half in halves)
    return metadata, spec


def _value(half: Mapping[str, Any], field: str) -> Any:  # noqa: ANN401 - any JSON
    """A field, spelled `display_name` by early versions of the API."""
    return half.get(field) if field in half else half.get(re.sub("(?=[A-Z])", "_", field).lower())


def _version(label: object) -> int:
    return int(label) if isinstance(label, str) and _NUMBER.fullmatch(label) else 1


def _is_text(payload: Any) -> bool:  # noqa: ANN401 - any JSON
    try:
        json.dumps(payload, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def rows(shape: Shape, resources: Mapping[str, Resource]) -> list[dict[str, Any]]:
    """All resources as plain data, by name, each with the same keys."""
    return [
        {"name": name, **{key: resources[name].attributes[key] for key in shape.forms}} for name in sorted(resources)
    ]


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
    left_out: dict[str, Fact] = {}
    for name, resource in sorted((resources or {}).items()):
        entry = _entry(shape, resource)
        if _is_valid(shape, name, entry):
            entries[name] = entry
        else:
            left_out[name] = fact(Code.NOT_EXPRESSIBLE)
    return Exported(entries, left_out=left_out, whole=not left_out)


def _entry(shape: Shape, resource: Resource) -> dict[str, Any]:
    there = {field: value for field, value in resource.attributes.items() if value != shape.forms[field].empty}
    spec = {field: there[field] for field in shape.spec if field in there}
    return {field: there[field] for field in METADATA if field in there} | ({"spec": spec} if shape.nested else spec)


def _is_valid(shape: Shape, name: str, entry: dict[str, Any]) -> bool:
    document = Document("", {"version": 1, "workspace": "w", shape.section: {name: entry}}, {}, {})
    return not check(document) and not any([*problems(shape, document), *unseen_in_names(document)])
