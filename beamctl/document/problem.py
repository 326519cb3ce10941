"""Problems: errors in documents, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

MOST_PROBLEMS = 1_000
"""Checking stops after this many problems."""
MOST_WITH_LINES = 100
"""Problems that are shown, with their lines."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a document.

    Attributes:
        source: The file name given by the user; `-` is standard input.
        line: Counted from 1; 0 for the whole file.
        column: Counted from 1; 0 for the whole line.
    """

    source: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong with a document. Problems sort by file, line and column.

    Attributes:
        place: Where it is.
        message: What is wrong, in one sentence without a period.
        hint: What to do about it; may be empty.
        line: The text of the line; empty if it is not known or not shown.
    """

    place: Place
    message: str
    hint: str = ""
    line: str = field(default="", compare=False, repr=False)


def bounded(problems: Iterable[Problem]) -> list[Problem]:
    """The problems, cut at the limit."""
    found = list(islice(problems, MOST_PROBLEMS + 1))
    return [*found[:-1], too_many_problems(found[-1].place.source)] if len(found) > MOST_PROBLEMS else found


def too_many_problems(source: str) -> Problem:
    """The problem that says that checking stopped at the limit."""
    return Problem(Place(source), f"too many problems: stopped after {MOST_PROBLEMS:,}", "fix those first")
