"""Problems with the text of a file before it is a document: its encoding, characters that a reviewer would not see, and
YAML syntax errors, with the parser's own text, because people search for it, and a hint."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import replace
from typing import Any

from beamctl.document.problem import Place, Problem, ProblemCode

LARGEST = 32 * 1024 * 1024
"""Bytes (or characters) in the largest file accepted."""

# Control characters; line ends that many editors do not show (a comment may end there unnoticed); direction marks that
# reorder the displayed text; surrogates; byte order marks inside the text; noncharacters.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]|\r(?!\n)"
)
_CONFLICT = re.compile(r"^<{7}(?: .*)?\r?$(?=[\s\S]*^={7}\r?$[\s\S]*^>{7}(?: .*)?\r?$)", re.MULTILINE)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode(content: bytes | str, name: str) -> str | Problem:
    """The text of a file, or the problem with it."""
    if len(content) > LARGEST:
        hint = "split it into one file per workspace"
        return Problem(Place(name), ProblemCode.LIMIT_EXCEEDED, f"is larger than {LARGEST // 1024 // 1024} MiB", hint)
    text = content if isinstance(content, str) else _text(content, name)
    if isinstance(text, Problem):
        return text
    text = text.removeprefix("\ufeff")
    printable = text.replace("\n", "").replace("\t", "").isprintable()  # none of them is; faster than the search
    if not printable and (hidden := _HIDDEN.search(text)):
        return _hidden(name, text, hidden.start())
    if "<<<<<<<" in text and (conflict := _CONFLICT.search(text)):
        place = Place(name, *_position(text[: conflict.start()]))
        hint = "keep one version and delete the markers"
        return Problem(place, ProblemCode.MERGE_CONFLICT, "an unresolved merge conflict begins here", hint)
    return text


def _text(content: bytes, name: str) -> str | Problem:
    try:
        return content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = 0, 0
        if error.encoding == "utf-8":
            line, column = _position(error.object[: error.start].decode())
        hint = "save the file as UTF-8 (in many editors: 'Save with encoding')"
        return Problem(Place(name, line, column), ProblemCode.INVALID_ENCODING, "is not valid UTF-8", hint)


def _hidden(name: str, text: str, index: int) -> Problem:
    character = text[index]
    code = f"U+{ord(character):04X}"
    title = unicodedata.name(character, "a control character" if ord(character) < 0xA0 else "")  # noqa: PLR2004 - C1 ends
    if character == "\r":
        return Problem(
            Place(name, *_position(text[:index])),
            ProblemCode.HIDDEN_CHARACTER,
            f"invisible line break: a carriage return ({code}) without a line feed",
            "save the file with LF or CRLF line endings",
        )
    hint = "delete it, or write it as an escape in double quotes"
    return Problem(
        Place(name, *_position(text[:index])),
        ProblemCode.HIDDEN_CHARACTER,
        f"hidden character {code}" + (f" ({title.lower()})" if title else ""),
        "save the file as UTF-8 text" if character == "\0" else f'{hint}: "\\u{ord(character):04x}"',
    )


def _position(before: str) -> tuple[int, int]:
    """Line and column of the character after the text `before`."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


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
