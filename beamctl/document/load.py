"""The story of the document room: the bytes of all files → everything that is wrong with them, and what the documents
without problems want. It must not know where the bytes come from, nor any kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beamctl.document import rules, schema
from beamctl.document.document import Desired, Document
from beamctl.document.problem import MOST_PROBLEMS, Place, Problem, beyond, bounded
from beamctl.document.yaml_loader import Draft, parse


@dataclass(frozen=True, slots=True)
class SourceText:
    """One file.

    Attributes:
        name: The file as the user named it; `-` is standard input.
        content: Its bytes.
    """

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Loaded:
    """What all files say.

    Attributes:
        desired: The documents without problems, in the order of the files.
        documents: Every document that could be read, those with problems too, for the kinds to look through.
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
            problems.append(beyond(source.name))
            break
        parsed = parse(source.content, source.name)
        problems += parsed.problems
        if not parsed.drafts and not parsed.problems:
            problems.append(_empty(source.name))
        for draft in parsed.drafts:
            if len(problems) > MOST_PROBLEMS:
                problems.append(beyond(source.name))
                break
            found = bounded(_check(draft, declared))
            problems += found
            documents.append(draft.document)
            if not found:
                desired.append(rules.desired(draft.document))
    return Loaded(tuple(desired), tuple(documents), tuple(sorted(problems)))


def _check(draft: Draft, declared: dict[str, Place]) -> list[Problem]:
    """All problems of one document; what could not be read is not also reported as having the wrong value."""
    document = draft.document
    unread = {problem.place for problem in draft.problems}
    wrong = [*schema.check(document), *rules.check(document), *rules.declared_twice(document, declared)]
    said = unread | {problem.place for problem in wrong}
    wrong += [problem for problem in rules.unseen_in_names(document) if problem.place not in said]
    wrong = [problem for problem in wrong if problem.place not in unread]
    return [*draft.problems, *wrong] or list(rules.too_few_admins(document))


def _empty(name: str) -> Problem:
    return Problem(Place(name), "is empty", "write at least 'version: 1' and 'workspace: NAME'")
