"""What is wrong with text that is no YAML, in the words of the person who wrote it. It must not know what the text
is for; the only thing it takes from the YAML library is an error's texts and marks."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from beamctl.document.problem import Place, Problem
from beamctl.document.quoting import quoted

DEEPEST = 50
"""Mappings and lists inside one another."""
TOO_DEEP = f"more than {DEEPEST} mappings and lists inside one another", "nest less"
"""The message and the hint; the library has a bound of its own, far beyond ours, which it may meet first."""

NO_BREAK = "the space after the colon is a no-break space (U+00A0): type a plain space"
NO_BREAK_SPACE = "a no-break space (U+00A0) is used where YAML needs a plain space", "type a plain space"
MERGE_MARKER = "a marker of a merge conflict was left here", "delete it, and check the lines around it"
NO_SPACE = "no space after the colon", "put a space after the colon: 'key: value'"
_NO_BREAK = re.compile(r"(?:^[ ]*|[:,-][ ]*)(?P<space>\u00a0)")
_MERGE_MARKER = re.compile(r"(?:<{7}|>{7}|={7}|\|{7})(?: .*)?\r?")
_NO_SPACE = re.compile(r"\s*(?:- )?[^\s:'\"{}\[\],#]+(?P<colon>:)[^\s:/][^\s:]*\s*(?:#.*)?$")

_INDENTATION = "check the indentation, and whether a quote or a bracket is closed too early"

# What the library says → the message and the hint. The first pattern that is found wins; both the C parser and the
# Python one are covered.
_WORDS: tuple[tuple[str, str, str], ...] = (
    (r"nesting depth", *TOO_DEEP),
    (
        r"could not find expected ':'",
        "neither 'key: value' nor '- item'",
        "is the colon missing, or the space after it?",
    ),
    (
        r"mapping values are not allowed",
        "a second ': ' where none can be",
        "put quotes around a value that has ': ' in it; else check the indentation of this line",
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
        "an escape that YAML does not know",
        r"write \\ for a backslash, or use single quotes",
    ),
    (
        r"Unicode character escape|hexadecimal|hexdecimal",
        "an escape that is no character",
        r"write \uXXXX or \UXXXXXXXX",
    ),
    (r"tab character", "a tab is used as indentation", "indent with spaces"),
    (r"alphabetic or numeric", "a name is missing after & or *", "put quotes around a value that begins with & or *"),
    (r"\btag\b|\bURI\b|'>'", "a tag (!…) that cannot be read", "put quotes around a value that begins with !"),
    (r"incompatible YAML", "this version of YAML is not known", "delete the %YAML line"),
    (r"directive", "a line that begins with % is a directive that cannot be read", "put quotes around such a value"),
    (r"<document start>", "this does not belong to what stands above", "begin a new document with '---', or indent"),
    (r"'-' indicator|block collection", "neither an item of the list above nor indented as a part of it", _INDENTATION),
    (r"expected key|<block end>", "this does not fit the lines above", _INDENTATION),
    (
        r"expected (the )?node content",
        "a key or a value is missing here",
        "put quotes around a value that begins with ] } or ,",
    ),
)
# Where the thing that was begun is what is wrong, rather than the spot where that came to light.
_AT_CONTEXT = re.compile(r"expected ':'|unexpected end of stream|expected ',' or")


def syntax_problem(error: Any, text: str, name: str) -> Problem:  # noqa: ANN401 - the library's error, of many classes
    """The problem that a YAML error stands for."""
    said = str(getattr(error, "problem", None) or error)
    mark = getattr(error, "problem_mark", None)
    whole = f"{getattr(error, 'context', None)} {said}"
    if _AT_CONTEXT.search(said):
        mark = getattr(error, "context_mark", None) or mark
    place = _place(name, mark, text) if mark else Place(name)
    if mark and (typo := _typo(place, text) or ("mapping values" in said and _typo(_line_above(place, text), text))):
        return typo
    if "cannot start any token" in said:
        return _no_token(place, text)
    if "node content" in said and mark and not text[mark.index :].strip():
        return Problem(place, "the text ends where a value is due", "close each [ and { that is open")
    if "alphabetic or numeric" in whole and "*@" in text.split("\n", place.line)[place.line - 1]:
        hint = "put quotes around '*@DOMAIN'; under guards.protected and manage.skip it means everyone at that domain"
        return Problem(place, "a value cannot begin with '*' without quotes", hint)
    for pattern, message, hint in _WORDS:
        if re.search(pattern, whole):
            return Problem(place, message, hint)
    return Problem(place, f"not YAML: {quoted(said)}", _INDENTATION)


def _typo(place: Place, text: str) -> Problem | None:
    """A slip on the line of an error that cannot be seen, or is easily overlooked."""
    line = text.split("\n", place.line)[place.line - 1] if place.line else ""
    if _MERGE_MARKER.fullmatch(line):
        return Problem(replace(place, column=1), *MERGE_MARKER)
    if found := _NO_BREAK.search(line):
        at = replace(place, column=found.start("space") + 1)
        return Problem(at, *NO_BREAK_SPACE)
    if found := _NO_SPACE.match(line):
        return Problem(replace(place, column=found.start("colon") + 1), *NO_SPACE)
    return None


def _line_above(place: Place, text: str) -> Place:
    """The nearest line above that is not empty: what is wrong there may show only below it; 0 if there is none."""
    lines = text.split("\n", place.line)[: place.line - 1]
    return replace(place, line=max((number for number, line in enumerate(lines, 1) if line.strip()), default=0))


def _place(name: str, mark: Any, text: str) -> Place:  # noqa: ANN401 - the library's own
    """Where the mark is; where it is beyond the text, as after a last line without an end, the end of the text."""
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
