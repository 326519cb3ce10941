"""Parses any YAML file, within limits, into documents: plain data with positions. Uses the events of PyYAML's C parser,
or of its Python parser if libyaml is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from beamctl.document.document import Document
from beamctl.document.problem import Place, Problem, ProblemCode, bounded, in_order
from beamctl.document.syntax import UnreadableError, decode, syntax_problem
from beamctl.document.yaml_builder import MOST_VALUES, Builder, Event, NextEvent, Tally

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


def parse(content: bytes | str, name: str, *, most_values: int = MOST_VALUES) -> Parsed:
    """The documents of one file. An empty file has no documents and no problems."""
    text = decode(content, name)
    if isinstance(text, Problem):
        return Parsed((), (text,))
    tally = Tally(name, most_values)
    drafts: list[Draft] = []

    def read(next_event: NextEvent, root: Event) -> None:
        if len(drafts) == MOST_DOCUMENTS:
            place, message = (
                Place(name, root.start_mark.line + 1),
                f"more than {MOST_DOCUMENTS:,} documents in one file",
            )
            raise UnreadableError(Problem(place, ProblemCode.LIMIT_EXCEEDED, message, "split it"))
        builder = Builder(tally, next_event)
        data = builder.root(root)
        if data is not None or root.value or builder.problems:
            document = Document(name, data, builder.values, builder.keys)
            drafts.append(Draft(document, tuple(builder.problems)))

    try:
        _each_document(text, name, read)
    except UnreadableError as error:
        return Parsed(tuple(drafts), (error.problem,))
    return Parsed(tuple(drafts))


def parse_plain(content: bytes | str, name: str) -> tuple[list[Any], list[Problem]]:
    """The data of each non-empty document of any YAML text, and all problems."""
    parsed = parse(content, name)
    inner = [problem for draft in parsed.drafts for problem in draft.problems]
    return [draft.document.data for draft in parsed.drafts], in_order(bounded([*parsed.problems, *inner]))


def _each_document(text: str, name: str, build: Callable[[NextEvent, Event], None]) -> None:
    """Call `build` for each document, with a function that returns the next event, and the event of its root.

    Raises:
        UnreadableError: The text is not valid YAML. `build` was called for the documents before the error.
    """
    import yaml

    try:
        next_event = events(text)
        next_event()
        while not isinstance(next_event(), yaml.StreamEndEvent):
            build(next_event, next_event())
            next_event()
    except yaml.YAMLError as error:
        raise UnreadableError(syntax_problem(error, text, name)) from error


def events(text: str) -> NextEvent:
    """A function that returns the next event of a text, and raises `yaml.YAMLError` if the text is not valid."""
    import yaml

    parser = getattr(yaml, "CSafeLoader", None)
    if parser is None:
        return _python_events(text)
    next_event: NextEvent = parser(text).get_event
    return next_event


def _python_events(text: str) -> NextEvent:
    """The events of the Python parser, with a check for invalid escapes, which it lets through."""
    import yaml

    parser: Any = yaml.SafeLoader(text)  # the stubs have no types for its events

    def next_event() -> Event:
        try:
            event: Event = parser.get_event()
            str(getattr(event, "value", "")).encode()
        except (ValueError, OverflowError) as error:
            mark = parser.get_mark()
            raise yaml.scanner.ScannerError(problem="invalid Unicode character escape", problem_mark=mark) from error
        return event

    return next_event
