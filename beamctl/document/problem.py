"""Problems: errors in documents, as values with a stable code. Also quotes text from outside for their messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from beamctl.model.text import visible

MOST_PROBLEMS = 1_000
"""Checking stops after this many problems."""
MOST_WITH_LINES = 100
"""Problems that are shown, with their lines."""
_SHOWN = 60


class ProblemCode(StrEnum):
    """The codes of problems. They are stable: `schemas/README.md` describes each one for users of the JSON report."""

    YAML_SYNTAX = "yaml-syntax"
    MERGE_CONFLICT = "merge-conflict"
    INVALID_ENCODING = "invalid-encoding"
    HIDDEN_CHARACTER = "hidden-character"
    LIMIT_EXCEEDED = "limit-exceeded"
    UNSUPPORTED_YAML = "unsupported-yaml"
    INVALID_ALIAS = "invalid-alias"
    INVALID_KEY = "invalid-key"
    DUPLICATE_KEY = "duplicate-key"
    EMPTY_FILE = "empty-file"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    MISSING_VALUE = "missing-value"
    WRONG_TYPE = "wrong-type"
    INVALID_VALUE = "invalid-value"
    INVALID_EMAIL = "invalid-email"
    INVALID_DOMAIN = "invalid-domain"
    INVALID_DATE = "invalid-date"
    INVALID_NAME = "invalid-name"
    INVALID_PATH = "invalid-path"
    INVALID_LIFETIME = "invalid-lifetime"
    INVALID_SECRET_SOURCE = "invalid-secret-source"  # noqa: S105 - a code
    PLAIN_SECRET = "plain-secret"  # noqa: S105 - a code
    LOOKALIKE_EMAIL = "lookalike-email"
    DUPLICATE_EMAIL = "duplicate-email"
    DUPLICATE_ENTRY = "duplicate-entry"
    DUPLICATE_WORKSPACE = "duplicate-workspace"
    DUPLICATE_GROUP = "duplicate-group"
    UNKNOWN_GROUP = "unknown-group"
    MISPLACED_GROUP = "misplaced-group"
    GROUP_CYCLE = "group-cycle"
    RESERVED_TEXT = "reserved-text"
    TOO_FEW_ADMINS = "too-few-admins"
    UNDECLARED_POLICY = "undeclared-policy"
    AMBIGUOUS_ACCOUNT = "ambiguous-account"
    UNKNOWN_ACCOUNT = "unknown-account"
    PLACEHOLDER = "placeholder"
    UNLISTED_NAME = "unlisted-name"
    UNUSED_GROUP = "unused-group"
    DUPLICATE_MEMBERSHIP = "duplicate-membership"
    LISTED_LEAVER = "listed-leaver"
    TOO_MANY_PROBLEMS = "too-many-problems"


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


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a document.

    Attributes:
        place: Where it is.
        code: What kind of problem it is.
        message: What is wrong, in one sentence without a period.
        hint: What to do about it; may be empty.
        line: The text of the line; empty if it is not known or not shown.
    """

    place: Place
    code: ProblemCode
    message: str
    hint: str = ""
    line: str = field(default="", compare=False, repr=False)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """The problems, sorted by file, line, column and code."""
    return sorted(problems, key=lambda problem: (problem.place, problem.code))


def bounded(problems: Iterable[Problem]) -> list[Problem]:
    """The problems, cut at the limit."""
    found = list(islice(problems, MOST_PROBLEMS + 1))
    return [*found[:-1], too_many_problems(found[-1].place.source)] if len(found) > MOST_PROBLEMS else found


def too_many_problems(source: str) -> Problem:
    """The problem that says that checking stopped at the limit."""
    message = f"too many problems: stopped after {MOST_PROBLEMS:,}"
    return Problem(Place(source), ProblemCode.TOO_MANY_PROBLEMS, message, "fix those first")


def quoted(text: str) -> str:
    """The text in quotes on one line, with invisible characters escaped, and shortened if very long."""
    return visible(repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"))


def either(words: Sequence[str], conjunction: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " ".join(filter(None, [", ".join(words[:-1]), conjunction if words[1:] else "", *words[-1:]]))


def with_article(noun: str) -> str:
    """The noun with `a` or `an` before it."""
    return f"{'an' if noun[:1] in set('aeiou') else 'a'} {noun}"


def closest(word: str, candidates: Sequence[str]) -> str:
    """The candidate most similar to `word`; empty if there is none."""
    from difflib import get_close_matches

    if len(word) > _SHOWN:
        return ""
    spellings = {candidate.lower(): candidate for candidate in candidates}
    return "".join(spellings[match] for match in get_close_matches(word.lower(), spellings, n=1))
