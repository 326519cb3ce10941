"""The compiled check accepts every valid document, and nothing that jsonschema rejects."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.document import schema
from beamctl.document.schema_compiler import Compiler
from beamctl.document.yaml_loader import parse_plain
from tests.apply.test_record import complete_record

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    data
    for path in sorted([*ROOT.glob("examples/*.yaml"), *ROOT.glob("tests/cases/*/access.yaml")])
    for data in parse_plain(path.read_bytes(), path.name)[0]
]
PLANS = [json.loads(path.read_text()) for path in sorted(ROOT.glob("tests/cases/*/plan.json"))]
RECORD = list(map(json.loads, complete_record().splitlines()))
VALID = [
    (name, data)
    for name, all_data in (("workspace", DOCUMENTS), ("plan", PLANS), ("run", RECORD))
    for data in all_data
    if schema.jsonschema_validator(name).is_valid(data)
]
ODD: list[Any] = [
    "",
    "admin",
    "25%",
    "acme-",
    "acme\n",
    "2027-01-31",
    "90d",
    0,
    -1,
    1,
    2.5,
    1.0,
    True,
    None,
    [],
    {},
    ["x"],
]
ODD += [
    {"role": "admin"},
    {"env": "X"},
    {"env": ""},
    {"env": "X", "file": "y"},
    "x" * 64,
    "run",
    "end",
    "done",
    "superseded",
    10**30,
]


def places(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(each for key, value in pairs for each in places(value, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Any]:
    name, data = deepcopy(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(places(data)[1:] or [("x",)]))
        inner = data
        for key in parents:
            inner = inner[key]
        match draw(st.sampled_from(["replace", "delete", "add"])):
            case "delete":
                del inner[last]
            case "add" if isinstance(inner, dict):
                inner[draw(st.sampled_from(["x", "env", "file", "email", "role", "event", str(last)]))] = deepcopy(
                    draw(st.sampled_from(ODD))
                )
            case _:
                inner[last] = deepcopy(draw(st.sampled_from(ODD)))
        if not data:
            break
    return name, data


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_invalid_data_is_not_accepted_and_valid_data_not_refused(case: tuple[str, Any]) -> None:
    name, data = case
    is_valid = schema.jsonschema_validator(name).is_valid(data)
    if schema.quick_check(name)(data):
        assert is_valid
    if not schema.quick_check(name, lenient=True)(data):
        assert not is_valid


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"type": "integer"}, "1"),
        ({"type": "integer"}, True),
        ({"enum": ["a"]}, 1),
        ({"const": "a"}, "b"),
        ({"pattern": "^a$"}, "a\n"),
        ({"minimum": 1}, 0.5),
        ({"additionalProperties": False}, {"a": 1}),
        ({"anyOf": [{"type": "string"}, {"type": "object", "required": ["a"]}]}, {}),
    ],
)
def test_what_is_certainly_invalid_is_refused(rule: dict[str, Any], value: object) -> None:
    assert not Compiler([rule], lenient=True).compile(rule)(value)


@pytest.mark.parametrize(
    ("rule", "value"), [({"type": "integer"}, 1.0), ({"enum": [1]}, 1.0), ({"const": 1}, 1.0), ({"minimum": 1}, 1.0)]
)
def test_a_lenient_compiler_accepts_what_it_is_not_sure_of(rule: dict[str, Any], value: object) -> None:
    assert Compiler([rule], lenient=True).compile(rule)(value)


@pytest.mark.parametrize(("name", "data"), VALID, ids=[f"{name}-{number}" for number, (name, _) in enumerate(VALID)])
def test_valid_data_is_accepted(name: str, data: Any) -> None:
    assert schema.quick_check(name)(data), "a keyword is missing in schema_compiler.py: validation takes 50 ms longer"


def test_every_schema_has_valid_samples() -> None:
    assert {name for name, _ in VALID} == {"workspace", "plan", "run"}


@pytest.mark.parametrize(
    "rule",
    [
        {"format": "email"},
        {"type": ["string", "null"]},
        {"not": {}},
        {"if": {"format": "email"}, "else": {"not": {}}},
        {"$ref": "#/$defs/absent"},
    ],
)
def test_unsupported_keywords_are_left_to_jsonschema(rule: dict[str, Any]) -> None:
    assert not Compiler([rule]).compile(rule)("x")
    assert Compiler([rule], lenient=True).compile(rule)("x")


def test_a_recursive_schema() -> None:
    tree = {"$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}, "$ref": "#/$defs/tree"}
    accepts = Compiler([tree]).compile(tree)
    assert accepts([[], [[]]])
    assert not accepts([[], [1]])
