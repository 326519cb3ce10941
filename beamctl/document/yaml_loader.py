"""The bytes of a file → its documents as plain data with positions. It must not know what a document is about: any
YAML may be read through here, within bounds."""

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
"""Documents in one file, without the empty ones."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One document as it was read.

    Attributes:
        document: The data and its positions.
        problems: What was wrong inside it; the data then lacks it, or has the text that stood there.
    """

    document: Document
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """One file as it was read.

    Attributes:
        drafts: Its documents without the empty ones; where the file is broken, those before that place.
        problems: Why the file, or the rest of it, could not be read.
    """

    drafts: tuple[Draft, ...]
    problems: tuple[Problem, ...] = ()


def parse(content: bytes | str, name: str, plain: Plain = resolve) -> Parsed:
    """The documents of one file. A file that says nothing has no documents, and no problem."""
    text = decode(content, name)
    if isinstance(text, Problem):
        return Parsed((), (text,))
    tally = Tally(name)
    drafts: list[Draft] = []

    def read(following: NextEvent, root: Event) -> None:
        if len(drafts) == MOST_DOCUMENTS:
            place = Place(name, root.start_mark.line + 1)
            raise UnreadableError(Problem(place, f"more than {MOST_DOCUMENTS:,} documents in one file", "split it"))
        builder = Builder(tally, following, plain)
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
    """The data of each document of any YAML text, empty documents left out, and all that is wrong with the text."""
    parsed = parse(content, name, plain)
    inside = [problem for draft in parsed.drafts for problem in draft.problems]
    return [draft.document.data for draft in parsed.drafts], sorted(bounded([*parsed.problems, *inside]))
