"""Finds the JSON Schemas in an installed package, an editable install or a checkout."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")


def schema_path(name: str) -> Path:
    """The path of the schema `name`, for example `workspace`.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    for folder in _FOLDERS:
        path = folder / f"{name}.schema.json"
        if path.is_file():
            return path
    raise FileNotFoundError(f"the beamctl installation is incomplete: the schema {name!r} is missing")


@cache
def load_schema(name: str) -> dict[str, Any]:
    """The schema `name`. It is cached: do not modify it."""
    schema: dict[str, Any] = json.loads(schema_path(name).read_text("utf-8"))
    return schema
