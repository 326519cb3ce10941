"""Parses and validates request bodies. Anything invalid is a 400, never a crash."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.errors import bad_request
from beamctl.emulator.kind import EMPTY, Kind, kept_secret
from beamctl.emulator.rules import METADATA, SETTINGS, Rule, an_object, limited, resource_name
from beamctl.emulator.store.resource import Fields
from beamctl.emulator.store.workspace import Settings

_FORM = "application/x-www-form-urlencoded"


def json_object(body: bytes) -> dict[str, Any]:
    """The object in a JSON body.

    Raises:
        Refusal: 400: it is not JSON or not an object.
    """
    try:
        content = json.loads(body)
        # Python accepts lone surrogates and infinite numbers, which are not JSON and cannot be stored.
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise bad_request("the body is not valid JSON") from None
    if not isinstance(content, dict):
        raise bad_request("the body must be a JSON object")
    return content


def json_or_form(body: bytes, content_type: str) -> dict[str, Any]:
    """The fields of a JSON object or, by content type, of a form.

    Raises:
        Refusal: 400: it is neither.
    """
    if content_type.partition(";")[0].strip().lower() != _FORM:
        return json_object(body)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError:
        raise bad_request("the body is not a valid form") from None


def settings(body: dict[str, Any], before: Settings, flags: Collection[BehaviorFlag]) -> Settings:
    """The settings of a workspace updated with the writable fields of the body; other fields are ignored.

    Raises:
        Refusal: 400: a field is invalid.
    """
    if not isinstance(body.get("accountId", ""), str):  # there is only one account, so the value is not used
        raise bad_request("accountId must be a string")
    given = {key: body[key] for key in SETTINGS if key in body}
    rules = limited(SETTINGS, flags)
    for key, value in given.items():
        if wrong := rules[key](value):
            raise bad_request(f"{key} {wrong}")
    if "groupMappings" in given:
        kept = [{"groupName": item["groupName"], "role": item["role"]} for item in given["groupMappings"]]
        given["groupMappings"] = kept
    return replace(before, **{_ATTRIBUTES[key]: value for key, value in given.items()})


_ATTRIBUTES = {
    "displayName": "display_name",
    "labels": "labels",
    "region": "region",
    "groupMappings": "group_mappings",
    "runtime": "runtime",
}


@dataclass(frozen=True, slots=True)
class ResourceBody:
    """A body with two optional objects."""

    metadata: dict[str, Any]
    spec: dict[str, Any] | None

    def name(self) -> str:
        """The name of a new object.

        Raises:
            Refusal: 400: it is missing or invalid.
        """
        name = self.metadata.get("name")
        if wrong := resource_name(name):
            raise bad_request(f"metadata.name {wrong}")
        return str(name)

    def check_name(self, name: str) -> None:
        """Raise a 400 if the body has another name."""
        if self.metadata.get("name", name) != name:
            raise bad_request("metadata.name cannot be changed")

    def fields(self, kind: Kind, before: Fields, flags: Collection[BehaviorFlag]) -> Fields:
        """The writable part of an object after this request.

        Raises:
            Refusal: 400: a field is invalid or missing.
        """
        kept = Fields() if BehaviorFlag.PUT_REPLACES in flags else before
        given = {key: self.metadata[key] for key in METADATA if key in self.metadata}
        metadata_rules = limited(METADATA, flags)
        for key, value in given.items():
            _check(f"metadata.{key}", metadata_rules[key], value)
        return Fields(
            display_name=given.get("displayName", kept.display_name),
            external_id=given.get("externalId", kept.external_id),
            labels=given.get("labels", kept.labels),
            spec=_spec(kind, self.spec, before.spec, flags),
        )


def read_resource(content: bytes) -> ResourceBody:
    """Parse the body of a request.

    Raises:
        Refusal: 400: it is not an object of objects.
    """
    parsed = json_object(content)
    metadata, spec = parsed.get("metadata", {}), parsed.get("spec", {})
    if not isinstance(metadata, dict):
        raise bad_request("metadata must be an object")
    _check("spec", an_object, spec)
    return ResourceBody(metadata, spec if "spec" in parsed else None)


def _spec(
    kind: Kind, given: dict[str, Any] | None, before: dict[str, Any], flags: Collection[BehaviorFlag]
) -> dict[str, Any]:
    """The spec after the request: the new one if given, else the stored one."""
    if given is None or BehaviorFlag.SPEC_MERGES in flags:
        given = {**before, **(given or {})}
    elif (
        kind.hidden in before and BehaviorFlag.PUT_REPLACES not in flags
    ):  # a client that cannot read it cannot send it back
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
        known[kind.hidden] = kept_secret(known[kind.hidden], before.get(kind.hidden, {}), flags)
    return known


def _check(path: str, rule: Rule, value: object) -> None:
    if wrong := rule(value):
        raise bad_request(f"{path} {wrong}")
