"""Loads documents: file contents → desired state, problems and warnings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from beamctl.document import rules, schema
from beamctl.document.compose import Composed, compose
from beamctl.document.desired import Desired, desired_of
from beamctl.document.document import Document
from beamctl.document.lint import SHARED, lint, placeholders
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
from beamctl.document.syntax import decode
from beamctl.document.yaml_loader import parse

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
        desired: The desired state of each valid workspace, in the order of the files.
        documents: The document of every workspace, valid or not, for checks by the kinds; and those without one.
        problems: All problems of all files, sorted.
        warnings: About groups and leavers.
    """

    desired: tuple[Desired, ...]
    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Checked:
    """One parsed document, and its problems; the values at the places in `unparsed` were not read."""

    document: Document
    problems: Sequence[Problem]
    unparsed: Collection[Place]


def load(sources: Sequence[SourceText]) -> Loaded:
    """Read and check all files."""
    checked, problems = _read(sources)
    composition = compose([each.document for each in checked])
    of = {id(each.document): each for each in checked}
    problems += bounded(composition.problems)
    unclear = {problem.place.source for problem in composition.problems}
    desired: list[Desired] = []
    for each in composition.workspaces:
        parts = [of[id(part)] for part in each.parts]
        found = bounded(_problems(each, parts, composition.leavers))
        problems += found
        if not found and not any(part.problems for part in parts) and "workspace" in each.document.data:
            one = replace(desired_of(each.document), leavers=composition.leavers, through=each.through)
            if not unclear.isdisjoint(one.sources):
                continue
            desired.append(replace(one, warnings=tuple(lint(each.document))))
    shared = (each.document for each in checked if not each.problems and each.document.data.keys() & SHARED)
    warnings = (*composition.warnings, *(each for document in shared for each in placeholders(document)))
    documents = tuple(each.document for each in composition.workspaces)
    return Loaded(tuple(desired), documents, tuple(in_order(problems)), tuple(bounded(warnings)))


def _read(sources: Sequence[SourceText]) -> tuple[list[_Checked], list[Problem]]:
    """Parse all files and check each document by itself. If there are too many problems, the rest is not read."""
    checked: list[_Checked] = []
    problems: list[Problem] = []
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
            unparsed = {problem.place for problem in draft.problems}
            invalid = (problem for problem in schema.check(draft.document) if problem.place not in unparsed)
            found = bounded([*draft.problems, *invalid])
            problems += found
            checked.append(_Checked(draft.document, found, unparsed))
    return checked, problems


def _problems(composed: Composed, parts: Sequence[_Checked], leavers: Collection[str]) -> list[Problem]:
    """The problems of one workspace that the schema does not detect. An unparsed value is not reported again."""
    unparsed = {place for part in parts for place in part.unparsed}
    invalid = [*composed.problems, *rules.check(composed.document)]
    reported = {problem.place for problem in (*invalid, *(each for part in parts for each in part.problems))}
    names = (problem for part in parts for problem in rules.unseen_in_names(part.document))
    invalid += [problem for problem in names if problem.place not in reported]
    invalid = [problem for problem in invalid if problem.place not in unparsed]
    if invalid or any(part.problems for part in parts):
        return invalid
    return list(rules.too_few_admins(composed.document, leavers))


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


def _empty(name: str) -> Problem:
    return Problem(Place(name), ProblemCode.EMPTY_FILE, "is empty", "write at least 'version: 1' and 'workspace: NAME'")
