"""The schema that editors and beamctl share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from beamctl.document.schema import load_schema
from beamctl.model.identity import Role

SCHEMA = load_schema("workspace")


def schemas(schema: dict[str, Any], where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property, every definition, and every schema of a list's or a mapping's content."""
    for group in ("properties", "$defs"):
        for name, inner in schema.get(group, {}).items():
            yield f"{where}/{name}", inner
            yield from schemas(inner, f"{where}/{name}")
    for name in ("additionalProperties", "items"):
        if isinstance(schema.get(name), dict):
            yield f"{where}/{name}", schema[name]
            yield from schemas(schema[name], f"{where}/{name}")


EVERY = dict(schemas(SCHEMA))


def test_it_is_a_schema_of_draft_2020_12() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("where", ["", *EVERY])
def test_editors_can_explain_everything(where: str) -> None:
    schema = EVERY[where] if where else SCHEMA
    assert schema["title"]
    assert schema["description"].endswith((".", "nobody."))


@pytest.mark.parametrize("where", ["", *EVERY])
def test_objects_say_what_else_they_may_have(where: str) -> None:
    schema = EVERY[where] if where else SCHEMA
    if schema.get("type") == "object":
        assert "additionalProperties" in schema


@pytest.mark.parametrize("where", [where for where, schema in EVERY.items() if schema.keys() & {"examples", "default"}])
def test_examples_and_defaults_are_valid(where: str) -> None:
    schema = EVERY[where]
    validator = Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]})
    for example in [*schema.get("examples", []), *([schema["default"]] if "default" in schema else [])]:
        validator.validate(example)


def test_the_example_of_the_whole_is_valid() -> None:
    for example in SCHEMA["examples"]:
        Draft202012Validator(SCHEMA).validate(example)


def test_the_roles_are_those_of_the_model() -> None:
    assert SCHEMA["$defs"]["role"]["enum"] == [role.value for role in Role]


def test_patterns_have_words_for_the_user() -> None:
    for schema in EVERY.values():
        assert ("pattern" in schema) == ("patternErrorMessage" in schema)
