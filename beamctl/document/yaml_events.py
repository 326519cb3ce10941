"""Text → the events of PyYAML's C parser, or of its Python parser where libyaml is missing. It must not know what is
built from the events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beamctl.document.problem import Problem
from beamctl.document.yaml_errors import syntax_problem

Event = Any
"""One of PyYAML's many event classes."""

NextEvent = Callable[[], Event]


class UnreadableError(ValueError):
    """The text, or the rest of it, cannot be read.

    Attributes:
        problem: Where and why.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def each_document(text: str, name: str, build: Callable[[NextEvent, Event], None]) -> None:
    """For each document, call `build` with the source of its events and the event of its root.

    Raises:
        UnreadableError: The text is no YAML; `build` has seen the documents before that place.
    """
    import yaml

    try:
        following = _events(text)
        following()
        while not isinstance(following(), yaml.StreamEndEvent):
            build(following, following())
            following()
    except yaml.YAMLError as error:
        raise UnreadableError(syntax_problem(error, text, name)) from error


def _events(text: str) -> NextEvent:
    import yaml

    parser = getattr(yaml, "CSafeLoader", None)
    if parser is None:
        return _python_events(text)
    following: NextEvent = parser(text).get_event
    return following


def _python_events(text: str) -> NextEvent:
    """The events of the Python parser, which lets escapes through that are no characters."""
    import yaml

    parser: Any = yaml.SafeLoader(text)  # the stubs have no types for its events

    def following() -> Event:
        try:
            event: Event = parser.get_event()
            str(getattr(event, "value", "")).encode()
        except (ValueError, OverflowError) as error:
            mark = parser.get_mark()
            raise yaml.scanner.ScannerError(problem="invalid Unicode character escape", problem_mark=mark) from error
        return event

    return following
