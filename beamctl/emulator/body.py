"""Reading the body of a request: JSON, an object, fields that keep the rules. Whatever is wrong with it is a 400, never
a crash. It must not know what a field is for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from beamctl.emulator.errors import bad_request
from beamctl.emulator.rules import SETTINGS
from beamctl.emulator.store.workspace import Settings


def json_object(body: bytes) -> dict[str, Any]:
    """The object in a JSON body.

    Raises:
        Refusal: 400: it is no JSON, or no object.
    """
    try:
        content = json.loads(body)
        # Python reads more than JSON: half a surrogate pair, and numbers beyond all bounds. Neither could be stored.
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise bad_request("the body is not valid JSON") from None
    if not isinstance(content, dict):
        raise bad_request("the body must be a JSON object")
    return content


def settings(body: dict[str, Any], before: Settings) -> Settings:
    """The settings of a workspace after taking over the writable fields that the body gives; others are ignored.

    Raises:
        Refusal: 400: a field breaks its rule.
    """
    given = {key: body[key] for key in SETTINGS if key in body}
    for key, value in given.items():
        if wrong := SETTINGS[key](value):
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
