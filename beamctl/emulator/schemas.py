"""Loads the JSON Schemas of the API, from an installed package or a checkout."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from beamctl.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "urn:beamctl:api:"
"""Prefix of each `$id`; the rest is the schema's name."""

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "schemas" / "api", _PACKAGE.parent / "schemas" / "api")


@cache
def load() -> Mapping[str, dict[str, Any]]:
    """Every schema by name, read once. Do not modify them.

    Raises:
        EmulatorError: The installation is incomplete.
    """
    for folder in _FOLDERS:
        paths = sorted(folder.glob("*.json"))
        if paths:
            return MappingProxyType({path.stem: json.loads(path.read_text("utf-8")) for path in paths})
    raise EmulatorError("the beamctl installation is incomplete: the schemas of the API are missing; reinstall it")
