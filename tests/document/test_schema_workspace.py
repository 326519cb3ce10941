"""The schema of workspace documents, shared by editors and beamctl."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from beamctl.document.schema import load_schema
from beamctl.model.identity import Role

SCHEMA = load_schema("workspace")


def schemas(schema: dict[str, Any], where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property, definition, and schema of list or mapping values."""
    for group in ("properties", "$defs"):
        for name, inner in schema.get(group, {}).items():
            yield f"{where}/{name}", inner
            yield from schemas(inner, f"{where}/{name}")
    for name in ("additionalProperties", "items"):
        if isinstance(schema.get(name), dict):
            yield f"{where}/{name}", schema[name]
            yield from schemas(schema[name], f"{where}/{name}")


EVERY = dict(schemas(SCHEMA))


def test_it_is_a_valid_draft_2020_12_schema() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(SCHEMA)


def test_every_property_has_a_title_and_a_description() -> None:
    for where, schema in {"": SCHEMA, **EVERY}.items():
        assert schema["title"], where
        assert schema["description"].endswith("."), where


def test_every_object_declares_additional_properties() -> None:
    objects = [(where, schema) for where, schema in {"": SCHEMA, **EVERY}.items() if schema.get("type") == "object"]
    assert [where for where, schema in objects if "additionalProperties" not in schema] == []


@pytest.mark.parametrize("where", [where for where, schema in EVERY.items() if schema.keys() & {"examples", "default"}])
def test_examples_and_defaults_are_valid(where: str) -> None:
    schema = EVERY[where]
    validator = Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]})
    for example in [*schema.get("examples", []), *([schema["default"]] if "default" in schema else [])]:
        validator.validate(example)


def test_the_full_example_is_valid() -> None:
    for example in SCHEMA["examples"]:
        Draft202012Validator(SCHEMA).validate(example)


def test_the_roles_are_those_of_the_model() -> None:
    assert SCHEMA["$defs"]["role"]["enum"] == [role.value for role in Role]


def test_every_pattern_has_an_error_message() -> None:
    for schema in EVERY.values():
        assert ("pattern" in schema) == ("patternErrorMessage" in schema)
