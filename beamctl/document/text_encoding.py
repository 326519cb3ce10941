"""Decoding of documents, and rejection of characters that a reviewer would not see."""

from __future__ import annotations

import codecs
import re
import unicodedata

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
