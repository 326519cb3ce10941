"""Loads documents: file contents → desired state and problems, and warnings about what is probably not as intended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from beamctl.document import rules, schema
from beamctl.document.desired import Desired, Mode, desired_of
from beamctl.document.document import Document, Path
from beamctl.document.problem import (
    MOST_PROBLEMS,
    MOST_WITH_LINES,
    Place,
    Problem,
    ProblemCode,
    bounded,
    in_order,
    quoted,
    too_many_problems,
)
from beamctl.document.rules import people_in_guards
from beamctl.document.syntax import decode
from beamctl.document.yaml_loader import Draft, parse
from beamctl.model.email import everyone_at, folded, is_pattern, matches

_PLACEHOLDER = re.compile(
    r"\$?\{\{.*?\}\}|[$#]\{[^{}]*\}|\$\([A-Za-z_][\w.]*\)|@@\w+@@|%%\w+%%|<%.*?%>|\A\$[A-Za-z_]\w*\Z"
)
_PLACEHOLDER_CHARACTERS = "{$%<"
"""Every placeholder in a valid address contains one of these."""
_SPELLING = "check the spelling"
_SECTIONS = ("settings", "serviceAccounts", "policies", "integrations", "environments", "guards", "manage")


def lint(document: Document) -> Iterator[Problem]:
    """All warnings about a valid document."""
    yield from _placeholders(document)
    yield from _unlisted(document)


def _placeholders(document: Document) -> Iterator[Problem]:
    for section in _SECTIONS:
        for path, text in _texts(document.data.get(section), (section,)):
            if found := _PLACEHOLDER.search(text):
                yield _placeholder(document.place(*path), found.group())
    for path, emails in (
        (("members",), document.data.get("members", {})),
        (("manage", "skip"), document.data.get("manage", {}).get("skip", {})),
    ):
        joined = "\n".join(emails)
        for email in (
            emails if any(char in joined for char in _PLACEHOLDER_CHARACTERS) else ()
        ):  # most documents have none
            if found := _PLACEHOLDER.search(email):
                yield _placeholder(document.key_place(*path, email), found.group())


def _placeholder(place: Place, text: str) -> Problem:
    message = f"{quoted(text)} looks like a placeholder that was not filled in"
    return Problem(place, ProblemCode.PLACEHOLDER, message, "beamctl does not expand variables: write the value")


def _texts(data: Any, path: Path) -> Iterator[tuple[Path, str]]:  # noqa: ANN401 - plain data of any shape
    match data:
        case str():
            yield path, data
        case dict():
            for key, value in data.items():
                if key != "command" or not isinstance(value, list):  # a shell may expand variables in a command
                    yield from _texts(value, (*path, key))
        case list():
            for index, value in enumerate(data):
                yield from _texts(value, (*path, index))
        case _:
            return


def _unlisted(document: Document) -> Iterator[Problem]:
    """Names that appear only in the guards and may be misspelled."""
    if _is_authoritative(document, "members"):
        yield from _unlisted_people(document)
    account = document.data.get("guards", {}).get("self", {}).get("serviceAccount")
    if account and _is_authoritative(document, "serviceAccounts") and account not in document.data["serviceAccounts"]:
        place = document.place("guards", "self", "serviceAccount")
        yield Problem(place, ProblemCode.UNLISTED_NAME, f"{quoted(account)} is not under serviceAccounts", _SPELLING)


def _unlisted_people(document: Document) -> Iterator[Problem]:
    guarded = list(people_in_guards(document.data))
    if not guarded:
        return
    skipped = {folded(email) for email in document.data.get("manage", {}).get("skip", {})}
    listed = {folded(email) for email in document.data["members"]} | skipped
    listed |= {everyone_at(email) for email in listed}
    for path, email in guarded:
        if folded(email) not in listed and not matches(skipped, folded(email)):
            who = f"no one at {email.partition('@')[2]} is" if is_pattern(email) else f"{quoted(email)} is not"
            yield Problem(document.place(*path), ProblemCode.UNLISTED_NAME, f"{who} under members", _SPELLING)


def _is_authoritative(document: Document, section: str) -> bool:
    return section in document.data and document.data.get("manage", {}).get(section) != Mode.ADDITIVE


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
