"""A problem: something wrong with a document, as a value. It must not know how it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

MOST_PROBLEMS = 1_000
"""Problems that are looked for: whoever has more must mend the cause, not each of them."""


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


def bounded(problems: Iterable[Problem]) -> list[Problem]:
    """The problems; where there are too many, the first of them, and that there are more."""
    found = list(islice(problems, MOST_PROBLEMS + 1))
    return [*found[:-1], beyond(found[-1].place.source)] if len(found) > MOST_PROBLEMS else found


def beyond(source: str) -> Problem:
    """That there are more problems than are looked for."""
    return Problem(Place(source), f"too many problems: stopped after {MOST_PROBLEMS:,}", "fix those first")
