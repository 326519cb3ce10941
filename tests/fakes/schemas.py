"""The published schemas, checked with a plain JSON Schema validator."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

FOLDER = Path(__file__).parents[2] / "schemas"


@cache
def plain_validator(name: str) -> Draft202012Validator:
    schemas = {
        each: json.loads((FOLDER / f"{each}.schema.json").read_text("utf-8"))
        for each in ("changes", "plan", "run", "workspace")
    }
    registry: Registry[Any] = Registry().with_resources(
        (each["$id"], Resource.from_contents(each)) for each in schemas.values()
    )
    return Draft202012Validator(schemas[name], registry=registry)


def problems_with(name: str, data: object) -> list[str]:
    """How the data violates the schema `plan` or `run`."""
    return [f"{error.json_path}: {error.message}" for error in plain_validator(name).iter_errors(data)]
