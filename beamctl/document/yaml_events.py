"""YAML events from PyYAML's C parser, or from its Python parser if libyaml is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beamctl.document.problem import Problem
from beamctl.document.yaml_errors import syntax_problem

Event = Any
"""One of PyYAML's many event classes."""

NextEvent = Callable[[], Event]


class UnreadableError(ValueError):
    """The text, or the rest of it, cannot be parsed.

    Attributes:
        problem: Where and why.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def each_document(text: str, name: str, build: Callable[[NextEvent, Event], None]) -> None:
    """Call `build` for each document, with a function that returns the next event, and the event of its root.

    Raises:
        UnreadableError: The text is not valid YAML. `build` was called for the documents before the error.
    """
    import yaml

    try:
        next_event = _events(text)
        next_event()
        while not isinstance(next_event(), yaml.StreamEndEvent):
            build(next_event, next_event())
            next_event()
    except yaml.YAMLError as error:
        raise UnreadableError(syntax_problem(error, text, name)) from error


def _events(text: str) -> NextEvent:
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
