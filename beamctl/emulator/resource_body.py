"""Parses and validates `{metadata, spec}` bodies and merges them with the stored object."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from beamctl.emulator import body, rules
from beamctl.emulator.behavior import Quirk
from beamctl.emulator.errors import bad_request
from beamctl.emulator.kind import Kind
from beamctl.emulator.secrecy import kept_secret
from beamctl.emulator.spec import EMPTY
from beamctl.emulator.store.resource import Fields


@dataclass(frozen=True, slots=True)
class Body:
    """A body with two optional objects."""

    metadata: dict[str, Any]
    spec: dict[str, Any] | None

    def name(self) -> str:
        """The name of a new object.

        Raises:
            Refusal: 400: it is missing or invalid.
        """
        name = self.metadata.get("name")
        if wrong := rules.resource_name(name):
            raise bad_request(f"metadata.name {wrong}")
        return str(name)

    def check_name(self, name: str) -> None:
        """Raise a 400 if the body has another name."""
        if self.metadata.get("name", name) != name:
            raise bad_request("metadata.name cannot be changed")

    def fields(self, kind: Kind, before: Fields, quirks: Collection[Quirk]) -> Fields:
        """The writable part of an object after this request.

        Raises:
            Refusal: 400: a field is invalid or missing.
        """
        kept = Fields() if Quirk.PUT_REPLACES in quirks else before
        given = {key: self.metadata[key] for key in rules.METADATA if key in self.metadata}
        metadata_rules = rules.limited(rules.METADATA, quirks)
        for key, value in given.items():
            _check(f"metadata.{key}", metadata_rules[key], value)
        return Fields(
            display_name=given.get("displayName", kept.display_name),
            external_id=given.get("externalId", kept.external_id),
            labels=given.get("labels", kept.labels),
            spec=_spec(kind, self.spec, before.spec, quirks),
        )


def read(content: bytes) -> Body:
    """Parse the body of a request.

    Raises:
        Refusal: 400: it is not an object of objects.
    """
    parsed = body.json_object(content)
    metadata, spec = parsed.get("metadata", {}), parsed.get("spec", {})
    if not isinstance(metadata, dict):
        raise bad_request("metadata must be an object")
    _check("spec", rules.an_object, spec)
    return Body(metadata, spec if "spec" in parsed else None)


def _spec(
    kind: Kind, given: dict[str, Any] | None, before: dict[str, Any], quirks: Collection[Quirk]
) -> dict[str, Any]:
    """The spec after the request: the new one if given, else the stored one."""
    if given is None or Quirk.SPEC_MERGES in quirks:
        given = {**before, **(given or {})}
    elif kind.hidden in before and Quirk.PUT_REPLACES not in quirks:  # a client that cannot read it cannot send it back
        given = {kind.hidden: before[kind.hidden], **given}
    if kind.fields is None:
        return given
    for key, rule in kind.fields.items():
        if key in given:
            _check(f"spec.{key}", rule, given[key])
    known = {key: value for key, value in given.items() if key in kind.fields and value not in EMPTY}
    for key in kind.required:
        if key not in known:
            raise bad_request(f"spec.{key} is required")
    if kind.hidden in known:
        known[kind.hidden] = kept_secret(known[kind.hidden], before.get(kind.hidden, {}), quirks)
    return known


def _check(path: str, rule: rules.Rule, value: object) -> None:
    if wrong := rule(value):
        raise bad_request(f"{path} {wrong}")
