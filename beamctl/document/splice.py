"""Splices: parts of a text that are replaced, while every other character is kept; and the lines around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from beamctl.document.yaml_nodes import YamlNode
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact

_BLANK = re.compile(r"[ \t]*\r?\n?")
_REST = re.compile(r"[ \t]*(?:(?<=[ \t])#[^\r\n]*)?\r?(?:\n|\Z)")
"""What may follow a value on its line: a comment."""


class UneditableError(ValueError):
    """A document cannot be edited as asked.

    Attributes:
        why: The reason.
    """

    def __init__(self, why: Fact) -> None:
        super().__init__(why.code)
        self.why = why


@dataclass(frozen=True, slots=True, order=True)
class Splice:
    """One replaced part.

    Attributes:
        start: The index of its first character.
        end: The index after its last character.
        text: What replaces it.
        with_comments: Whether it is a whole entry, so that comments may be removed with it.
    """

    start: int
    end: int
    text: str = ""
    with_comments: bool = False


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with all parts replaced. They must not overlap; insertions at one place keep their order.

    Raises:
        UneditableError: They overlap.
    """
    parts: list[str] = []
    at = 0
    for each in sorted(splices, key=lambda splice: (splice.start, splice.end)):
        if each.start < at:
            raise unusual(text, each.start)
        parts += [text[at : each.start], each.text]
        at = each.end
    return "".join([*parts, text[at:]])


def unusual(text: str, index: int) -> UneditableError:
    """The error for a layout that is not edited."""
    return UneditableError(fact(Code.EDIT_UNUSUAL_LAYOUT, line=text.count("\n", 0, index) + 1))


def refuse_anchors(node: YamlNode, text: str) -> None:
    """Refuse to edit anything with an anchor or alias in it: the same text may be used elsewhere.

    Raises:
        UneditableError: There is one.
    """
    for name in node.anchors():
        line = text.count("\n", 0, node.start) + 1
        raise UneditableError(fact(Code.EDIT_BEHIND_ANCHOR, name=name, line=line))


def line_start(text: str, index: int) -> int:
    """The index of the first character of a line."""
    return text.rfind("\n", 0, index) + 1


def line_end(text: str, index: int) -> int:
    """The index after the line, its line break included."""
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


def end_of_value_line(text: str, index: int) -> int:
    """The index after the line of a value that ends at `index`.

    Raises:
        UneditableError: Something other than a comment follows the value.
    """
    found = _REST.match(text, index)
    if not found:
        raise unusual(text, index)
    return found.end()


def is_blank(text: str, start: int, end: int) -> bool:
    """Whether there is nothing but white space."""
    return not text[start:end].strip()


def indent_of(text: str, index: int) -> str:
    """The white space at the start of a line, before `index`.

    Raises:
        UneditableError: There is something else before `index`.
    """
    before = text[line_start(text, index) : index]
    if before.strip(" "):
        raise unusual(text, index)
    return before


def line_break(text: str, index: int) -> str:
    """The line break used before `index`, or else the first one of the text."""
    last = text.rfind("\n", 0, index)
    last = text.find("\n") if last < 0 else last
    return "\r\n" if last > 0 and text[last - 1] == "\r" else "\n"


def lines_at(text: str, index: int, lines: Sequence[str]) -> Splice:
    """The insertion of lines at the start of a line, or at the end of a text whose last line has no line break."""
    end = line_break(text, index)
    if index == len(text) and text and not text.endswith("\n"):
        return Splice(index, index, "".join(end + line for line in lines))
    return Splice(index, index, "".join(line + end for line in lines))
