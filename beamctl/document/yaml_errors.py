"""Problems for YAML syntax errors: the parser's own text, because people search for it, with a hint."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from beamctl.document.problem import Place, Problem, ProblemCode

DEEPEST = 50
"""Levels of nested mappings and lists."""
TOO_DEEP = f"nested more than {DEEPEST} levels deep", "reduce the nesting"
"""Message and hint. The parser has its own, much higher limit, which may be exceeded first."""
NO_BREAK = "the space after the colon is a no-break space (U+00A0): use a regular space"
NO_SPACE = "put a space after the colon: 'key: value'"
_LONGEST = 200
"""Characters of the parser's text that are shown."""

# Mistakes on the line of an error that are invisible or easily overlooked. The error is reported there.
_NO_BREAK = re.compile(r"(?:^[ ]*|[:,-][ ]*)(?P<here>\u00a0)")
_NO_SPACE = re.compile(r"\s*(?:- )?[^\s:'\"{}\[\],#]+(?P<here>:)[^\s:/][^\s:]*\s*(?:#.*)?$")
_MARKER = re.compile(r"(?P<here>)(?:<{7}|>{7}|={7}|\|{7})(?: .*)?\r?$")
_TYPOS = (
    (_MARKER, ProblemCode.MERGE_CONFLICT, "delete the merge conflict marker, and check the lines around it"),
    (_NO_BREAK, ProblemCode.YAML_SYNTAX, "replace the no-break space (U+00A0) with a regular space"),
    (_NO_SPACE, ProblemCode.YAML_SYNTAX, NO_SPACE),
)

_INDENTATION = "check the indentation, and whether a quote or a bracket is closed too early"
# Text of the C parser or the Python parser → hint. The first match wins.
_HINTS = (
    (r"could not find expected ':'", "check for a missing colon, or a missing space after it"),
    (
        r"mapping values are not allowed",
        "put quotes around a value that contains ': ', or check the indentation of this line",
    ),
    (
        r"sequence entries are not allowed",
        "begin the list on the line below, or write [a, b]; put quotes around a value that is only '-'",
    ),
    (r"unexpected end of stream", "the quote that opens here is never closed; a ' inside '…' is written ''"),
    (r"expected ',' or '}'", "the { that opens here is not closed, or a comma is missing"),
    (r"expected ',' or ']'", "the [ that opens here is not closed, or a comma is missing"),
    (r"unknown escape character", r"write \\ for a backslash, or use single quotes"),
    (r"Unicode character escape|hexadecimal|hexdecimal", r"write \uXXXX or \UXXXXXXXX"),
    (r"tab character|\\t", "indent with spaces, not tabs"),
    (r"cannot start any token", "put quotes around the value that begins here"),
    (r"alphabetic or numeric", "put quotes around a value that begins with & or *"),
    (r"\btag\b|\bURI\b|'>'", "put quotes around a value that begins with !"),
    (r"incompatible YAML", "delete the %YAML line"),
    (r"directive", "put quotes around a value that begins with %"),
    (r"<document start>", "indent it, or start a new document with '---'"),
    (r"expected (the )?node content", "put quotes around a value that begins with ] } or ,"),
)
# Errors to be reported where the construct begins, rather than where the parser noticed.
_AT_CONTEXT = re.compile(r"expected ':'|unexpected end of stream|expected ',' or")


class UnreadableError(ValueError):
    """The text, or the rest of it, cannot be parsed.

    Attributes:
        problem: Where and why.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def syntax_problem(error: Any, text: str, name: str) -> Problem:  # noqa: ANN401 - one of many library classes
    """The problem for a YAML error."""
    problem, context = str(getattr(error, "problem", None) or error), getattr(error, "context", None)
    mark = getattr(error, "problem_mark", None)
    if _AT_CONTEXT.search(problem):
        mark = getattr(error, "context_mark", None) or mark
    place = _place(name, mark, text) if mark else Place(name)
    if "nesting depth" in problem:
        return Problem(place, ProblemCode.LIMIT_EXCEEDED, *TOO_DEEP)
    message = " ".join(f"{problem} {context or ''}".split())[:_LONGEST]
    lines = text.split("\n", place.line)
    numbers = [place.line, _line_above(place, lines)] if "mapping values" in problem else [place.line]
    for number in filter(None, numbers):
        for typo, code, hint in _TYPOS:
            if found := typo.match(lines[number - 1]) or (typo is _NO_BREAK and typo.search(lines[number - 1])):
                return Problem(replace(place, line=number, column=found.start("here") + 1), code, message, hint)
    return Problem(place, ProblemCode.YAML_SYNTAX, message, _hint(message, lines[place.line - 1], text, mark))


def _hint(message: str, line: str, text: str, mark: Any) -> str:  # noqa: ANN401 - a library class
    if "node content" in message and mark and not text[mark.index :].strip():
        return "close every open [ and {"
    if "cannot start any token" in message and line.lstrip(" ").startswith("\t"):
        return "indent with spaces, not tabs"
    if "alphabetic or numeric" in message and "*@" in line:
        return "put quotes around '*@DOMAIN'; under guards.protected and manage.skip it means everyone at that domain"
    return next((hint for pattern, hint in _HINTS if re.search(pattern, message)), _INDENTATION)


def _line_above(place: Place, lines: list[str]) -> int:
    """The nearest non-empty line above, where the mistake may be; 0 if there is none."""
    return max((number for number, line in enumerate(lines[: place.line - 1], 1) if line.strip()), default=0)


def _place(name: str, mark: Any, text: str) -> Place:  # noqa: ANN401 - a library class
    """The place of the mark, or the end of the text if the mark is beyond it."""
    last = text.count("\n")
    if mark.line > last:
        return Place(name, last + 1, len(text) - text.rfind("\n"))
    return Place(name, mark.line + 1, mark.column + 1)
