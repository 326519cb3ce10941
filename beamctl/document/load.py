"""Loads documents: file contents → desired state and problems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from beamctl.document import rules, schema
from beamctl.document.document import Desired, Document, desired_of
from beamctl.document.lint import lint
from beamctl.document.problem import (
    MOST_PROBLEMS,
    MOST_WITH_LINES,
    Place,
    Problem,
    ProblemCode,
    bounded,
    in_order,
    too_many_problems,
)
from beamctl.document.text_encoding import decode
from beamctl.document.yaml_loader import Draft, parse

YAML_SUFFIXES = frozenset({".yaml", ".yml"})
"""Suffixes of YAML documents. beamctl writes no other files with these suffixes."""


_SECRET_KEY = re.compile(r"""(?:secret|token|passw|api.?key|credential|private)[\w-]*["']?\s*:""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SourceText:
    """The content of one file.

    Attributes:
        name: The file name given by the user; `-` is standard input.
        content: The bytes.
    """

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of loading all files.

    Attributes:
        desired: The desired state from each valid document, in the order of the files.
        documents: Every document that could be parsed, valid or not, for checks by the kinds.
        problems: All problems of all files, sorted.
    """

    desired: tuple[Desired, ...]
    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]


def load(sources: Sequence[SourceText]) -> Loaded:
    """Read and check all files."""
    problems: list[Problem] = []
    desired: list[Desired] = []
    documents: list[Document] = []
    declared: dict[str, Place] = {}
    for source in sources:
        if len(problems) > MOST_PROBLEMS:
            problems.append(too_many_problems(source.name))
            break
        parsed = parse(source.content, source.name)
        problems += parsed.problems
        if not parsed.drafts and not parsed.problems:
            problems.append(_empty(source.name))
        for draft in parsed.drafts:
            if len(problems) > MOST_PROBLEMS:
                problems.append(too_many_problems(source.name))
                break
            found = bounded(_check(draft, declared))
            problems += found
            documents.append(draft.document)
            if not found:
                desired.append(replace(desired_of(draft.document), warnings=tuple(lint(draft.document))))
    return Loaded(tuple(desired), tuple(documents), tuple(in_order(problems)))


def with_lines(problems: Iterable[Problem], sources: Sequence[SourceText]) -> list[Problem]:
    """The problems in order, the first of them with the text of their lines, except lines that may hold a secret."""
    contents = {source.name: source.content for source in sources}
    texts: dict[str, list[str]] = {}
    found = in_order(problems)
    for index, problem in enumerate(found[:MOST_WITH_LINES]):
        place = problem.place
        if place.source not in texts:
            text = decode(contents.get(place.source, b""), place.source)
            texts[place.source] = [] if isinstance(text, Problem) else text.split("\n")
        lines = texts[place.source]
        if 0 < place.line <= len(lines) and not _may_hold_secret(lines, place.line - 1):
            found[index] = replace(problem, line=lines[place.line - 1])
    return found


def _may_hold_secret(lines: Sequence[str], index: int) -> bool:
    """Whether a line, or a line that it is indented below, has a key such as `secret` or `token`."""
    indent = len(lines[index])
    for line in reversed(lines[: index + 1]):
        own = len(line) - len(line.lstrip(" -"))
        if line.strip() and own < indent:
            indent = own
            if _SECRET_KEY.search(line):
                return True
        if not indent:
            break
    return bool(_SECRET_KEY.search(lines[index]))


def _check(draft: Draft, declared: dict[str, Place]) -> list[Problem]:
    """All problems of one document. A value that could not be parsed is not reported again as invalid."""
    document = draft.document
    unparsed = {problem.place for problem in draft.problems}
    invalid = [*schema.check(document), *rules.check(document), *rules.declared_twice(document, declared)]
    reported = unparsed | {problem.place for problem in invalid}
    invalid += [problem for problem in rules.unseen_in_names(document) if problem.place not in reported]
    invalid = [problem for problem in invalid if problem.place not in unparsed]
    return [*draft.problems, *invalid] or list(rules.too_few_admins(document))


def _empty(name: str) -> Problem:
    return Problem(Place(name), ProblemCode.EMPTY_FILE, "is empty", "write at least 'version: 1' and 'workspace: NAME'")
