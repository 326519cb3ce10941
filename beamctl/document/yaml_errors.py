"""Problems for YAML syntax errors, with hints."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from beamctl.document.problem import Place, Problem
from beamctl.document.quoting import quoted

DEEPEST = 50
"""Levels of nested mappings and lists."""
TOO_DEEP = f"nested more than {DEEPEST} levels deep", "reduce the nesting"
"""Message and hint. The library has its own, much higher limit, which may be exceeded first."""

NO_BREAK = "the space after the colon is a no-break space (U+00A0): use a regular space"
NO_BREAK_SPACE = "a no-break space (U+00A0) is used where YAML needs a regular space", "use a regular space"
MERGE_MARKER = "a merge conflict marker was left here", "delete it, and check the lines around it"
NO_SPACE = "no space after the colon", "put a space after the colon: 'key: value'"
_NO_BREAK = re.compile(r"(?:^[ ]*|[:,-][ ]*)(?P<space>\u00a0)")
_MERGE_MARKER = re.compile(r"(?:<{7}|>{7}|={7}|\|{7})(?: .*)?\r?")
_NO_SPACE = re.compile(r"\s*(?:- )?[^\s:'\"{}\[\],#]+(?P<colon>:)[^\s:/][^\s:]*\s*(?:#.*)?$")

_INDENTATION = "check the indentation, and whether a quote or a bracket is closed too early"

# Library message → our message and hint. The first match wins. Covers the C parser and the Python parser.
_MESSAGES: tuple[tuple[str, str, str], ...] = (
    (r"nesting depth", *TOO_DEEP),
    (
        r"could not find expected ':'",
        "expected 'key: value' or '- item'",
        "check for a missing colon, or a missing space after it",
    ),
    (
        r"mapping values are not allowed",
        "a second ': ' is not allowed here",
        "put quotes around a value that contains ': ', or check the indentation of this line",
    ),
    (
        r"sequence entries are not allowed",
        "a list cannot begin here",
        "begin the list on the line below, or write [a, b]; put quotes around a value that is only '-'",
    ),
    (
        r"unexpected end of stream",
        "the quote that opens here is never closed",
        "close it; a ' inside '…' is written ''",
    ),
    (r"expected ',' or '}'", "the { that opens here is not closed, or a comma is missing", "close it with }"),
    (r"expected ',' or ']'", "the [ that opens here is not closed, or a comma is missing", "close it with ]"),
    (
        r"unknown escape character",
        "unknown escape sequence",
        r"write \\ for a backslash, or use single quotes",
    ),
    (
        r"Unicode character escape|hexadecimal|hexdecimal",
        "invalid Unicode escape",
        r"write \uXXXX or \UXXXXXXXX",
    ),
    (r"tab character", "a tab is used as indentation", "indent with spaces"),
    (r"alphabetic or numeric", "a name is missing after & or *", "put quotes around a value that begins with & or *"),
    (r"\btag\b|\bURI\b|'>'", "invalid tag (!…)", "put quotes around a value that begins with !"),
    (r"incompatible YAML", "unsupported YAML version", "delete the %YAML line"),
    (r"directive", "invalid directive: the line begins with %", "put quotes around a value that begins with %"),
    (r"<document start>", "unexpected content after the lines above", "indent it, or start a new document with '---'"),
    (
        r"'-' indicator|block collection",
        "expected an item of the list above, or a line indented below it",
        _INDENTATION,
    ),
    (r"expected key|<block end>", "this does not match the lines above", _INDENTATION),
    (
        r"expected (the )?node content",
        "a key or a value is missing here",
        "put quotes around a value that begins with ] } or ,",
    ),
)
# Errors to be reported where the construct begins, rather than where the parser noticed.
_AT_CONTEXT = re.compile(r"expected ':'|unexpected end of stream|expected ',' or")


def syntax_problem(error: Any, text: str, name: str) -> Problem:  # noqa: ANN401 - one of many library classes
    """The problem for a YAML error."""
    message = str(getattr(error, "problem", None) or error)
    mark = getattr(error, "problem_mark", None)
    full = f"{getattr(error, 'context', None)} {message}"
    if _AT_CONTEXT.search(message):
        mark = getattr(error, "context_mark", None) or mark
    place = _place(name, mark, text) if mark else Place(name)
    if mark and (typo := _typo(place, text) or ("mapping values" in message and _typo(_line_above(place, text), text))):
        return typo
    if "cannot start any token" in message:
        return _no_token(place, text)
    if "node content" in message and mark and not text[mark.index :].strip():
        return Problem(place, "unexpected end of file: expected a value", "close every open [ and {")
    if "alphabetic or numeric" in full and "*@" in text.split("\n", place.line)[place.line - 1]:
        hint = "put quotes around '*@DOMAIN'; under guards.protected and manage.skip it means everyone at that domain"
        return Problem(place, "a value cannot begin with '*' without quotes", hint)
    for pattern, wording, hint in _MESSAGES:
        if re.search(pattern, full):
            return Problem(place, wording, hint)
    return Problem(place, f"invalid YAML: {quoted(message)}", _INDENTATION)


def _typo(place: Place, text: str) -> Problem | None:
    """A common typo on the line of an error that is invisible or easily overlooked."""
    line = text.split("\n", place.line)[place.line - 1] if place.line else ""
    if _MERGE_MARKER.fullmatch(line):
        return Problem(replace(place, column=1), *MERGE_MARKER)
    if found := _NO_BREAK.search(line):
        return Problem(replace(place, column=found.start("space") + 1), *NO_BREAK_SPACE)
    if found := _NO_SPACE.match(line):
        return Problem(replace(place, column=found.start("colon") + 1), *NO_SPACE)
    return None


def _line_above(place: Place, text: str) -> Place:
    """The nearest non-empty line above, where the mistake may be; line 0 if there is none."""
    lines = text.split("\n", place.line)[: place.line - 1]
    return replace(place, line=max((number for number, line in enumerate(lines, 1) if line.strip()), default=0))


def _place(name: str, mark: Any, text: str) -> Place:  # noqa: ANN401 - a library class
    """The place of the mark, or the end of the text if the mark is beyond it."""
    last = text.count("\n")
    if mark.line > last:
        return Place(name, last + 1, len(text) - text.rfind("\n"))
    return Place(name, mark.line + 1, mark.column + 1)


def _no_token(place: Place, text: str) -> Problem:
    lines = text.split("\n", place.line)
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    character = line[place.column - 1 : place.column]
    if character == "\t":
        return Problem(place, "a tab is used as indentation", "indent with spaces")
    return Problem(place, f"a value cannot begin with {quoted(character)}", "put quotes around it")
