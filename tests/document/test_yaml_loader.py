"""From YAML text to plain data and positions."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.document.problem import Place
from beamctl.document.yaml_loader import parse, parse_plain


def data(text: str) -> Any:
    documents, problems = parse_plain(text, "f.yaml")
    assert problems == []
    (document,) = documents
    return document


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "python":
        monkeypatch.delattr(yaml, "CSafeLoader")
    return str(request.param)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("nUll", "nUll"),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("0", 0),
        ("-17", -17),
        ("+17", 17),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0x1F", "-0x1F"),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2027-01-31", "2027-01-31"),
        ("1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1e3", -1000.0),
        ("1e400", math.inf),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("+.inf", math.inf),
        (".", "."),
        ("+", "+"),
        ("25%", "25%"),
        ("9" * 100, int("9" * 100)),
        ("'12'", "12"),
        ('"true"', "true"),
        ("''", ""),
        ('"a\\tb"', "a\tb"),
        ("|\n  12\n", "12\n"),
        ("<<", "<<"),
    ],
)
@pytest.mark.usefixtures("parser")
def test_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    read = data(f"k: {text}\n")["k"]
    assert read == value
    assert type(read) is type(value)


def test_nan_is_a_float() -> None:
    assert math.isnan(data(".nan"))


def test_keys_are_strings_as_written() -> None:
    assert data("1: a\ntrue: b\nnull: c\n'': d\n2027-01-31: e\n'<<': f\n0x10: g\n") == {
        "1": "a",
        "true": "b",
        "null": "c",
        "": "d",
        "2027-01-31": "e",
        "<<": "f",
        "0x10": "g",
    }


def test_shapes() -> None:
    assert data("a: [1, {b: c}, []]\nd:\n- e\n- - f\ng: {}\n") == {"a": [1, {"b": "c"}, []], "d": ["e", ["f"]], "g": {}}


@pytest.mark.usefixtures("parser")
def test_positions_of_every_key_and_value() -> None:
    text = "# comment\nversion: 1\nmembers:\n  äda@example.com: admin\n  bob@x: {role:  member}\nlist: [a, 'b',\n  c]\n"
    (draft,) = parse(text.encode(), "f.yaml").drafts
    assert dict(draft.document.keys) == {
        ("version",): (2, 1),
        ("members",): (3, 1),
        ("members", "äda@example.com"): (4, 3),
        ("members", "bob@x"): (5, 3),
        ("members", "bob@x", "role"): (5, 11),
        ("list",): (6, 1),
    }
    assert dict(draft.document.values) == {
        (): (2, 1),
        ("version",): (2, 10),
        ("members",): (4, 3),
        ("members", "äda@example.com"): (4, 20),
        ("members", "bob@x"): (5, 10),
        ("members", "bob@x", "role"): (5, 18),
        ("list",): (6, 7),
        ("list", 0): (6, 8),
        ("list", 1): (6, 11),
        ("list", 2): (7, 3),
    }
    assert draft.document.place("members", "bob@x", "until") == Place("f.yaml", 5, 10)


def test_lines_are_counted_over_the_whole_file() -> None:
    drafts = parse(b"a: 1\n---\n\nb: 2\n", "f.yaml").drafts
    assert [draft.document.key_place(key) for draft, key in zip(drafts, "ab", strict=True)] == [
        Place("f.yaml", 1, 1),
        Place("f.yaml", 4, 1),
    ]


@pytest.mark.parametrize("content", ["", "\n", "# nothing\n", "---\n", "---\n---\n# x\n", "\ufeff", "&a\n"])
def test_an_empty_file_has_no_documents(content: str) -> None:
    assert parse_plain(content, "f.yaml") == ([], [])


def test_empty_documents_are_skipped_but_explicit_nulls_are_not() -> None:
    assert parse_plain("---\n---\na: 1\n---\n# x\n---\nnull\n---\n''\n", "f.yaml") == ([{"a": 1}, None, ""], [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    (draft,) = parse("ä: 'ö😀' # ü\nb: c".encode(encoding), "f.yaml").drafts
    assert draft.document.data == {"ä": "ö😀", "b": "c"}
    assert draft.document.keys["ä",] == (1, 1)


def test_text_is_accepted_instead_of_bytes() -> None:
    assert parse_plain("\ufeffä: ö", "f.yaml") == ([{"ä": "ö"}], [])


def test_windows_line_endings() -> None:
    (draft,) = parse(b"a: 1\r\nb: 2\r\n", "f.yaml").drafts
    assert draft.document.data == {"a": 1, "b": 2}
    assert draft.document.keys["b",] == (2, 1)


def test_aliases_have_the_value_of_their_anchor_and_their_own_position() -> None:
    (draft,) = parse(b"a: &x {role: admin}\n&k b: *x\nc: [*k, *x]\nd: &x 1\ne: *x\n", "f.yaml").drafts
    document = draft.document
    assert document.data == {
        "a": {"role": "admin"},
        "b": {"role": "admin"},
        "c": ["b", {"role": "admin"}],
        "d": 1,
        "e": 1,
    }
    assert document.place("b", "role") == Place("f.yaml", 2, 7)
    assert document.place("c", 1, "role") == Place("f.yaml", 3, 9)


def test_an_anchor_is_valid_until_the_end_of_its_document() -> None:
    _, problems = parse_plain("a: &x 1\n---\nb: *x\n", "f.yaml")
    assert [(problem.place.line, problem.message) for problem in problems] == [
        (3, "the anchor of '*x' is in an earlier document; anchors end at '---'")
    ]


PLAIN_DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(alphabet=st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab01-:# {[@", max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(PLAIN_DATA.filter(lambda value: value is not None))
def test_quoted_data_is_read_back_unchanged(value: object) -> None:
    import json

    assert parse_plain(json.dumps(value, ensure_ascii=False), "f.yaml") == ([value], [])
