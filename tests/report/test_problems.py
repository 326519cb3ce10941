"""Problems on a terminal: the source line with carets under the value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.document.load import SourceText, with_lines
from beamctl.document.problem import Place, Problem, ProblemCode
from beamctl.report.problems_text import problems_text
from beamctl.report.style import SourceLines, Style, Tone
from beamctl.workflow.documents import validate

CODE = ProblemCode.INVALID_VALUE
SECRET = "hunter22hunter22"
LINES = SourceLines(80, lambda text: text.replace(SECRET, "[hidden]"))


def excerpt(line: str, column: int, lines: SourceLines = LINES) -> list[str]:
    """The source line and the carets, without the gutter."""
    text = problems_text([Problem(Place("a.yaml", 7, column), CODE, "wrong", "fix it", line)], source_lines=lines)
    first, *middle, hint, empty, total = text.splitlines()
    assert (first, hint, empty) == (f"a.yaml:7:{column}: wrong", "  help: fix it", "")
    assert total.startswith("1 problem.")
    assert [each[:5] for each in middle] == ["  7 |", "    |"][: len(middle)]
    return [each[6:] for each in middle]


@pytest.mark.parametrize(
    ("line", "column", "under"),
    [
        ("  ada@x.io: amdin", 13, "amdin"),
        ("  ada@x.io: amdin # why", 13, "amdin"),
        ("membres: {}", 1, "membres"),
        ("  a: {role: member, until: tomorrow}", 28, "tomorrow"),
        ('  "b@x.io": {"x y": 3}', 14, '"x y"'),
        ("  b: 'it''s'", 6, "'it''s'"),
        ("  b: {role: admin}", 6, "{"),
        ("a: [1, 2]", 5, "1"),
        ("a: b:c", 4, "b:c"),
        ("a: b#c", 4, "b#c"),
        ("a:\tb", 4, "b"),
        ('a: "never closed', 4, '"never closed'),
    ],
)
def test_carets_are_under_the_value(line: str, column: int, under: str) -> None:
    shown, carets = excerpt(line, column)
    assert shown == line.replace("\t", " ")
    assert carets == " " * (column - 1) + "^" * len(under)
    assert line[column - 1 :].startswith(under)


def test_wide_characters_take_two_columns() -> None:
    assert excerpt("  山田: 山田 # x", 7)[1] == " " * 8 + "^" * 4


def test_a_long_line_is_cut_around_the_value() -> None:
    shown, carets = excerpt("a" * 300 + ": " + "wrong" + " # " + "b" * 300, 303)
    assert len(shown) <= 80
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "wrong"


def test_a_long_line_of_wide_characters_fits() -> None:
    shown, carets = excerpt("a: " + "山" * 60 + " # b", 4)
    assert 2 * len(shown) <= 80
    assert len(carets) <= 80


def test_a_secret_in_the_line_is_hidden() -> None:
    assert excerpt(f"apiKey: {SECRET}", 1) == ["apiKey: [hidden]", "^^^^^^"]
    assert excerpt(f"apiKey: {SECRET}", 9) == ["apiKey: [hidden]"]


def test_hostile_text_is_escaped() -> None:
    assert excerpt("a: \x1b[31mb", 1) == ["a: \\x1b[31mb", "^"]
    assert excerpt("a: \x1b[31mb", 4) == ["a: \\x1b[31mb"]


def test_one_line_each_unless_lines_are_asked_for() -> None:
    problem = Problem(Place("a.yaml", 7, 1), CODE, "wrong", "fix it", "a: b")
    assert problems_text([problem]).splitlines()[:2] == ["a.yaml:7:1: wrong", "    fix it"]


def test_problems_carry_their_lines() -> None:
    source = SourceText("a.yaml", b"\xef\xbb\xbfversion: 1\r\nworkspace: acme\r\nmembres: {}\r\n")
    found = validate([source]).problems
    assert [(each.place.line, each.line.strip()) for each in found] == [(3, "membres: {}")]
    assert with_lines([Problem(Place("b.yaml", 3), CODE, "x")], [source])[0].line == ""


@given(st.text(max_size=200), st.integers(0, 210), st.integers(0, 100))
def test_any_line_and_place(line: str, column: int, width: int) -> None:
    problem = Problem(Place("a.yaml", 1, column), CODE, "wrong", "", line)
    text = problems_text([problem], Style(color=False), source_lines=SourceLines(width, str))
    assert all(char == "\n" or char.isprintable() or not char.isascii() for char in text)
    assert Style(color=True)(Tone.BAD, "wrong") in problems_text([problem], Style(color=True), source_lines=LINES)


@pytest.mark.parametrize(
    "text",
    [
        "integrations:\n  x:\n    type: github\n    secret: {token: s3cr3t-value}\n",
        "integrations:\n  x:\n    type: github\n    secret: s3cr3t-value\n",
        "integrations:\n  x:\n    type: github\n    secret:\n      token: [s3cr3t-value]\n",
        "integrations:\n  x:\n    type: github\n    secret:\n      - s3cr3t-value\n",
        'integrations:\n  x:\n    type: github\n    secret: {token: "s3cr3t-value\n',
        "password: s3cr3t-value\n",
        "settings:\n  sandbox: {apiKey: s3cr3t-value}\n",
    ],
)
def test_a_line_that_may_hold_a_secret_is_not_shown(text: str) -> None:
    source = SourceText("a.yaml", f"version: 1\nworkspace: acme\n{text}".encode())
    found = validate([source]).problems
    assert found
    assert "s3cr3t-value" not in problems_text(found, source_lines=LINES)


def test_a_line_with_wide_characters_fits() -> None:
    shown, carets = excerpt("a: " + "山" * 100, 4)
    assert sum(1 + (not char.isascii() and char != "…") for char in shown) <= 80 - 4
    assert set(carets) == {" ", "^"}
