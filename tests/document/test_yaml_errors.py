"""Problems of YAML files that are found before the schema: each with its position, message and hint."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from beamctl.document import syntax
from beamctl.document.problem import Place, Problem, ProblemCode
from beamctl.document.yaml_loader import parse, parse_plain

FIT = "check the indentation, and whether a quote or a bracket is closed too early"
HIDDEN = "delete it, or write it as an escape in double quotes: "

# text, line, column (None if the two parsers differ), message, hint
SYNTAX = [
    (
        "a:\n\tb: c\n",
        2,
        1,
        ProblemCode.YAML_SYNTAX,
        "found character that cannot start any token while scanning for the next token",
        "indent with spaces, not tabs",
    ),
    (
        "a: b\n\tc: d\n",
        2,
        1,
        ProblemCode.YAML_SYNTAX,
        "found a tab character that violates indentation while scanning a plain scalar",
        "indent with spaces, not tabs",
    ),
    (
        "a: >\n\tb\n",
        2,
        1,
        ProblemCode.YAML_SYNTAX,
        "found a tab character where an indentation space is expected while scanning a block scalar",
        "indent with spaces, not tabs",
    ),
    (
        "members:\n  a@x: member\n  b@x:admin\n  c@x: member\n",
        3,
        6,
        ProblemCode.YAML_SYNTAX,
        "could not find expected ':' while scanning a simple key",
        "put a space after the colon: 'key: value'",
    ),
    (
        "members:\n  a@x: member\n  b@x admin\n  c@x: member\n",
        3,
        3,
        ProblemCode.YAML_SYNTAX,
        "could not find expected ':' while scanning a simple key",
        "check for a missing colon, or a missing space after it",
    ),
    (
        "members:\n  a@x:\u00a0admin\n  b@x: admin\n",
        2,
        7,
        ProblemCode.YAML_SYNTAX,
        "mapping values are not allowed in this context",
        "replace the no-break space (U+00A0) with a regular space",
    ),
    (
        "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> other\n",
        2,
        1,
        ProblemCode.MERGE_CONFLICT,
        "an unresolved merge conflict begins here",
        "keep one version and delete the markers",
    ),
    *(
        (
            text.format(marker),
            line,
            1,
            ProblemCode.MERGE_CONFLICT,
            None,
            "delete the merge conflict marker, and check the lines around it",
        )
        for marker in ("<<<<<<< HEAD", "||||||| 1a2b3c", "=======", ">>>>>>> branch", ">>>>>>> branch\r")
        for text, line in (
            ("{}\na: 1\n", 1),
            ("a: 1\n{}\nb: 2\n", 2),
            ("a:\n  b: 1\n{}\n  c: 2\n", 3),
            ("a: 1\n{}\n", 2),
        )
    ),
    (
        "a: b: c\n",
        1,
        5,
        ProblemCode.YAML_SYNTAX,
        "mapping values are not allowed in this context",
        "put quotes around a value that contains ': ', or check the indentation of this line",
    ),
    (
        "a: @x\n",
        1,
        4,
        ProblemCode.YAML_SYNTAX,
        "found character that cannot start any token while scanning for the next token",
        "put quotes around the value that begins here",
    ),
    (
        "a: `x`\n",
        1,
        4,
        ProblemCode.YAML_SYNTAX,
        "found character that cannot start any token while scanning for the next token",
        "put quotes around the value that begins here",
    ),
    (
        "a: %x\n",
        1,
        4,
        ProblemCode.YAML_SYNTAX,
        "found character that cannot start any token while scanning for the next token",
        "put quotes around the value that begins here",
    ),
    (
        "a: {b: c\nd: e\n",
        1,
        4,
        ProblemCode.YAML_SYNTAX,
        "did not find expected ',' or '}' while parsing a flow mapping",
        "the { that opens here is not closed, or a comma is missing",
    ),
    (
        "a: [b, c\nd: e\n",
        1,
        4,
        ProblemCode.YAML_SYNTAX,
        "did not find expected ',' or ']' while parsing a flow sequence",
        "the [ that opens here is not closed, or a comma is missing",
    ),
    (
        "a: b\nc: 'it is\nd: e\n",
        2,
        4,
        ProblemCode.YAML_SYNTAX,
        "found unexpected end of stream while scanning a quoted scalar",
        "the quote that opens here is never closed; a ' inside '…' is written ''",
    ),
    (
        'a: "c:\\path"\n',
        1,
        None,
        ProblemCode.YAML_SYNTAX,
        "found unknown escape character while parsing a quoted scalar",
        "write \\\\ for a backslash, or use single quotes",
    ),
    (
        'a: "\\U99999999"\n',
        1,
        None,
        ProblemCode.YAML_SYNTAX,
        "found invalid Unicode character escape code while parsing a quoted scalar",
        "write \\uXXXX or \\UXXXXXXXX",
    ),
    (
        'a: "\\ud800"\n',
        1,
        None,
        ProblemCode.YAML_SYNTAX,
        "found invalid Unicode character escape code while parsing a quoted scalar",
        "write \\uXXXX or \\UXXXXXXXX",
    ),
    (
        'a: "\\uzzzz"\n',
        1,
        None,
        ProblemCode.YAML_SYNTAX,
        "did not find expected hexdecimal number while parsing a quoted scalar",
        "write \\uXXXX or \\UXXXXXXXX",
    ),
    (
        "a:\n  b: c\n d: e\n",
        3,
        2,
        ProblemCode.YAML_SYNTAX,
        "did not find expected key while parsing a block mapping",
        FIT,
    ),
    ("a: 'it's'\n", 1, 8, ProblemCode.YAML_SYNTAX, "did not find expected key while parsing a block mapping", FIT),
    ("a: b\n- c\n", 2, 1, ProblemCode.YAML_SYNTAX, "did not find expected key while parsing a block mapping", FIT),
    (
        "- a\nb: c\n",
        2,
        1,
        ProblemCode.YAML_SYNTAX,
        "did not find expected '-' indicator while parsing a block collection",
        FIT,
    ),
    (
        "a: - b\n",
        1,
        4,
        ProblemCode.YAML_SYNTAX,
        "block sequence entries are not allowed in this context",
        "begin the list on the line below, or write [a, b]; put quotes around a value that is only '-'",
    ),
    (
        "a: *\n",
        1,
        5,
        ProblemCode.YAML_SYNTAX,
        "did not find expected alphabetic or numeric character while scanning an alias",
        "put quotes around a value that begins with & or *",
    ),
    (
        "a: &\n",
        1,
        5,
        ProblemCode.YAML_SYNTAX,
        "did not find expected alphabetic or numeric character while scanning an anchor",
        "put quotes around a value that begins with & or *",
    ),
    (
        "a: !!\n",
        1,
        6,
        ProblemCode.YAML_SYNTAX,
        "did not find expected tag URI while parsing a tag",
        "put quotes around a value that begins with !",
    ),
    (
        "a: !foo!bar x\n",
        1,
        4,
        ProblemCode.YAML_SYNTAX,
        "found undefined tag handle while parsing a node",
        "put quotes around a value that begins with !",
    ),
    (
        "a: !<x y\n",
        1,
        7,
        ProblemCode.YAML_SYNTAX,
        "did not find the expected '>' while scanning a tag",
        "put quotes around a value that begins with !",
    ),
    (
        "%YAML 2.0\n---\na: b\n",
        1,
        1,
        ProblemCode.YAML_SYNTAX,
        "found incompatible YAML document",
        "delete the %YAML line",
    ),
    (
        "a: b\n...\nc: d\n",
        3,
        1,
        ProblemCode.YAML_SYNTAX,
        "did not find expected <document start>",
        "indent it, or start a new document with '---'",
    ),
    (
        "a: [1,\n",
        2,
        1,
        ProblemCode.YAML_SYNTAX,
        "did not find expected node content while parsing a flow node",
        "close every open [ and {",
    ),
    (
        "a: ]\n",
        1,
        4,
        ProblemCode.YAML_SYNTAX,
        "did not find expected node content while parsing a block node",
        "put quotes around a value that begins with ] } or ,",
    ),
]


@pytest.mark.parametrize("parser", ["libyaml", "python"])
@pytest.mark.parametrize("row", SYNTAX, ids=[repr(row[0]) for row in SYNTAX])
def test_syntax_errors(
    monkeypatch: pytest.MonkeyPatch, parser: str, row: tuple[str, int, int | None, ProblemCode, str | None, str]
) -> None:
    if parser == "python":
        monkeypatch.delattr(yaml, "CSafeLoader")
    text, line, column, code, message, hint = row
    (problem,) = parse(text.encode(), "f.yaml").problems
    assert (problem.code, problem.hint) == (code, hint)
    assert (problem.place.source, problem.place.line) == ("f.yaml", line)
    if column is not None:
        assert problem.place.column == column
    if parser == "libyaml" and message is not None:
        assert problem.message == message
    if code is ProblemCode.YAML_SYNTAX:
        assert problem.message.startswith(said_by_the_library(text))


def said_by_the_library(text: str) -> str:
    """The message of the parser itself, which people search for."""
    try:
        list(yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        return str(error.problem)
    except OverflowError:
        pass
    return ""  # the Python parser accepts invalid escapes


def test_an_unknown_directive_is_a_problem() -> None:
    (problem,) = parse(b"%FOO\na: b\n", "f.yaml").problems
    assert problem == Problem(
        Place("f.yaml", 1, 5),
        ProblemCode.YAML_SYNTAX,
        "found unknown directive name while scanning a directive",
        "put quotes around a value that begins with %",
    )


def test_a_syntax_error_without_a_hint_has_the_message_of_the_library() -> None:
    (problem,) = parse(b"a: |3x\n  b\n", "f.yaml").problems
    assert problem == Problem(
        Place("f.yaml", 1, 6),
        ProblemCode.YAML_SYNTAX,
        "did not find expected comment or line break while scanning a block scalar",
        FIT,
    )


def test_the_documents_before_a_syntax_error_are_kept() -> None:
    parsed = parse(b"a: 1\n---\nb: [\n", "f.yaml")
    assert [draft.document.data for draft in parsed.drafts] == [{"a": 1}]
    assert len(parsed.problems) == 1


# text, line, column, message, hint, data
MENDED: list[tuple[str, int, int, ProblemCode, str, str, object]] = [
    (
        "a: 1\nb: 2\na: 3\n",
        3,
        1,
        ProblemCode.DUPLICATE_KEY,
        "duplicate key 'a', first on line 1",
        "delete one of them",
        {"a": 1, "b": 2},
    ),
    (
        "a: !!str 1\n",
        1,
        4,
        ProblemCode.UNSUPPORTED_YAML,
        "tags such as '!!str' are not supported",
        "put quotes around the value instead",
        {"a": 1},
    ),
    (
        "a: !!python/object/apply:os.system [id]\n",
        1,
        4,
        ProblemCode.UNSUPPORTED_YAML,
        "tags such as '!!python/object/apply:os.system' are not supported",
        "delete it",
        {"a": ["id"]},
    ),
    (
        "a: !local {b: c}\n",
        1,
        4,
        ProblemCode.UNSUPPORTED_YAML,
        "tags such as '!local' are not supported",
        "delete it",
        {"a": {"b": "c"}},
    ),
    ("!x a: b\n", 1, 1, ProblemCode.UNSUPPORTED_YAML, "tags such as '!x' are not supported", "delete it", {"a": "b"}),
    ("!x\n", 1, 1, ProblemCode.UNSUPPORTED_YAML, "tags such as '!x' are not supported", "delete it", None),
    (
        "a: &x {b: c}\nd:\n  <<: *x\n  e: f\n",
        3,
        3,
        ProblemCode.UNSUPPORTED_YAML,
        "merge keys (<<) are not supported",
        "write the merged keys out",
        {"a": {"b": "c"}, "d": {"e": "f"}},
    ),
    (
        "a: {{ name }}\n",
        1,
        5,
        ProblemCode.INVALID_KEY,
        "a key must be plain text",
        "put quotes around it, and around a value such as {{x}}",
        {"a": {}},
    ),
    (
        "? [a]\n: b\nc: d\n",
        1,
        3,
        ProblemCode.INVALID_KEY,
        "a key must be plain text",
        "put quotes around it, and around a value such as {{x}}",
        {"c": "d"},
    ),
    (
        "a: &x b\n*x : c\n",
        2,
        1,
        ProblemCode.INVALID_KEY,
        "a key must be plain text",
        "put quotes around it, and around a value such as {{x}}",
        {"a": "b"},
    ),
    (
        "? \n: a\n",
        1,
        2,
        ProblemCode.INVALID_KEY,
        "the key before this colon is missing",
        "add one, or put quotes around the text",
        {},
    ),
    (
        "a: *x\n",
        1,
        4,
        ProblemCode.INVALID_ALIAS,
        "the alias '*x' has no anchor before it",
        "put quotes around a value that begins with *",
        {"a": "*x"},
    ),
    (
        "a: &x [*x]\n",
        1,
        8,
        ProblemCode.INVALID_ALIAS,
        "the alias '*x' refers to itself",
        "write the value out",
        {"a": ["*x"]},
    ),
    (
        f"a: {'9' * 101}\n",
        1,
        4,
        ProblemCode.LIMIT_EXCEEDED,
        "a number with more than 100 characters",
        "put quotes around it",
        {"a": "9" * 101},
    ),
]


@pytest.mark.parametrize("row", MENDED, ids=[repr(row[0][:40]) for row in MENDED])
def test_problems_that_do_not_stop_the_parser(row: tuple[str, int, int, ProblemCode, str, str, object]) -> None:
    text, line, column, code, message, hint, data = row
    assert parse_plain(text, "f.yaml") == ([data], [Problem(Place("f.yaml", line, column), code, message, hint)])


def test_all_problems_of_a_file_are_reported_at_once() -> None:
    _, problems = parse_plain("a: !x 1\na: *y\n---\nb: 1\nb: 2\n---\n'\n", "f.yaml")
    assert [problem.place.line for problem in problems] == [1, 2, 2, 5, 7]


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        (b"a: b\nname: J\xf6rg\n", 2, 8),
        ("ä: ".encode() + b"\xff", 1, 4),
        (b"\xef\xbb\xbfa: \xe4", 1, 4),
        (b"a: \xed\xa0\x80", 1, 4),
        (b"\xff\xfea", 0, 0),
    ],
)
def test_bytes_that_are_not_utf_8_are_a_problem(content: bytes, line: int, column: int) -> None:
    assert parse(content, "f.yaml").problems == (
        Problem(
            Place("f.yaml", line, column),
            ProblemCode.INVALID_ENCODING,
            "is not valid UTF-8",
            "save the file as UTF-8 (in many editors: 'Save with encoding')",
        ),
    )


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("\0", "hidden character U+0000 (a control character)", "save the file as UTF-8 text"),
        ("\x1b[2J", "hidden character U+001B (a control character)", HIDDEN + '"\\u001b"'),
        ("\x7f", "hidden character U+007F (a control character)", HIDDEN + '"\\u007f"'),
        ("\x85", "hidden character U+0085 (a control character)", HIDDEN + '"\\u0085"'),
        ("\u2028", "hidden character U+2028 (line separator)", HIDDEN + '"\\u2028"'),
        ("\u202e", "hidden character U+202E (right-to-left override)", HIDDEN + '"\\u202e"'),
        ("\u2066", "hidden character U+2066 (left-to-right isolate)", HIDDEN + '"\\u2066"'),
        ("\ufeff", "hidden character U+FEFF (zero width no-break space)", HIDDEN + '"\\ufeff"'),
        ("\uffff", "hidden character U+FFFF", HIDDEN + '"\\uffff"'),
        ("\ud800", "hidden character U+D800", HIDDEN + '"\\ud800"'),
        (
            "\r",
            "invisible line break: a carriage return (U+000D) without a line feed",
            "save the file with LF or CRLF line endings",
        ),
    ],
)
def test_invisible_characters_are_a_problem(text: str, message: str, hint: str) -> None:
    assert parse(f"a: ä\n# ü {text}eve@example.com: admin\n", "f.yaml").problems == (
        Problem(Place("f.yaml", 2, 5), ProblemCode.HIDDEN_CHARACTER, message, hint),
    )


def test_invisible_characters_can_be_written_as_escapes() -> None:
    assert parse_plain('a: "\\u202e\\0"', "f.yaml") == ([{"a": "\u202e\0"}], [])


def test_a_file_that_is_too_large_is_a_problem() -> None:
    assert parse(b" " * (syntax.LARGEST + 1), "f.yaml").problems == (
        Problem(
            Place("f.yaml"), ProblemCode.LIMIT_EXCEEDED, "is larger than 32 MiB", "split it into one file per workspace"
        ),
    )


def test_depth_is_limited() -> None:
    deepest = syntax.DEEPEST
    assert parse("[" * deepest + "]" * deepest, "f.yaml").problems == ()
    for opening in ("[", "- ", "{a: ", "? "):
        problems = [parse(opening * depth, "f.yaml").problems for depth in (deepest + 1, deepest * 4, 100_000)]
        assert [(each.message, each.hint) for (each,) in problems] == [
            ("nested more than 50 levels deep", "reduce the nesting")
        ] * 3
        assert problems[1][0].place == Place("f.yaml", 1, len(opening) * deepest + 1)


def test_the_expansion_of_aliases_is_limited() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    parsed = parse("\n".join(lines), "f.yaml")
    (problem,) = parsed.problems
    assert problem.message == "aliases expand to more than 100000 values"
    assert problem.hint == "write them out, or use fewer aliases"
    assert problem.place.line == 5
    assert parsed.drafts == ()


def test_ten_thousand_uses_of_one_alias_are_fine() -> None:
    text = "x: &x {role: member, reason: r}\n" + "".join(f"a{n}: *x\n" for n in range(10_000))
    assert parse(text, "f.yaml").problems == ()


def test_the_number_of_values_in_all_documents_is_limited() -> None:
    within = "--- {a: 1, b: 2, c: 3, d: 4}\n--- {e: 5, f: 6, g: 7}"
    assert parse(within, "f.yaml", most_values=10).problems == ()
    for text in ("--- [1, 2, 3, 4]\n--- [1, 2, 3, 4, 5]", "---\n" * 11):
        (problem,) = parse(text, "f.yaml", most_values=10).problems
        assert (problem.message, problem.hint) == ("the file has more than 10 values", "split it")


def test_a_python_tag_runs_nothing(tmp_path: Path) -> None:
    target = tmp_path / "made"
    parse(f"!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path [{target}]]", "f.yaml")
    assert not target.exists()
