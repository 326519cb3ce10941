"""Reads a file of known drift, with the loader of documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from beamctl.document import schema
from beamctl.document.document import Document
from beamctl.document.load import SourceText
from beamctl.document.problem import Place, Problem, ProblemCode, closest, either, quoted
from beamctl.document.rules import day_problem, is_no_day
from beamctl.document.syntax import LARGEST
from beamctl.document.yaml_loader import parse
from beamctl.errors import DocumentError
from beamctl.kinds.registry import all_kinds
from beamctl.plan.address import Address, address_of, kind_named
from beamctl.plan.known_drift import Known
from beamctl.system.files import read_beginning

_KNOWN = "known"
_WILDCARDS = frozenset("*?[]")


def read_known(name: str) -> tuple[Known, ...]:
    """The entries of a file of known drift.

    Raises:
        UsageError: The file cannot be read.
        DocumentError: It has problems.
    """
    from beamctl.document.load import with_lines

    content = read_beginning(Path(name), LARGEST + 1)
    parsed = parse(content, name)
    problems = [*parsed.problems, *(problem for draft in parsed.drafts for problem in draft.problems)]
    documents = [draft.document for draft in parsed.drafts]
    if not documents and not problems:
        hint = "write at least 'version: 1' and 'known: {}'"
        problems.append(Problem(Place(name), ProblemCode.EMPTY_FILE, "is empty", hint))
    if len(documents) > 1:
        place = documents[1].place()
        problems.append(Problem(place, ProblemCode.INVALID_VALUE, "a second document", "write all entries under one"))
    for document in documents[:1]:
        unparsed = {problem.place for problem in problems}
        found = [*schema.check(document, "known-drift"), *_invalid(document)]
        problems += [problem for problem in found if problem.place not in unparsed]
    if problems:
        raise DocumentError(with_lines(problems, [SourceText(name, content)]))
    return tuple(_known(documents[0]))


def _known(document: Document) -> Iterator[Known]:
    for address, entry in document.data[_KNOWN].items():
        named = address_of(address, all_kinds()) or Address("", "")  # a valid one, or there would be problems
        place, until = document.key_place(_KNOWN, address), date.fromisoformat(entry["until"])
        yield Known(named.kind, named.name, until, entry["reason"], place, entry.get("workspace", ""))


def _invalid(document: Document) -> Iterator[Problem]:
    """What the schema cannot detect. Values that violate it are ignored."""
    entries = document.data.get(_KNOWN) if isinstance(document.data, dict) else None
    for address, entry in entries.items() if isinstance(entries, dict) else ():
        yield from _address_problems(address, document.key_place(_KNOWN, address))
        until, reason = (entry.get(key) if isinstance(entry, dict) else None for key in ("until", "reason"))
        if is_no_day(until):
            yield day_problem(document.place(_KNOWN, address, "until"), until)
        if isinstance(reason, str) and reason and not reason.strip():
            place = document.place(_KNOWN, address, "reason")
            yield Problem(place, ProblemCode.INVALID_VALUE, "the reason is blank", "say why it is accepted")


def _address_problems(address: str, place: Place) -> Iterator[Problem]:
    kind, colon, name = address.partition(":")
    if _WILDCARDS & set(address):
        message = f"{quoted(address)} has a wildcard"
        yield Problem(place, ProblemCode.INVALID_KEY, message, "name each difference, so that no other is hidden")
    elif not colon or not name.strip():
        hint = "write KIND:NAME, for example member:eve@example.com"
        yield Problem(place, ProblemCode.INVALID_KEY, f"{quoted(address)} is not an address", hint)
    elif kind_named(kind, all_kinds()) is None:
        names = [each.name for each in all_kinds()]
        match = closest(kind, names)
        hint = f"did you mean {quoted(match)}?" if match else f"kinds are {either(names, 'and')}"
        yield Problem(place, ProblemCode.INVALID_KEY, f"unknown kind {quoted(kind)}", hint)
