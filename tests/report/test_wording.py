"""Every fact has one template for its code, which uses exactly the fields that the code is created with."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import beamctl
from beamctl.errors import BeamctlError, DocumentError
from beamctl.model.code import Code
from beamctl.model.fact import Fact, error_fact, fact, fact_data, fact_of
from beamctl.plan.comparison import UnchangedReason
from beamctl.report.apply_wording import APPLY_TEMPLATES
from beamctl.report.plan_wording import PLAN_TEMPLATES
from beamctl.report.wording import TALLY, templates, words

PACKAGE = Path(beamctl.__file__).parent
FOR_PROGRAMS = {"problem"}
"""Fields that no text shows."""
WORDING = {"apply_wording.py", "document_wording.py", "plan_wording.py"}


def codes_in(node: ast.AST, function: ast.AST) -> Iterator[Code]:
    """The codes that an expression can have, including through a variable."""
    values = [node]
    if isinstance(node, ast.Name):
        assigned = [each for each in ast.walk(function) if isinstance(each, ast.Assign)]
        values = [each.value for each in assigned if ast.unparse(each.targets[0]) == node.id]
    for each in (inner for value in values for inner in ast.walk(value)):
        match each:
            case ast.Attribute(value=ast.Name(id="Code"), attr=name):
                yield Code[name]
            case _:
                pass


def made() -> Iterator[tuple[Code, frozenset[str]]]:
    """Every code that the core creates a fact with, and its fields."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name in WORDING:
            continue
        tree = ast.parse(path.read_text())
        for function in [*(each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)), tree]:
            for call in (each for each in ast.walk(function) if isinstance(each, ast.Call)):
                match call:
                    case ast.Call(func=ast.Name(id="fact"), args=[code], keywords=fields):
                        given = frozenset(field.arg or "" for field in fields)
                    case ast.Call(func=ast.Name(id="Fact"), args=[code, ast.Dict(keys=keys)]):
                        given = frozenset(str(key.value) for key in keys if isinstance(key, ast.Constant))
                    case _:
                        continue
                yield from ((each, given) for each in codes_in(code, function))


def error_classes(of: type[BeamctlError]) -> Iterator[type[BeamctlError]]:
    yield of
    for each in of.__subclasses__():
        yield from error_classes(each)


def test_every_error_has_a_code_of_its_own() -> None:
    classes = list(error_classes(BeamctlError))
    assert len({each.code for each in classes}) == len(classes)
    for each in classes:
        assert error_fact(each([] if each is DocumentError else "m")).code == each.code  # type: ignore[arg-type]


def test_every_code_has_one_template() -> None:
    assert templates().keys() == set(Code)
    assert not APPLY_TEMPLATES.keys() & PLAN_TEMPLATES.keys()
    assert TALLY.keys() == set(UnchangedReason)


def test_every_template_uses_the_fields_that_are_given() -> None:
    used = {
        code: {name for _, name, _, _ in string.Formatter().parse(template) if name}
        for code, template in templates().items()
    }
    assert [(code, given, used[code]) for code, given in made() if given - FOR_PROGRAMS != used[code]] == []


def test_every_code_is_used() -> None:
    named = {
        node.attr
        for path in PACKAGE.rglob("*.py")
        if path.name not in WORDING
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code"
    }
    errors = {Code(each.code).name for each in error_classes(BeamctlError)}
    assert named | errors == {code.name for code in Code}


def test_a_fact_survives_json() -> None:
    names = ("a", fact(Code.LIMIT, guard="g", limit=3))
    each = fact(Code.PROTECTED, name="x", guards=names, loss=fact(Code.INTERRUPTED))
    assert fact_of(fact_data(each)) == each


def test_missing_or_additional_fields_are_tolerated() -> None:
    for code in Code:
        assert words(Fact(code))
        assert words(
            Fact(code, {"names": 1, "count": ("x",), "minutes": "x", "number": (), "guards": "x", "extra": "y"})
        )


def test_lists_and_numbers() -> None:
    said = {
        "1 accepted admin would remain; a is 2 and b is 3": fact(
            Code.TOO_FEW_ADMINS_LEFT,
            left=1,
            guards=(fact(Code.LIMIT, guard="a", limit=2), fact(Code.LIMIT, guard="b", limit=3)),
        ),
        "it depends on a, b, which were not done": fact(Code.DEPENDENCY_NOT_DONE, names=("a", "b"), count=2),
        "the API responded with 500": fact(Code.API_ANSWERED, status=500, detail=""),
        "the API responded with 500: down": fact(Code.API_ANSWERED, status=500, detail="down"),
        "any domain is allowed, before only none": fact(Code.ANY_DOMAIN_ALLOWED, before=()),
    }
    assert {words(each): each for each in said.values()} == said


def test_huge_numbers_do_no_harm() -> None:
    for digits in ("9" * 9, "9" * 5_000):
        assert words(fact(Code.CLOCK_AHEAD, minutes=digits, here="a", there="b"))


def test_facts_of_a_file_are_not_nested_deeply() -> None:
    each = fact(Code.INTERRUPTED)
    for _ in range(30):
        each = fact(Code.NEWER_SECRET, name="x", version=each, declared=1)
    with pytest.raises(ValueError, match="nested too deeply"):
        fact_of(fact_data(each))


def test_a_code_of_a_newer_version() -> None:
    with pytest.raises(ValueError, match="has the code 'nope', which this version of beamctl does not know"):
        fact_of({"code": "nope", "fields": {}})
