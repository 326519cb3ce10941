"""Settings as the API shows them, and how two values compare."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from beamctl.errors import GarbledError

KIND = "settings"
GROUPS = "groupMappings"
SANDBOX = "sandbox"
KEYS = ("displayName", "labels", GROUPS, SANDBOX)
_TYPES: Mapping[str, type] = {"displayName": str, "labels": dict, GROUPS: list, SANDBOX: dict}
_RUNTIME = "runtime"
"""The API's object with the sandbox settings, and others that are not managed."""

Settings = Mapping[str, Any]
"""Every setting that can be declared, by name."""


def settings(payload: Any) -> Settings:  # noqa: ANN401 - this is where its shape is checked
    """Parse a workspace. Settings that the API omits are empty.

    Raises:
        GarbledError: The payload is not a workspace.
    """
    hint = "Check --api-url and try again later. --debug shows the response."
    if not isinstance(payload, dict) or not isinstance(payload.get("name"), str):
        raise GarbledError("the API's response is not a workspace", hint)
    runtime = payload.get(_RUNTIME)
    shown = {**payload, SANDBOX: runtime.get(SANDBOX) if isinstance(runtime, dict) else runtime}
    found = {key: shown.get(key) or kind() for key, kind in _TYPES.items()}
    for key, kind in _TYPES.items():
        if not isinstance(found[key], kind):
            raise GarbledError(f"the API shows {key} in an unknown format", hint)
    if not all(map(_is_mapping, found[GROUPS])):
        raise GarbledError("the API shows a group mapping in an unknown format", hint)
    return found


def with_setting(workspace: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """A workspace payload with a new value for one setting."""
    if name != SANDBOX:
        return {**workspace, name: value}
    runtime = workspace.get(_RUNTIME)
    return {**workspace, _RUNTIME: {**(runtime if isinstance(runtime, dict) else {}), SANDBOX: value}}


def key_of(name: str) -> str:
    """Sorts settings in display order."""
    return f"{KEYS.index(name)} {name}"


def normal(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value in normal form: the order of group mappings does not matter."""
    if name == GROUPS:
        return sorted((str(each.get("groupName")), str(each.get("role"))) for each in value if isinstance(each, dict))
    return value


def digest(live: Settings) -> str:
    """A fingerprint of all settings."""
    comparable = {name: normal(name, value) for name, value in live.items()}
    return hashlib.sha256(json.dumps(comparable, sort_keys=True).encode()).hexdigest()


def _is_mapping(each: object) -> bool:
    return isinstance(each, dict) and isinstance(each.get("groupName"), str) and isinstance(each.get("role"), str)
