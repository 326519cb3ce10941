"""Parses and validates request bodies, JSON or form. Anything invalid is a 400, never a crash."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from beamctl.emulator.behavior import Quirk
from beamctl.emulator.errors import bad_request
from beamctl.emulator.rules import SETTINGS, limited
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


def settings(body: dict[str, Any], before: Settings, quirks: Collection[Quirk]) -> Settings:
    """The settings of a workspace updated with the writable fields of the body; other fields are ignored.

    Raises:
        Refusal: 400: a field is invalid.
    """
    if not isinstance(body.get("accountId", ""), str):  # there is only one account, so the value is not used
        raise bad_request("accountId must be a string")
    given = {key: body[key] for key in SETTINGS if key in body}
    rules = limited(SETTINGS, quirks)
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
