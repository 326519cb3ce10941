"""Text as a sequence of spans: beamctl's own words, and values from outside. Every format escapes them in its own way.

A module of its own: the wording and all formats use it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from beamctl.model.fact import Fact
from beamctl.model.text import printable
from beamctl.report.wording import words

_BEGIN, _END = "\ue000", "\ue001"
"""Mark a value in a text. Printable text has no such characters."""
_PARTS = re.compile(rf"{_BEGIN}(.*?){_END}|(`)|([^`{_BEGIN}]+)")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text.

    Attributes:
        text: Safe to print: see `model.text.printable`.
        is_value: Whether it is a value, such as a name, and not beamctl's own words.
    """

    text: str
    is_value: bool = False


Spans = tuple[Span, ...]


def own(text: str) -> Spans:
    """Words of beamctl; nothing if the text is empty."""
    return (Span(text),) if text else ()


def shown(text: str) -> Spans:
    """A value that is already safe to print; nothing if it is empty."""
    return (Span(text, is_value=True),) if text else ()


def named(text: str) -> Spans:
    """A value, made safe to print."""
    return shown(printable(text))


def joined(parts: Iterable[Spans], separator: str) -> Spans:
    """The parts that are not empty, with a separator between them."""
    found: list[Span] = []
    for part in parts:
        found += [*(own(separator) if found and part else ()), *part]
    return tuple(found)


def plain(spans: Sequence[Span]) -> str:
    """The text without any distinction."""
    return "".join(span.text for span in spans)


def fact_spans(fact: Fact | None) -> Spans:
    """The text of a fact. What its wording has between backticks is a value too."""
    text = words(fact, lambda value: f"{_BEGIN}{printable(value)}{_END}" if value else "")
    found: list[Span] = []
    is_code = False
    for value, tick, ours in _PARTS.findall(text):
        if tick:
            is_code = not is_code
            found += [Span("", is_value=True)] if is_code else []
        elif is_code:
            found[-1] = Span(found[-1].text + value + ours, is_value=True)
        else:
            found.append(Span(value or ours, is_value=bool(value)))
    return tuple(found)
