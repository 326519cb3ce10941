"""Loads documents: file contents → desired state and problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beamctl.document import rules, schema
from beamctl.document.document import Desired, Document, desired_of
from beamctl.document.problem import MOST_PROBLEMS, Place, Problem, ProblemCode, bounded, in_order, too_many_problems
from beamctl.document.yaml_loader import Draft, parse

YAML_SUFFIXES = frozenset({".yaml", ".yml"})
"""Suffixes of YAML documents. beamctl writes no other files with these suffixes."""


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
                desired.append(desired_of(draft.document))
    return Loaded(tuple(desired), tuple(documents), tuple(in_order(problems)))


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
