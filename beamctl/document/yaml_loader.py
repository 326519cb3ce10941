"""Parses any YAML file, within limits, into documents: plain data with positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from beamctl.document.document import Document
from beamctl.document.problem import Place, Problem, bounded
from beamctl.document.text_encoding import decode
from beamctl.document.yaml_builder import Builder, Plain, Tally
from beamctl.document.yaml_events import Event, NextEvent, UnreadableError, each_document
from beamctl.document.yaml_scalars import resolve

MOST_DOCUMENTS = 1_000
"""Non-empty documents in one file."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One parsed document.

    Attributes:
        document: The data and its positions.
        problems: Problems inside it; the values concerned are left out of the data, or kept as text.
    """

    document: Document
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """One parsed file.

    Attributes:
        drafts: Its non-empty documents; if the file has a syntax error, those before it.
        problems: Why the file, or the rest of it, could not be parsed.
    """

    drafts: tuple[Draft, ...]
    problems: tuple[Problem, ...] = ()


def parse(content: bytes | str, name: str, plain: Plain = resolve) -> Parsed:
    """The documents of one file. An empty file has no documents and no problems."""
    text = decode(content, name)
    if isinstance(text, Problem):
        return Parsed((), (text,))
    tally = Tally(name)
    drafts: list[Draft] = []

    def read(next_event: NextEvent, root: Event) -> None:
        if len(drafts) == MOST_DOCUMENTS:
            place = Place(name, root.start_mark.line + 1)
            raise UnreadableError(Problem(place, f"more than {MOST_DOCUMENTS:,} documents in one file", "split it"))
        builder = Builder(tally, next_event, plain)
        data = builder.value(root, ())
        if data is not None or root.value or builder.problems:
            document = Document(name, data, builder.values, builder.keys)
            drafts.append(Draft(document, tuple(builder.problems)))

    try:
        each_document(text, name, read)
    except UnreadableError as error:
        return Parsed(tuple(drafts), (error.problem,))
    return Parsed(tuple(drafts))


def parse_plain(content: bytes | str, name: str, plain: Plain = resolve) -> tuple[list[Any], list[Problem]]:
    """The data of each non-empty document of any YAML text, and all problems."""
    parsed = parse(content, name, plain)
    inner = [problem for draft in parsed.drafts for problem in draft.problems]
    return [draft.document.data for draft in parsed.drafts], sorted(bounded([*parsed.problems, *inner]))
