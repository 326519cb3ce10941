"""A problem: something wrong with a document, as a value. It must not know how it is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a document.

    Attributes:
        source: The file as the user named it; `-` is standard input.
        line: Counted from 1; 0 where the whole file is meant.
        column: Counted from 1; 0 where the whole line is meant.
    """

    source: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong with a document. Problems sort by file, line and column.

    Attributes:
        place: Where it is.
        message: What is wrong, in one sentence without a full stop.
        hint: What to do about it; may be empty.
    """

    place: Place
    message: str
    hint: str = ""
